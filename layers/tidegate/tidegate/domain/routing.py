"""Which network a card goes to: brand by its leading digits, then the store's routes for that
brand."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.errors import BrandUnsupported, CardRangeUnsupported

VISA = "Visa"
MASTERCARD = "Mastercard"
_LENGTHS = {VISA: (13, 16), MASTERCARD: (16,)}


@dataclass(frozen=True, slots=True)
class Route:
    """A way to a network: the link's name and the acquirer id (DE 32) to use on it."""

    network: str
    acquirer_id: str


def brand_of_bin(head: str) -> str:
    """The brand of a card's leading six or more digits; raises CardRangeUnsupported."""
    if head.startswith("4"):
        return VISA
    if 510000 <= int(head[:6]) <= 559999 or 222100 <= int(head[:6]) <= 272099:
        return MASTERCARD
    raise CardRangeUnsupported(field="cardBIN")


def brand_of(pan: str) -> str:
    """The brand by issuer range (ISO/IEC 7812 ranges as the networks publish them); raises
    CardRangeUnsupported."""
    try:
        brand = brand_of_bin(pan)
    except CardRangeUnsupported:
        brand = ""
    if len(pan) not in _LENGTHS.get(brand, ()):
        raise CardRangeUnsupported(field="paymentMethod.card.cardInfo.cardNumber")
    return brand


def luhn_digit(digits: str) -> str:
    """The check digit that makes ``digits`` plus itself pass the Luhn test (ISO/IEC 7812-1)."""
    total = 0
    for index, char in enumerate(reversed(digits)):
        value = int(char) * (2 if index % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def routes_for(brand: str, routes: tuple[tuple[str, tuple[Route, ...]], ...]) -> tuple[Route, ...]:
    """The store's routes for a brand, first choice first; raises BrandUnsupported where it has
    none."""
    found = dict(routes).get(brand, ())
    if not found:
        raise BrandUnsupported(f"the store takes no {brand}", field="paymentMethod")
    return found

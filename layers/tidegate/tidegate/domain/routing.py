"""Which network a card goes to: brand by its leading digits, then the store's routes for that
brand."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.errors import BrandUnsupported, CardRangeUnsupported

VISA = "Visa"
MASTERCARD = "Mastercard"


@dataclass(frozen=True, slots=True)
class Route:
    """A way to a network: the link's name and the acquirer id (DE 32) to use on it."""

    network: str
    acquirer_id: str


def brand_of(pan: str) -> str:
    """The brand by issuer range (ISO/IEC 7812 ranges as the networks publish them); raises
    CardRangeUnsupported."""
    if pan.startswith("4") and len(pan) in {13, 16}:
        return VISA
    head = int(pan[:6])
    if (510000 <= head <= 559999 or 222100 <= head <= 272099) and len(pan) == 16:
        return MASTERCARD
    raise CardRangeUnsupported(field="paymentMethod.card.cardInfo.cardNumber")


def routes_for(brand: str, routes: tuple[tuple[str, tuple[Route, ...]], ...]) -> tuple[Route, ...]:
    """The store's routes for a brand, first choice first; raises BrandUnsupported where it has
    none."""
    found = dict(routes).get(brand, ())
    if not found:
        raise BrandUnsupported(f"the store takes no {brand}", field="paymentMethod")
    return found

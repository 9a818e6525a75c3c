"""``paymentMethod`` of a card payment; the other types are known by name and refused by name."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool, StrictStr

from tidegate.api.evocloud.schemas.fields import WireModel, fault
from tidegate.domain.clearing import luhn_digit
from tidegate.domain.errors import (
    CardNumberWrong,
    InvalidValue,
    MissingField,
    OperationUnsupported,
)
from tidegate.domain.message import Card

TYPES = (
    "card",
    "e-wallet",
    "token",
    "onlineBanking",
    "bankTransfer",
    "buyNowPayLater",
    "carrierBilling",
    "points",
    "prepaidCard",
    "cash",
    "networkToken",
)
_AT = "paymentMethod.card.cardInfo"


def _digits(least: int, most: int) -> AfterValidator:
    def check(text: str) -> str:
        if not (text.isascii() and text.isdigit()):
            raise fault("V0000", "must hold digits only")
        if not least <= len(text) <= most:
            raise fault("V0002", f"must have {least} to {most} digits")
        return text

    return AfterValidator(check)


class CardInfo(WireModel):
    """A card in clear, on its way to the vault."""

    cardNumber: Annotated[StrictStr, _digits(12, 19)] | None = Field(None, repr=False)
    expiryDate: Annotated[StrictStr, _digits(4, 4)] | None = Field(None, repr=False)
    cvc: Annotated[StrictStr, _digits(3, 4)] | None = Field(None, repr=False)


class CardMethod(WireModel):
    """``paymentMethod.card``."""

    cardInfo: CardInfo | None = None
    encryptedCardInfo: StrictStr | None = Field(None, repr=False)
    tokenize: StrictBool | None = None


class PaymentMethod(WireModel):
    """``paymentMethod``; without a type it is inferred from the one object present."""

    type: StrictStr | None = None
    card: CardMethod | None = None

    def require_card(self, present: dict[str, Any], today: date) -> Card:
        """The card to charge.

        Raises MissingField, InvalidValue, OperationUnsupported, CardNumberWrong; never shows a
        value.
        """
        kind = self.type or _inferred(present)
        if kind not in TYPES:
            raise InvalidValue(f"one of {', '.join(TYPES)}", field="paymentMethod.type")
        if kind != "card":
            raise OperationUnsupported(f"{kind} is not taken here", field="paymentMethod.type")
        if self.card and self.card.tokenize:
            raise OperationUnsupported(field="paymentMethod.card.tokenize")
        info = self.card.cardInfo if self.card else None
        if info is None and self.card and self.card.encryptedCardInfo is not None:
            raise OperationUnsupported(field="paymentMethod.card.encryptedCardInfo")
        if info is None or info.cardNumber is None:
            raise MissingField(field=f"{_AT}.cardNumber")
        if info.expiryDate is None:
            raise MissingField(field=f"{_AT}.expiryDate")
        if luhn_digit(info.cardNumber[:-1]) != info.cardNumber[-1]:
            raise CardNumberWrong(field=f"{_AT}.cardNumber")
        return Card(info.cardNumber, normalised_expiry(info.expiryDate, today), info.cvc)


def normalised_expiry(text: str, today: date) -> str:
    """YYMM from MMYY, or from the older YYMM where MMYY is no month or is past; raises
    InvalidValue."""
    month, year = int(text[:2]), int(text[2:])
    if 1 <= month <= 12 and (year, month) >= (today.year % 100, today.month):
        return f"{text[2:]}{text[:2]}"
    if 1 <= int(text[2:]) <= 12 and (int(text[:2]), int(text[2:])) >= (
        today.year % 100,
        today.month,
    ):
        return text
    if 1 <= month <= 12:
        # Past as MMYY, nothing as YYMM: an expired card is the issuer's to refuse.
        return f"{text[2:]}{text[:2]}"
    raise InvalidValue("a month and a year, MMYY", field=f"{_AT}.expiryDate")


def _inferred(present: dict[str, Any]) -> str:
    found = [name for name in TYPES if isinstance(present.get(name), dict)]
    if len(found) != 1:
        raise MissingField(field="paymentMethod.type")
    return found[0]

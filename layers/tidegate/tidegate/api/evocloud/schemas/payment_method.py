"""``paymentMethod`` in requests (contract, section 2.3): cards, tokens and wallets; the other types
are known by name and refused by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StrictBool, StrictStr

from tidegate.api.evocloud.schemas.fields import (
    S32,
    S64,
    Rule,
    WireModel,
    at_most,
    digits,
    fault,
    is_proof,
    one_of,
)
from tidegate.api.evocloud.schemas.validation import validated
from tidegate.domain.errors import (
    CardNumberWrong,
    InapplicableField,
    InvalidValue,
    MissingConditionalField,
    MissingField,
    OperationUnsupported,
)
from tidegate.domain.message import Card
from tidegate.domain.routing import luhn_digit
from tidegate.services.commands import Means, PayByNetworkToken, PayByToken, PayByWallet

if TYPE_CHECKING:  # what only some payments have
    from tidegate.domain.wallet import Scenario

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
WALLET_IDENTIFIERS = ("MDESForMerchants", "ApplePay")
_AT = "paymentMethod.card.cardInfo"
_TOKEN = "paymentMethod.token"  # noqa: S105  the name of a field
Decrypt = Callable[[str], dict[str, Any]]
"""Opens ``encryptedCardInfo``; raises DecryptionFailed."""


def _recurring(text: str) -> str:
    if text != "Subscription" and not text.startswith("Unscheduled"):
        raise fault("V0002", "must be Subscription or begin with Unscheduled")
    return text


Pan = Annotated[StrictStr, digits(12, 19)]
Expiry = Annotated[StrictStr, digits(4, 4)]
Cvc = Annotated[StrictStr, digits(3, 4)]
RecurringModel = Annotated[StrictStr, Rule(_recurring, {"pattern": "^(Subscription$|Unscheduled)"})]


class CardInfo(WireModel):
    """A card in clear, on its way to the vault."""

    cardNumber: Pan | None = Field(None, repr=False)
    expiryDate: Expiry | None = Field(None, repr=False)
    cvc: Cvc | None = Field(None, repr=False)
    holderName: Annotated[StrictStr, at_most(50)] | None = Field(None, repr=False)


class CardMethod(WireModel):
    """``paymentMethod.card``."""

    cardInfo: CardInfo | None = None
    encryptedCardInfo: StrictStr | None = Field(None, repr=False)
    payoutCardInfo: CardInfo | None = None
    tokenize: StrictBool | None = None
    vaultID: Annotated[StrictStr, at_most(36)] | None = None
    userReference: S64 | None = None


class TokenMethod(WireModel):
    """``paymentMethod.token``: a gateway token, or a network token with its cryptogram."""

    value: S64 | None = Field(None, repr=False)
    type: Annotated[StrictStr, one_of("gatewayToken", "networkToken")] | None = None
    expiryDate: Expiry | None = Field(None, repr=False)
    tokenCryptogram: S64 | None = Field(None, repr=False)
    eci: Annotated[StrictStr, digits(2, 2)] | None = None
    paymentBrand: S32 | None = None
    walletIdentifiers: Annotated[StrictStr, one_of(*WALLET_IDENTIFIERS)] | None = None
    cvc: Cvc | None = Field(None, repr=False)
    status: Annotated[StrictStr, one_of("enabled", "disabled")] | None = None


class WalletMethod(WireModel):
    """``paymentMethod.e-wallet``."""

    paymentBrand: S32 | None = None
    paymentCode: Annotated[StrictStr, digits(16, 28)] | None = Field(None, repr=False)
    subOpenID: S64 | None = Field(None, repr=False)
    subAppID: S64 | None = None


class NetworkTokenMethod(WireModel):
    """``paymentMethod.networkToken``."""

    tokenID: S64 | None = None


class PaymentMethod(WireModel):
    """``paymentMethod``; without a type it is inferred from the one object present."""

    type: StrictStr | None = None
    card: CardMethod | None = None
    token: TokenMethod | None = None
    wallet: WalletMethod | None = Field(None, alias="e-wallet")
    networkToken: NetworkTokenMethod | None = None
    recurringProcessingModel: RecurringModel | None = None
    recurringReference: S64 | None = Field(None, repr=False)

    def kind(self) -> str:
        """The type, given or inferred; raises MissingField, InvalidValue."""
        kind = self.type or self._inferred()
        if kind not in TYPES:
            raise InvalidValue(f"one of {', '.join(TYPES)}", field="paymentMethod.type")
        return kind

    def means(self, today: date, scenario: Scenario, decrypt: Decrypt) -> Means:
        """What to pay with.

        Raises MissingField, MissingConditionalField, InvalidValue, InapplicableField,
        OperationUnsupported, CardNumberWrong, DecryptionFailed; never shows a value.
        """
        kind = self.kind()
        if kind == "card":
            if self.recurringReference and not self._has_card():
                return PayByToken(self.recurringReference)
            return self.require_card(today, decrypt)
        if kind == "token":
            return self._token(today)
        if kind == "e-wallet":
            return self._wallet(scenario)
        raise OperationUnsupported(f"{kind} is not taken here", field="paymentMethod.type")

    def card_info(self, decrypt: Decrypt) -> CardInfo | None:
        """The card's data, in clear if both are given."""
        if self.card is None:
            return None
        if self.card.cardInfo is None and self.card.encryptedCardInfo is not None:
            return validated(CardInfo, decrypt(self.card.encryptedCardInfo))
        return self.card.cardInfo

    def require_card(self, today: date, decrypt: Decrypt) -> Card:
        """The card to charge, check or keep. Raises as ``means``."""
        info = self.card_info(decrypt)
        if info is None or info.cardNumber is None:
            raise MissingField(field=f"{_AT}.cardNumber")
        if info.expiryDate is None:
            raise MissingField(field=f"{_AT}.expiryDate")
        _require_luhn(info.cardNumber, f"{_AT}.cardNumber")
        return Card(info.cardNumber, normalised_expiry(info.expiryDate, today), info.cvc)

    def payout_card(self, today: date, decrypt: Decrypt) -> Card:
        """The card to push money to; an expiry date is optional. Raises as ``means``."""
        given = self.card.payoutCardInfo if self.card else None
        info = given or self.card_info(decrypt)
        if info is None or info.cardNumber is None:
            raise MissingField(field="paymentMethod.card.payoutCardInfo.cardNumber")
        _require_luhn(info.cardNumber, "paymentMethod.card.payoutCardInfo.cardNumber")
        expiry = normalised_expiry(info.expiryDate, today) if info.expiryDate else ""
        return Card(info.cardNumber, expiry)

    def _token(self, today: date) -> Means:
        given = self.token or TokenMethod()
        if given.value is None:
            if self.recurringReference:
                return PayByToken(self.recurringReference)
            raise MissingField(field=f"{_TOKEN}.value")
        if given.type != "networkToken":
            for name in ("tokenCryptogram", "eci"):
                if getattr(given, name) is not None:
                    raise InapplicableField("only of network tokens", field=f"{_TOKEN}.{name}")
            return PayByToken(given.value, given.cvc)
        for name in ("expiryDate", "tokenCryptogram", "eci", "paymentBrand"):
            if getattr(given, name) is None:
                raise MissingConditionalField(field=f"{_TOKEN}.{name}")
        if not (given.value.isascii() and given.value.isdigit() and 12 <= len(given.value) <= 19):
            raise InvalidValue("a network token has 12 to 19 digits", field=f"{_TOKEN}.value")
        if not is_proof(given.tokenCryptogram or ""):
            raise InvalidValue("must be 20 bytes in base64", field=f"{_TOKEN}.tokenCryptogram")
        expiry = normalised_expiry(given.expiryDate or "", today, f"{_TOKEN}.expiryDate")
        return PayByNetworkToken(
            Card(given.value, expiry),
            given.paymentBrand or "",
            given.tokenCryptogram or "",
            given.eci or "",
        )

    def _wallet(self, scenario: Scenario) -> PayByWallet:
        given = self.wallet or WalletMethod()
        if scenario == "CPM":
            if given.paymentCode is None:
                raise MissingConditionalField(field="paymentMethod.e-wallet.paymentCode")
            return PayByWallet("CPM", given.paymentBrand, given.paymentCode)
        if given.paymentCode is not None:
            raise InapplicableField(
                "only where the payer shows a code in store",
                field="paymentMethod.e-wallet.paymentCode",
            )
        if given.paymentBrand is None:
            raise MissingConditionalField(field="paymentMethod.e-wallet.paymentBrand")
        return PayByWallet(scenario, given.paymentBrand)

    def _has_card(self) -> bool:
        return bool(self.card and (self.card.cardInfo or self.card.encryptedCardInfo))

    def _inferred(self) -> str:
        given = {
            "card": self.card,
            "token": self.token,
            "e-wallet": self.wallet,
            "networkToken": self.networkToken,
        }
        found = [name for name, value in given.items() if value is not None]
        if not found and self.recurringReference:
            return "token"
        if len(found) != 1:
            raise MissingField(field="paymentMethod.type")
        return found[0]


def normalised_expiry(text: str, today: date, field: str = f"{_AT}.expiryDate") -> str:
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
    raise InvalidValue("a month and a year, MMYY", field=field)


def _require_luhn(number: str, field: str) -> None:
    if luhn_digit(number[:-1]) != number[-1]:
        raise CardNumberWrong(field=field)

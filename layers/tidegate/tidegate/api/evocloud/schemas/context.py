"""What a request tells around the money: who began it where, what is sold, who pays and who is
paid (contract, section 2.2).

Most of it is checked for its form and no more: no network of ours takes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, StrictStr

from tidegate.api.evocloud.schemas.fields import (
    AS_TEXT,
    S64,
    S128,
    S254,
    Platform,
    Rule,
    WireModel,
    at_most,
    digits,
    fault,
    one_of,
    whole,
)
from tidegate.domain.errors import MissingConditionalField

if TYPE_CHECKING:  # what only some payments have
    from tidegate.domain.wallet import Scenario

TRADE_TYPES = (
    "Hotel",
    "Airline",
    "Sale of goods",
    "Others",
    "Funding_Transfer",
    "Wallet_Transfer",
    "Funds_Disbursement",
)
DEVICE_TYPES = ("Web", "Android", "iOS")


def _alpha_3(text: str) -> str:
    if len(text) != 3 or not all("A" <= char <= "Z" for char in text):
        raise fault("V0000", "must be three capital letters, ISO 3166-1 alpha-3")
    return text


S16 = Annotated[StrictStr, at_most(16)]
S20 = Annotated[StrictStr, at_most(20)]
S30 = Annotated[StrictStr, at_most(30)]
S50 = Annotated[StrictStr, at_most(50)]
Country = Annotated[StrictStr, Rule(_alpha_3, {"pattern": "^[A-Z]{3}$"})]
Quantity = Annotated[StrictStr, AS_TEXT, whole(1, 99)]


class TransInitiator(WireModel):
    """Where the payer is."""

    spellings: ClassVar = {"userCreateIp": "userCreateIP"}

    platform: Platform
    paymentScenario: Annotated[StrictStr, one_of("EC", "inStore")] | None = None
    inStorePaymentScenario: Annotated[StrictStr, one_of("CPM", "MPM")] | None = None
    userCreateIP: S64 | None = None
    deviceType: Annotated[StrictStr, one_of(*DEVICE_TYPES)] | None = None
    spec: S30 | None = None
    appVersion: S20 | None = None
    osVersion: S20 | None = None
    browserInfo: dict[str, Any] | None = None

    def scenario(self) -> Scenario:
        """How a wallet's payer gets to pay; raises MissingConditionalField."""
        if self.paymentScenario != "inStore":
            return "redirect"
        if self.inStorePaymentScenario is None:
            raise MissingConditionalField(field="transInitiator.inStorePaymentScenario")
        return "CPM" if self.inStorePaymentScenario == "CPM" else "MPM"


class StoreInfo(WireModel):
    """Which of its trades the store sells in."""

    spellings: ClassVar = {"mcc": "MCC"}

    MCC: Annotated[StrictStr, digits(4, 4)] | None = None


class TradeInfo(WireModel):
    """What is sold, or what the money is for. Fields that a trade type makes necessary are not
    asked for: the command-line client sends the type alone."""

    tradeType: Annotated[StrictStr, one_of(*TRADE_TYPES)] | None = None
    goodsName: S128 | None = None
    goodsDescription: Annotated[StrictStr, at_most(256)] | None = None
    totalQuantity: Quantity | None = None
    hotelName: S128 | None = None
    checkInTime: S64 | None = None
    checkOutTime: S64 | None = None
    flightNumber: S30 | None = None
    departureTime: S64 | None = None
    purposeOfPayment: S64 | None = None


class Name(WireModel):
    """A customer's name."""

    givenName: S128 | None = Field(None, repr=False)
    familyName: S128 | None = Field(None, repr=False)


class Phone(WireModel):
    """A customer's mobile phone."""

    countryCode: S16 | None = None
    subscriberSections: S64 | None = Field(None, repr=False)


class Address(WireModel):
    """A billing or delivery address."""

    city: S50 | None = None
    country: Country | None = None
    postalCode: S16 | None = None
    stateOrProvince: S128 | None = None
    addressLine1: S50 | None = None
    addressLine2: S50 | None = None
    addressLine3: S50 | None = None


def _whole_name(value: Any) -> Any:
    """One client sends a name as one text."""
    return {"givenName": value} if isinstance(value, str) else value


class UserInfo(WireModel):
    """The merchant's customer."""

    reference: S64 | None = None
    email: S254 | None = None
    locale: S16 | None = None
    name: Annotated[Name, BeforeValidator(_whole_name)] | None = None
    mobilePhone: Phone | None = None
    billingAddress: Address | None = None
    deliveryAddress: Address | None = None
    shippingAddressCity: S128 | None = None
    shippingAddressLine1: S128 | None = None
    shippingAddressLine2: S128 | None = None
    shippingAddressState: S128 | None = None
    shippingAddressPostalCode: S128 | None = None
    shippingAddressCountry: S128 | None = None


class PartyName(WireModel):
    """The name of a sender or recipient."""

    firstName: S128 | None = Field(None, repr=False)
    lastName: S128 | None = Field(None, repr=False)


class PartyAddress(WireModel):
    """The address of a sender or recipient."""

    country: S64 | None = None
    city: S128 | None = None
    street: S128 | None = None
    stateOrProvince: S128 | None = None


class Party(WireModel):
    """Who sends money, or gets it."""

    name: PartyName | None = None
    accountNumber: S64 | None = Field(None, repr=False)
    address: PartyAddress | None = None


class Context(WireModel):
    """What payments, tokenizations and payouts have in common beside the money."""

    spellings: ClassVar = {"userinfo": "userInfo", "returnUrl": "returnURL"}

    storeInfo: StoreInfo | None = None
    tradeInfo: TradeInfo | None = None
    userInfo: UserInfo | None = None
    subMerchantInfo: dict[str, Any] | None = None
    senderInfo: Party | None = None
    recipientInfo: Party | None = None

    def mcc(self) -> str | None:
        """The store's trade, if the request names one."""
        return self.storeInfo.MCC if self.storeInfo else None

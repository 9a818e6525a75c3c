"""What a merchant asks for, in the platform's terms; the wire's parsing ends here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidegate.domain.message import Card
from tidegate.domain.money import Money
from tidegate.domain.transitions import Operation

if TYPE_CHECKING:  # what only some payments have
    from tidegate.domain.authentication import Authentication, BrowserInfo, Mode
    from tidegate.domain.order import Detail
    from tidegate.domain.wallet import Scenario


@dataclass(frozen=True, slots=True)
class PayByToken:
    """A card on file: by its gateway token, or by the reference of a recurring agreement."""

    value: str = field(repr=False)
    cvc: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PayByNetworkToken:
    """A network token that the merchant holds, with a cryptogram for this one payment."""

    token: Card = field(repr=False)
    brand: str
    cryptogram: str = field(repr=False)
    eci: str


@dataclass(frozen=True, slots=True)
class PayByWallet:
    """``brand`` None: only the payment code tells."""

    scenario: Scenario
    brand: str | None = None
    payment_code: str | None = field(default=None, repr=False)


Means = Card | PayByToken | PayByNetworkToken | PayByWallet


@dataclass(frozen=True, slots=True)
class KeepCard:
    """Keep the card that is paid with, or checked, under tokens."""

    user_reference: str
    vault_id: str | None = None
    """None: the store's own."""
    holder_name: str | None = field(default=None, repr=False)
    email: str | None = None
    locale: str | None = None
    gateway_token: bool = True
    """False: a network token or nothing (networkTokenOnly, recurring agreements)."""
    network_token: bool = True


@dataclass(frozen=True, slots=True)
class Authenticate:
    """What the merchant wants and can do about cardholder authentication."""

    wanted: bool | None = None
    """``allowAuthentication``; None leaves it to the store."""
    only: bool = False
    """``authenticationOnly``."""
    mode: Mode = "threeDSPage"
    browser: BrowserInfo | None = None
    external: Authentication | None = None
    """Authenticated elsewhere, with the proof."""


@dataclass(frozen=True, slots=True)
class CreatePayment:
    """A payment, or with ``intent`` a card to keep or a payout. ``capture_after_hours`` None
    means: as the store has it."""

    trans_id: str
    trans_time: str
    amount: Money
    means: Means = field(repr=False)
    intent: Operation | None = None
    """TOKENIZE or PAYOUT; None for a payment."""
    capture_after_hours: int | None = None
    order_reference: str | None = None
    platform: str | None = None
    metadata: str | None = None
    webhook: str | None = None
    return_url: str | None = None
    valid_minutes: int | None = None
    authenticate: Authenticate = Authenticate()
    keep: KeepCard | None = None
    user_reference: str | None = None
    recurring: str | None = None
    """``recurringProcessingModel``."""
    quote_id: str | None = None
    local: Money | None = None
    order: str | None = None
    """merchantOrderID of the LinkPay order that is paid."""
    mcc: str | None = None
    """The trade that the request names; it has to be the store's."""
    payer: str | None = field(default=None, repr=False)
    """What a page was told of whoever pays: a ``userInfo`` as JSON."""


@dataclass(frozen=True, slots=True)
class ChangePayment:
    """A capture, cancel, refund or cancelOrRefund of the payment ``payment_trans_id``."""

    trans_id: str
    trans_time: str
    payment_trans_id: str
    amount: Money | None = None
    """None for a cancel, and where cancelOrRefund takes all that remains."""
    initiating_reason: str | None = None
    metadata: str | None = None
    webhook: str | None = None
    chosen_by_platform: bool = False
    """cancelOrRefund: the answer says which of the two was done."""
    description: str | None = None
    labels: str | None = None
    """What one dialect sends as metadata: an object, as JSON."""


@dataclass(frozen=True, slots=True)
class AdditionalInfo:
    """What a merchant's own page reports of the payer's browser."""

    browser: BrowserInfo | None
    method_completed: str | None
    """Y, N or U: whether the issuer's 3DS method ran."""
    finished: bool
    """The payer is back from the challenge."""
    metadata: str | None = None


@dataclass(frozen=True, slots=True)
class MakeCryptogram:
    """A network token's cryptogram."""

    trans_id: str
    trans_time: str
    token_id: str
    webhook: str | None = None
    metadata: str | None = None


@dataclass(frozen=True, slots=True)
class CreateOrder:
    """A LinkPay order."""

    order_id: str
    order_time: str
    amount: Money
    valid_minutes: int
    multiple: bool = False
    brands: tuple[str, ...] = ()
    return_url: str | None = None
    webhook: str | None = None
    user_reference: str | None = None
    recurring: str | None = None
    collect: tuple[Detail, ...] = ()
    """What the page asks of its payer."""
    mcc: str | None = None
    """The trade that the request names; it has to be the store's."""

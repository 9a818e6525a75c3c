"""A payment and the operations on it, as values; every change makes a new value.

The two remainders, not sums, guard the money: ``capturable_minor`` and ``refundable_minor`` are
taken from before a
network is called and given back only when it has declined or acknowledged a reversal.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tidegate.domain.errors import AmountExceeded, FieldMismatch, TransactionUnknown
from tidegate.domain.message import MessageIdentity, NetworkAnswer, StoredCredential
from tidegate.domain.money import Money
from tidegate.domain.transitions import Operation, Outcome, Status, next_status

if TYPE_CHECKING:  # what only some payments have
    from tidegate.domain.account_data import AccountData
    from tidegate.domain.authentication import Authentication, Mode
    from tidegate.domain.brands import MethodType
    from tidegate.domain.wallet import Action, Scenario

HISTORY_LIMIT = 12  # entries kept in the item; each operation's own item keeps the rest for good


@dataclass(frozen=True, slots=True)
class Leg:
    """One message to a network, as written down before it is sent."""

    network: str
    acquirer_id: str
    terminal_id: str
    sequence: int
    """From the lease, unique per network and acquirer; the STAN is its last six digits."""
    transmitted_at: str
    """DE 7."""
    rrn: str

    @property
    def stan(self) -> int:
        return self.sequence % 1_000_000

    @property
    def identity(self) -> MessageIdentity:
        return MessageIdentity(
            self.transmitted_at, self.stan, self.acquirer_id, self.rrn, self.terminal_id
        )


@dataclass(frozen=True, slots=True)
class Reversal:
    """A 0400 that is owed to the network until it acknowledges it."""

    sequence: int
    transmitted_at: str
    attempts: int = 0
    remaining_minor: int = 0
    """What stays authorized: 0 takes everything back."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a payment's history: what happened at which version. Events and postings derive
    from it."""

    version: int
    operation: Operation
    outcome: Outcome
    amount_minor: int
    fee_minor: int
    business_date: str
    """YYYYMMDD in the store's time zone and cut-off; empty where no money moved."""
    at: int
    """Unix seconds, UTC."""
    trans_id: str = ""
    """merchantTransID of the operation; empty for the payment's own first step."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """The quote under which a payment was priced: the merchant's price and the rate."""

    quote_id: str
    """merchantTransID of the FX inquiry."""
    local: Money
    rate: str
    """Decimal text: units of the payment's currency for one of the local one."""
    date: str
    source: str


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as it stands at ``version``: or whatever else was asked under an id of its own,
    which ``intent`` tells (a card to keep, a payout, a cryptogram)."""

    sid: str
    trans_id: str
    version: int
    status: Status
    amount: Money
    evo_trans_id: str
    created_at: int
    nonce: str
    trans_time: str
    brand: str
    first6: str
    last4: str
    leg: Leg
    sealed_card: bytes = field(repr=False)
    fee_plan: int
    intent: Operation
    """What was asked for: a key of ``transitions.ASKED``, or IDENTIFY."""
    capture_after_hours: int | None = None
    order_reference: str | None = None
    metadata: str | None = None
    webhook: str | None = None
    platform: str | None = None
    capturable_minor: int = 0
    refundable_minor: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    answer: NetworkAnswer | None = None
    answered_at: int | None = None
    failure_code: str | None = None
    reversal: Reversal | None = None
    due_at: int | None = None
    """When the janitor should look at it; None when nothing is open."""
    history: tuple[Entry, ...] = ()
    method: MethodType = "card"
    scenario: Scenario | None = None
    """How a wallet's payer gets to pay."""
    action: Action | None = None
    """What the payer has to do while the payment waits."""
    expires_at: int | None = None
    """When a payment that waits for its payer is closed."""
    return_url: str | None = None
    authentication: Authentication | None = None
    step_up: Mode | None = None
    """How the cardholder can be authenticated if the issuer asks for it; None where he cannot."""
    stored_card: str | None = None
    """Id of the card on file that is charged, or that is made once the network agrees."""
    stores_card: bool = False
    gateway_token: bool = False
    """The card on file has a gateway token that is the merchant's to know: it was charged by it,
    or is to get one."""
    network_token: bool = False
    """The number that the network gets is a network token."""
    account: AccountData | None = None
    """What was known of the card's account when it was used."""
    proof_eci: str | None = None
    """ECI that came with a network token's cryptogram."""
    stored: StoredCredential | None = None
    original_reference: str | None = None
    """The network's reference of the payment that stored the card."""
    user_reference: str | None = None
    conversion: Conversion | None = None
    order: str | None = None
    """merchantOrderID of the LinkPay order that is paid."""
    payer: str | None = field(default=None, repr=False)
    """What the order's page was told of whoever pays: a ``userInfo`` as JSON."""

    # -- what holds
    # -------------------------------------------------------------------------------------------

    @property
    def refund_in_flight(self) -> bool:
        return self.refundable_minor + self.refunded_minor < self.captured_minor

    def last_entry(self, operation: Operation) -> Entry | None:
        """The newest history entry of an operation, if it is still kept."""
        return next(
            (entry for entry in reversed(self.history) if entry.operation is operation), None
        )

    def step(self, operation: Operation, outcome: Outcome, **changes: Any) -> Payment:
        """The next version in the status that the table gives; raises WrongStatus."""
        status = next_status(self.status, operation, outcome)
        return replace(self, version=self.version + 1, status=status, **changes)

    def touched(self, **changes: Any) -> Payment:
        """The next version with the status unchanged: a claim, an attempt counted, a new route."""
        return replace(self, version=self.version + 1, **changes)

    def recorded(
        self,
        operation: Operation,
        outcome: Outcome,
        *,
        at: int,
        amount_minor: int = 0,
        fee_minor: int = 0,
        business_date: str = "",
        trans_id: str = "",
    ) -> Payment:
        """With one more line of history, for the version this value already carries."""
        entry = Entry(
            self.version, operation, outcome, amount_minor, fee_minor, business_date, at, trans_id
        )
        return replace(self, history=(*self.history, entry)[-HISTORY_LIMIT:])

    def check_capture(self, amount: Money) -> None:
        """Raises WrongStatus, FieldMismatch (other currency) or AmountExceeded."""
        next_status(self.status, Operation.CAPTURE, Outcome.APPROVED)
        self._check_amount(amount, self.capturable_minor, "captured")

    def check_refund(self, amount: Money) -> None:
        """Raises WrongStatus, FieldMismatch (other currency) or AmountExceeded."""
        next_status(self.status, Operation.REFUND, Outcome.PENDING)
        self._check_amount(amount, self.refundable_minor, "refunded")

    def _check_amount(self, amount: Money, remainder: int, verb: str) -> None:
        if amount.currency != self.amount.currency:
            raise FieldMismatch(
                f"the payment is in {self.amount.currency}", field="transAmount.currency"
            )
        if amount.minor > remainder:
            raise AmountExceeded(f"more than what remains to be {verb}", field="transAmount.value")
        if amount.minor <= 0:
            raise AmountExceeded(
                f"the amount to be {verb} must be more than zero", field="transAmount.value"
            )


class OperationStatus:
    """Short codes of a capture's, cancel's or refund's own status."""

    RECEIVED = "r"
    SUCCESS = "s"
    FAILED = "f"


@dataclass(frozen=True, slots=True)
class PaymentOperation:
    """A capture, cancel or refund: an item of its own under its own merchantTransID."""

    sid: str
    trans_id: str
    version: int
    kind: Operation
    """CAPTURE, CANCEL or REFUND."""
    payment_trans_id: str
    status: str
    amount: Money
    evo_trans_id: str
    created_at: int
    nonce: str
    trans_time: str
    chosen_by_platform: bool = False
    """Made by cancelOrRefund: the answer says which of the two was done."""
    initiating_reason: str | None = None
    description: str | None = None
    labels: str | None = None
    """What one dialect of LinkPay calls metadata: an object, as JSON."""
    metadata: str | None = None
    webhook: str | None = None
    leg: Leg | None = None
    answer: NetworkAnswer | None = None
    answered_at: int | None = None
    failure_code: str | None = None
    reversal: Reversal | None = None
    due_at: int | None = None

    def as_of(self, payment: Payment) -> PaymentOperation:
        """As merchants see it: a cancel is done when its payment is cancelled, which costs no
        write of its own."""
        if self.kind is Operation.CANCEL and payment.status is Status.CANCELLED:
            return replace(self, status=OperationStatus.SUCCESS)
        return self

    def touched(self, **changes: Any) -> PaymentOperation:
        """The next version with ``changes``."""
        return replace(self, version=self.version + 1, **changes)


@dataclass(frozen=True, slots=True)
class OtherRecord:
    """A merchantTransID that stands for something that is neither: an FX quote."""

    kind: str
    nonce: str


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """What an ``Idempotency-Key`` of a store stands for."""

    sid: str
    key: str
    trans_id: str
    fingerprint: str
    """Hash of method, path, query and body of the first request."""


PAYMENTS = frozenset({Operation.VERIFY, Operation.AUTHORIZE, Operation.SALE, Operation.IDENTIFY})
"""What merchants know as a payment."""


def require_payment(found: object) -> Payment:
    """The payment, tokenization, payout or cryptogram; raises TransactionUnknown where the id is
    free or belongs to an operation."""
    if not isinstance(found, Payment):
        raise TransactionUnknown(field="merchantTransID")
    return found


def require_intent(found: object, intents: frozenset[Operation]) -> Payment:
    """A payment begun for one of ``intents``; raises TransactionUnknown for all else."""
    payment = require_payment(found)
    if payment.intent not in intents:
        raise TransactionUnknown(field="merchantTransID")
    return payment

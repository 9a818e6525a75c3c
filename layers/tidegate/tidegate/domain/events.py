"""What merchants are told: one event per history entry that ends something. Derived from the
payment item alone."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.payment import Entry, Payment, PaymentOperation
from tidegate.domain.tokens import StoredCard
from tidegate.domain.transitions import Operation, Outcome

_CODES = {
    Operation.VERIFY: "Verify",
    Operation.AUTHORIZE: "Payment",
    Operation.SALE: "Payment",
    Operation.CAPTURE: "Capture",
    Operation.CANCEL: "Cancel",
    Operation.REFUND: "Refund",
    Operation.REFUND_REST: "Refund",
    Operation.TOKENIZE: "PaymentMethod",
    Operation.PAYOUT: "Payout",
    Operation.IDENTIFY: "Identify",
    Operation.CRYPTOGRAM: "Cryptogram",
}
_TAKING = {Operation.SALE, Operation.AUTHORIZE}
_MONEY = {
    Operation.SALE,
    Operation.CAPTURE,
    Operation.REFUND,
    Operation.REFUND_REST,
    Operation.PAYOUT,
}


Subject = PaymentOperation | StoredCard
"""What an event is about beside its payment: the operation's own item, or the card that was
kept."""


@dataclass(frozen=True, slots=True)
class Event:
    """A payment as it stood right after ``entry`` was written."""

    payment: Payment
    entry: Entry

    @property
    def code(self) -> str:
        """The notification's ``eventCode``; what the platform closed by itself is news of the
        payment, as nobody asked for a cancel."""
        if self.entry.operation is Operation.CANCEL and not self.entry.trans_id:
            return "Payment"
        if self.payment.order is not None and self.entry.operation in _TAKING:
            return "LinkPay"
        return _CODES[self.entry.operation]

    @property
    def sequence(self) -> int:
        """Rises with every event of a payment."""
        return self.entry.version


def events_of(after: Payment, before_version: int) -> list[Event]:
    """The events that a change of a payment item brought; what is only begun tells nothing yet."""
    return [
        Event(after, entry)
        for entry in after.history
        if entry.version > before_version and is_told(after, entry)
    ]


def is_told(payment: Payment, entry: Entry) -> bool:
    """Whether an entry is news: what is only begun is none, nor is a try to pay an order that
    failed or was withdrawn, which its payer sees and may repeat."""
    failed = entry.operation in _TAKING and entry.outcome is Outcome.DECLINED
    withdrawn = entry.operation is Operation.CANCEL and not entry.trans_id
    return entry.outcome is not Outcome.PENDING and not (payment.order and (failed or withdrawn))


def moves_money(entry: Entry) -> bool:
    """Whether an entry is to be posted: captured or refunded, and approved."""
    return entry.operation in _MONEY and entry.outcome is Outcome.APPROVED

"""An event made again from what its payment's item holds."""

from __future__ import annotations

from dataclasses import replace

from tidegate.domain.events import Event, is_told
from tidegate.domain.payment import Entry, Payment
from tidegate.domain.transitions import ASKED, Operation, Outcome, Status

_REFUNDS = {Operation.REFUND, Operation.REFUND_REST}


def sequences_of(payment: Payment) -> list[int]:
    """The sequences of all events that the history still holds, in order."""
    return [entry.version for entry in payment.history if is_told(payment, entry)]


def event_at(payment: Payment, sequence: int) -> Event | None:
    """The event of one sequence; None when the history does not hold it any more."""
    for entry in payment.history:
        if entry.version == sequence and is_told(payment, entry):
            return Event(_as_it_stood(payment, entry), entry)
    return None


def _as_it_stood(payment: Payment, entry: Entry) -> Payment:
    """Status and amounts without what came later: a notice says the same at every try."""
    later = [one for one in payment.history if one.version > entry.version]
    if not later:
        return payment
    approved = [one for one in later if one.outcome is Outcome.APPROVED]
    taken_later = any(one.operation in (Operation.CAPTURE, Operation.SALE) for one in approved)
    refunded_later = sum(one.amount_minor for one in approved if one.operation in _REFUNDS)
    captured = 0 if taken_later else payment.captured_minor
    refunded = payment.refunded_minor - refunded_later
    return replace(
        payment,
        status=_status(payment, entry, refunded),
        captured_minor=captured,
        refunded_minor=refunded,
        refundable_minor=captured - refunded,
    )


def _status(payment: Payment, entry: Entry, refunded: int) -> Status:
    """Where the entry's operation had led."""
    operation = entry.operation
    if operation in _REFUNDS and entry.outcome is Outcome.DECLINED:
        return Status.PARTIAL_REFUNDED if refunded else Status.CAPTURED
    if entry.outcome is not Outcome.APPROVED:
        return Status.FAILED
    led_to = {
        **ASKED,
        Operation.CAPTURE: Status.CAPTURED,
        Operation.CANCEL: Status.CANCELLED,
        Operation.REFUND: Status.PARTIAL_REFUNDED,
        Operation.REFUND_REST: Status.REFUNDED,
    }
    return led_to.get(operation, payment.status)

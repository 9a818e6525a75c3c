"""What a batch is made of: one movement per capture or refund, from which the balanced posting
follows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tidegate.domain import postings
from tidegate.domain.events import Event
from tidegate.domain.postings import Posting
from tidegate.domain.transitions import Operation

CAPTURE, REFUND, PAYOUT = "c", "r", "o"


@dataclass(frozen=True, slots=True)
class BatchKey:
    """A store's business day in one currency."""

    sid: str
    currency: str
    day: str
    """YYYYMMDD."""

    def __str__(self) -> str:
        return f"{self.sid}-{self.currency}-{self.day}"


@dataclass(frozen=True, slots=True)
class Movement:
    """Money captured, refunded or paid out; amounts in minor units, never negative."""

    trans_id: str
    version: int
    kind: str
    """CAPTURE, REFUND or PAYOUT."""
    operation_trans_id: str
    """The refund's own id; empty for captures and payouts, which clear under the payment's
    message."""
    network: str
    acquirer_id: str
    gross_minor: int
    fee_minor: int
    day: str
    """The business date it was booked for; a late one is settled with a later batch."""

    @property
    def id(self) -> str:
        """By which a movement that comes twice is recognised."""
        return f"{self.trans_id}#{self.version}"

    @property
    def signed_minor(self) -> int:
        """What the network owes us for it; refunds and payouts negative."""
        return self.gross_minor if self.kind == CAPTURE else -self.gross_minor

    def posting(self, sid: str, currency: str) -> Posting:
        """The balanced posting."""
        book = postings.captured if self.kind == CAPTURE else postings.refunded
        return book(
            self.id,
            currency=currency,
            network=self.network,
            sid=sid,
            gross_minor=self.gross_minor,
            fee_minor=self.fee_minor,
        )


def movement_of(event: Event) -> Movement:
    """The movement of an event that moves money."""
    payment, entry = event.payment, event.entry
    refund = entry.operation in {Operation.REFUND, Operation.REFUND_REST}
    return Movement(
        trans_id=payment.trans_id,
        version=entry.version,
        kind=REFUND if refund else PAYOUT if entry.operation is Operation.PAYOUT else CAPTURE,
        operation_trans_id=entry.trans_id if refund else "",
        network=payment.leg.network,
        acquirer_id=payment.leg.acquirer_id,
        gross_minor=entry.amount_minor,
        fee_minor=entry.fee_minor,
        day=entry.business_date,
    )


@dataclass(frozen=True, slots=True)
class Totals:
    """A batch in numbers, minor units of its currency."""

    captures: int = 0
    captured_minor: int = 0
    refunds: int = 0
    refunded_minor: int = 0
    fees_minor: int = 0

    @property
    def net_minor(self) -> int:
        """What the store gets for the batch; negative when it owes us."""
        return self.captured_minor - self.refunded_minor - self.fees_minor


def totals_of(sid: str, currency: str, movements: Iterable[Movement]) -> Totals:
    """Sum the lines; checks against the balance of the postings (an assertion, not an input
    error)."""
    captures = captured = refunds = refunded = fees = payable = 0
    account = postings.merchant_payable(sid)
    for one in movements:
        if one.kind == CAPTURE:
            captures, captured = captures + 1, captured + one.gross_minor
        else:
            refunds, refunded = refunds + 1, refunded + one.gross_minor
        fees += one.fee_minor
        lines = one.posting(sid, currency).lines
        payable -= sum(line.minor for line in lines if line.account == account)
    totals = Totals(captures, captured, refunds, refunded, fees)
    assert totals.net_minor == payable, "totals and postings disagree"
    return totals

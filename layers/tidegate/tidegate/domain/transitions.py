"""The life of a payment as a table: (status, operation, outcome) -> status.

Workflows order the steps; this table decides which are legal. "Declined" and "we do not know" are
different outcomes and never lead to the same place. What is not in the table is refused with
WrongStatus (B0012).
"""

from __future__ import annotations

from enum import StrEnum

from tidegate.domain.errors import WrongStatus


class Status(StrEnum):
    """What a payment is; the value is the short code kept in the table."""

    PENDING = "P"
    """The intent is written; the network may or may not have been asked."""
    REVERSING = "R"
    """The outcome is unknown and the reversal has not been acknowledged yet. Merchants see
    Pending."""
    VERIFIED = "V"
    AUTHORISED = "A"
    CAPTURED = "C"
    PARTIAL_REFUNDED = "Q"
    REFUNDED = "D"
    CANCELLING = "X"
    CANCELLED = "N"
    FAILED = "F"


class Operation(StrEnum):
    """What is done to a payment."""

    VERIFY = "verify"
    AUTHORIZE = "authorize"
    SALE = "sale"
    """Authorize and capture in one step."""
    CAPTURE = "capture"
    CANCEL = "cancel"
    REFUND = "refund"
    REFUND_REST = "refund_rest"
    """The refund after which nothing is left to refund."""
    REVERSE = "reverse"
    """The platform takes back a message whose outcome it does not know."""


class Outcome(StrEnum):
    """How it ended, as far as we know."""

    APPROVED = "approved"
    DECLINED = "declined"
    PENDING = "pending"
    """Begun; the other side has still to answer."""
    UNKNOWN = "unknown"


_S, _O, _R = Status, Operation, Outcome

TRANSITIONS: dict[tuple[Status, Operation, Outcome], Status] = {
    (_S.PENDING, _O.VERIFY, _R.APPROVED): _S.VERIFIED,
    (_S.PENDING, _O.AUTHORIZE, _R.APPROVED): _S.AUTHORISED,
    (_S.PENDING, _O.SALE, _R.APPROVED): _S.CAPTURED,
    (_S.PENDING, _O.VERIFY, _R.DECLINED): _S.FAILED,
    (_S.PENDING, _O.AUTHORIZE, _R.DECLINED): _S.FAILED,
    (_S.PENDING, _O.SALE, _R.DECLINED): _S.FAILED,
    # An unknown outcome is never waited out: it is taken back until the network has acknowledged
    # that.
    (_S.PENDING, _O.VERIFY, _R.UNKNOWN): _S.REVERSING,
    (_S.PENDING, _O.AUTHORIZE, _R.UNKNOWN): _S.REVERSING,
    (_S.PENDING, _O.SALE, _R.UNKNOWN): _S.REVERSING,
    (_S.REVERSING, _O.REVERSE, _R.APPROVED): _S.FAILED,
    (_S.AUTHORISED, _O.CAPTURE, _R.APPROVED): _S.CAPTURED,
    # A cancel is a reversal too: it is begun, repeated, and cannot be declined.
    (_S.PENDING, _O.CANCEL, _R.PENDING): _S.CANCELLING,
    (_S.REVERSING, _O.CANCEL, _R.PENDING): _S.CANCELLING,
    (_S.AUTHORISED, _O.CANCEL, _R.PENDING): _S.CANCELLING,
    (_S.CANCELLING, _O.CANCEL, _R.APPROVED): _S.CANCELLED,
    # What was captured is released in part by a partial reversal; that changes no status.
    (_S.CAPTURED, _O.REVERSE, _R.APPROVED): _S.CAPTURED,
    (_S.PARTIAL_REFUNDED, _O.REVERSE, _R.APPROVED): _S.PARTIAL_REFUNDED,
    (_S.REFUNDED, _O.REVERSE, _R.APPROVED): _S.REFUNDED,
    # A refund reserves first; until the network answers, the status stays what it was.
    (_S.CAPTURED, _O.REFUND, _R.PENDING): _S.CAPTURED,
    (_S.CAPTURED, _O.REFUND, _R.DECLINED): _S.CAPTURED,
    (_S.CAPTURED, _O.REFUND, _R.APPROVED): _S.PARTIAL_REFUNDED,
    (_S.CAPTURED, _O.REFUND_REST, _R.APPROVED): _S.REFUNDED,
    (_S.PARTIAL_REFUNDED, _O.REFUND, _R.PENDING): _S.PARTIAL_REFUNDED,
    (_S.PARTIAL_REFUNDED, _O.REFUND, _R.DECLINED): _S.PARTIAL_REFUNDED,
    (_S.PARTIAL_REFUNDED, _O.REFUND, _R.APPROVED): _S.PARTIAL_REFUNDED,
    (_S.PARTIAL_REFUNDED, _O.REFUND_REST, _R.APPROVED): _S.REFUNDED,
}


def next_status(status: Status, operation: Operation, outcome: Outcome) -> Status:
    """Where the table leads; raises WrongStatus where it leads nowhere."""
    try:
        return TRANSITIONS[status, operation, outcome]
    except KeyError:
        raise WrongStatus(
            f"{operation.value.replace('_', ' ')} is not possible while the payment is "
            f"{status.name.lower()}"
        ) from None

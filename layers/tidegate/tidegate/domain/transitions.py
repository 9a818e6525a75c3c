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
    WAITING = "W"
    """A wallet has the order; its payer has still to act. Merchants see Pending."""
    VERIFYING = "Y"
    """The cardholder is being authenticated; nothing was sent to the card network, or it asked for
    this."""
    PAID_OUT = "O"
    """Money was pushed to a card."""


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
    TOKENIZE = "tokenize"
    """Check a card and keep it."""
    PAYOUT = "payout"
    """Push money to a card: an original credit."""
    AUTHENTICATE = "authenticate"
    """Authenticate the cardholder before the network is asked."""
    IDENTIFY = "identify"
    """Authenticate the cardholder and do no more."""
    CRYPTOGRAM = "cryptogram"
    """Make a network token's cryptogram."""


class Outcome(StrEnum):
    """How it ended, as far as we know."""

    APPROVED = "approved"
    DECLINED = "declined"
    PENDING = "pending"
    """Begun; the other side has still to answer."""
    UNKNOWN = "unknown"


_S, _O, _R = Status, Operation, Outcome

ASKED = {
    _O.VERIFY: _S.VERIFIED,
    _O.TOKENIZE: _S.VERIFIED,
    _O.CRYPTOGRAM: _S.VERIFIED,
    _O.AUTHORIZE: _S.AUTHORISED,
    _O.SALE: _S.CAPTURED,
    _O.PAYOUT: _S.PAID_OUT,
}
"""What a transaction may be begun for, and where its approval leads."""

UNDECIDED = frozenset({_S.PENDING, _S.REVERSING, _S.WAITING, _S.VERIFYING})
"""Nobody knows yet what will come of it."""

TRANSITIONS: dict[tuple[Status, Operation, Outcome], Status] = {
    **{(_S.PENDING, asked, _R.APPROVED): status for asked, status in ASKED.items()},
    **{(_S.PENDING, asked, _R.DECLINED): _S.FAILED for asked in ASKED},
    # An unknown outcome is never waited out: it is taken back until the network has acknowledged
    # that.
    **{(_S.PENDING, asked, _R.UNKNOWN): _S.REVERSING for asked in ASKED},
    # A wallet's payer takes his time. Pending is never paid.
    (_S.PENDING, _O.SALE, _R.PENDING): _S.WAITING,
    (_S.WAITING, _O.SALE, _R.APPROVED): _S.CAPTURED,
    (_S.WAITING, _O.SALE, _R.DECLINED): _S.FAILED,
    (_S.WAITING, _O.CANCEL, _R.PENDING): _S.CANCELLING,
    # Authentication comes before the network is asked, or after it declined softly.
    (_S.PENDING, _O.AUTHENTICATE, _R.PENDING): _S.VERIFYING,
    (_S.VERIFYING, _O.AUTHENTICATE, _R.APPROVED): _S.PENDING,
    (_S.VERIFYING, _O.AUTHENTICATE, _R.DECLINED): _S.FAILED,
    (_S.VERIFYING, _O.IDENTIFY, _R.APPROVED): _S.VERIFIED,
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

"""Double entry: every movement of money as lines that sum to zero, per currency, always.

Positive is debit, negative is credit. Settlement and reconciliation only ever read postings.
"""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.errors import TidegateError


class Unbalanced(TidegateError):
    """The lines of a posting do not sum to zero."""


@dataclass(frozen=True, slots=True)
class Line:
    """One side of a posting: minor units on an account; debit positive, credit negative."""

    account: str
    minor: int


@dataclass(frozen=True, slots=True)
class Posting:
    """Lines that balance, under an id that makes booking them twice impossible to miss."""

    id: str
    currency: str
    lines: tuple[Line, ...]

    def __post_init__(self) -> None:
        if sum(line.minor for line in self.lines) != 0:
            raise Unbalanced(f"posting {self.id} does not balance")


def network_receivable(network: str) -> str:
    """What a network owes us for what we presented."""
    return f"network:{network}"


def merchant_payable(sid: str) -> str:
    """What we owe a store."""
    return f"merchant:{sid}"


def interchange(network: str) -> str:
    """What networks keep of what they settle: our cost."""
    return f"interchange:{network}"


def suspense(network: str) -> str:
    """Differences between a network's file and our books, until they are explained."""
    return f"suspense:{network}"


FEES = "income:mdr"
BANK = "bank"
PAYOUTS = "payouts"


def captured(
    posting_id: str, *, currency: str, network: str, sid: str, gross_minor: int, fee_minor: int
) -> Posting:
    """A capture: the network owes us the gross, we owe the store the gross less our fee."""
    return _posting(
        posting_id,
        currency,
        Line(network_receivable(network), gross_minor),
        Line(merchant_payable(sid), fee_minor - gross_minor),
        Line(FEES, -fee_minor),
    )


def refunded(
    posting_id: str, *, currency: str, network: str, sid: str, gross_minor: int, fee_minor: int
) -> Posting:
    """A refund: the store owes us what we owe the network, and the fee for the refund."""
    return _posting(
        posting_id,
        currency,
        Line(merchant_payable(sid), gross_minor + fee_minor),
        Line(network_receivable(network), -gross_minor),
        Line(FEES, -fee_minor),
    )


def paid_out(posting_id: str, *, currency: str, sid: str, net_minor: int) -> Posting:
    """A payout instruction to the store's bank; a negative net is carried, never paid."""
    return _posting(
        posting_id, currency, Line(merchant_payable(sid), net_minor), Line(PAYOUTS, -net_minor)
    )


def settled_by_network(
    posting_id: str, *, currency: str, network: str, gross_minor: int, interchange_minor: int
) -> Posting:
    """A matched line of a network's settlement file: signed gross (refunds negative) less
    interchange reaches the bank."""
    return _posting(
        posting_id,
        currency,
        Line(BANK, gross_minor - interchange_minor),
        Line(interchange(network), interchange_minor),
        Line(network_receivable(network), -gross_minor),
    )


def held_in_suspense(
    posting_id: str, *, currency: str, network: str, difference_minor: int
) -> Posting:
    """The network settled ``difference_minor`` more than our books say; the opposite sign
    reverses it."""
    return _posting(
        posting_id,
        currency,
        Line(BANK, difference_minor),
        Line(suspense(network), -difference_minor),
    )


def _posting(posting_id: str, currency: str, *lines: Line) -> Posting:
    return Posting(posting_id, currency, tuple(line for line in lines if line.minor))

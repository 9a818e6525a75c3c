"""A LinkPay order: an amount behind a link that somebody pays (contract, sections 2.18 to 2.21).

The order keeps which payments were tried; what it is worth follows from them, so that no write can
make the two disagree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, get_args

from tidegate.domain.money import Money
from tidegate.domain.payment import Payment
from tidegate.domain.transitions import Status

MAX_ATTEMPTS = 40
"""At an order that is paid once; after that it has failed."""
MAX_ATTEMPTS_OF_MANY = 10_000
LISTED = 100
"""So many of an order's newest tries are shown and counted."""
CLAIM_S = 60
"""How long an attempt that is not written down yet keeps others out."""
PAID = frozenset({Status.CAPTURED, Status.PARTIAL_REFUNDED, Status.REFUNDED})
OVER = frozenset({Status.FAILED, Status.CANCELLED})


Detail = Literal["fullName", "email", "phoneNumber", "billingAddress", "shippingAddress"]
DETAILS: tuple[Detail, ...] = get_args(Detail)
"""What a merchant may want to know of whoever pays, in the order in which one is asked."""


class OrderStatus(StrEnum):
    """As merchants see it; the list is closed, clients refuse anything else."""

    PENDING = "Pending"
    ACTIVE = "Active"
    PAID = "Paid"
    CLOSED = "Closed"
    REFUNDING = "Refunding"
    PARTIAL_REFUNDED = "Partial Refunded"
    REFUNDED = "Refunded"
    FAILED = "Failed"
    """It was tried so often that it may not be tried any more."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to pay."""

    trans_id: str
    at: int
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it stands at ``version``."""

    sid: str
    order_id: str
    version: int
    amount: Money
    order_time: str
    created_at: int
    expires_at: int
    secret: str = field(repr=False)
    """What makes its link unguessable."""
    multiple: bool = False
    """Whether it may be paid more than once."""
    brands: tuple[str, ...] = ()
    """Canonical names; empty takes all that the store takes."""
    return_url: str | None = None
    webhook: str | None = None
    user_reference: str | None = None
    recurring: str | None = None
    collect: tuple[Detail, ...] = ()
    """What the page asks of its payer."""
    opened: bool = False
    """Whether somebody has seen the page."""
    closed_by: str | None = None
    """merchantTransID of the request that closed it."""
    closed_at: int | None = None
    closing_evo_id: str | None = None
    attempts: tuple[Attempt, ...] = ()
    """Of an order for many they are kept beside it, and only counted here."""
    tries: int = 0
    """How many of an order for many."""

    def changed(self, **changes: object) -> Order:
        """The next version."""
        return replace(self, version=self.version + 1, **changes)  # type: ignore[arg-type]

    def trans_id_of(self, try_id: str) -> str:
        """The payment of a try that a payer's page numbered itself, so that the page finds it again
        although its answer was lost. Who does not know the order's secret cannot choose the id."""
        return hashlib.blake2s(f"{self.secret}|{try_id}".encode(), digest_size=16).hexdigest()

    @property
    def spent(self) -> bool:
        """Whether it was tried as often as may be."""
        if self.multiple:
            return self.tries >= MAX_ATTEMPTS_OF_MANY
        return len(self.attempts) >= MAX_ATTEMPTS

    def closed(self, now: float) -> bool:
        """Whether nobody can begin to pay it any more."""
        return self.closed_by is not None or now >= self.expires_at or self.spent


def status_of(order: Order, payments: Sequence[Payment], now: float) -> OrderStatus:
    """What the order is, given the payments of its attempts."""
    paid = [one for one in payments if one.status in PAID]
    if any(one.refund_in_flight for one in paid):
        return OrderStatus.REFUNDING
    if paid and all(one.status is Status.REFUNDED for one in paid):
        return OrderStatus.REFUNDED
    if any(one.refunded_minor for one in paid):
        return OrderStatus.PARTIAL_REFUNDED
    if paid and not (order.multiple and not order.closed(now)):
        return OrderStatus.PAID
    if order.closed(now) and not _in_flight(payments):
        return OrderStatus.FAILED if order.spent and not order.closed_by else OrderStatus.CLOSED
    return OrderStatus.ACTIVE if order.opened or payments else OrderStatus.PENDING


def _in_flight(payments: Sequence[Payment]) -> bool:
    return any(one.status not in PAID | OVER for one in payments)

"""What must hold of orders behind links when everything has come to rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.simulation.merchants import Asked, Shop
from tests.simulation.visits_orders import Ordered
from tidegate.domain.order import PAID
from tidegate.domain.payment import Payment, PaymentOperation
from tidegate.domain.transitions import Status
from tidegate.runtime import wiring_orders
from tidegate.services.link_orders import OrderView

Records = Mapping[tuple[str, str], Payment | PaymentOperation]
ENDED = {"Paid", "Closed", "Partial Refunded", "Refunded"}


def orders(records: Records, shops: list[Shop]) -> Iterator[str]:
    """Every problem with orders."""
    asked = [one for shop in shops for one in shop.requests]
    ours = [one for shop in shops for one in shop.orders]
    known: set[tuple[str, str]] = set()
    for ordered in ours:
        order = wiring_orders.orders().get(ordered.sid, ordered.order_id)
        about = [one for one in asked if (one.sid, one.of) == (ordered.sid, ordered.order_id)]
        if order is None:
            if any(one.acknowledged is not None for one in about):
                yield f"order {ordered.order_id} was acknowledged and is not there"
            continue
        mine = [
            one
            for one in records.values()
            if isinstance(one, Payment) and one.sid == order.sid and one.order == order.order_id
        ]
        known |= {(one.sid, one.trans_id) for one in mine}
        view = wiring_orders.link_orders().find(ordered.sid, ordered.order_id)
        yield from _payments(ordered, view, mine)
        yield from _status(ordered, view, about, mine)
    for one in records.values():
        if isinstance(one, Payment) and one.order and (one.sid, one.trans_id) not in known:
            yield f"{one.trans_id} pays an order that is not there"


def by_payers(shops: list[Shop]) -> Iterator[tuple[str, str]]:
    """What the payments of payers' tries may be called."""
    for shop in shops:
        for ordered in shop.orders:
            order = wiring_orders.orders().get(ordered.sid, ordered.order_id)
            if order is not None:
                yield from ((order.sid, order.trans_id_of(one)) for one in ordered.tries)


def _payments(ordered: Ordered, view: OrderView, mine: list[Payment]) -> Iterator[str]:
    """Each payment is a try of the order for its amount; it is paid once, if it is to be."""
    tried = {one.trans_id for one in view.payments}
    for payment in mine:
        if payment.trans_id not in tried or payment.amount.minor != ordered.minor:
            yield f"{payment.trans_id} is no try of order {ordered.order_id}"
    paid = [one for one in mine if one.status in PAID]
    if len(paid) > 1 and not ordered.multiple:
        yield f"order {ordered.order_id} was paid {len(paid)} times"
    for try_id in ordered.paid:
        # An order that is paid once shows everybody the payment that paid it.
        mine_alone = view.order.trans_id_of(try_id)
        if not any(not ordered.multiple or one.trans_id == mine_alone for one in paid):
            yield f"a payer of order {ordered.order_id} saw it paid, and it is not"


def _status(
    ordered: Ordered, view: OrderView, about: list[Asked], mine: list[Payment]
) -> Iterator[str]:
    """What was in flight has ended; who closed the order took nobody's money afterwards."""
    status = view.status
    if status.value not in ENDED:
        yield f"order {ordered.order_id} is {status.value}"
    closed = [one for one in about if "cancel" in (one.acknowledged or {})]
    paid = [one for one in mine if one.status in PAID]
    if closed and paid and not ordered.multiple:
        yield f"order {ordered.order_id} was closed by {closed[0].trans_id} and is paid"
    if status.value == "Refunded" and any(one.status is not Status.REFUNDED for one in paid):
        yield f"order {ordered.order_id} counts as refunded and is not"

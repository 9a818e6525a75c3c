"""What must hold between our books and a wallet's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.alipayplus_books import OPEN, PAID
from tidegate.domain.payment import OperationStatus, Payment, PaymentOperation
from tidegate.domain.transitions import Operation, Status

if TYPE_CHECKING:
    from tests.simulation.world import World

Records = Mapping[tuple[str, str], Payment | PaymentOperation]
PAID_HERE = {Status.CAPTURED, Status.PARTIAL_REFUNDED, Status.REFUNDED}


def paid_too_early(world: World, payment: Payment) -> str | None:
    """A write that says paid before the wallet does."""
    if payment.method != "e-wallet" or payment.status is not Status.CAPTURED:
        return None
    order = world.wallet.books.order("request_id", payment.evo_trans_id)
    if order is not None and order["paid_at"] is not None:
        return None
    return f"{payment.trans_id} counts as paid, which the wallet does not say"


def wallets(world: World, records: Records) -> Iterator[str]:
    """Per order: what the wallet has taken and given back is what we say."""
    books = world.wallet.books.as_json()
    orders = {str(one["request_id"]): one for one in books["orders"]}
    refunds = {str(one["request_id"]): one for one in books["refunds"]}
    for record in records.values():
        if isinstance(record, Payment):
            if record.method == "e-wallet":
                yield from _order(record, orders.pop(record.evo_trans_id, None))
        elif record.kind is Operation.REFUND:
            payment = records[record.sid, record.payment_trans_id]
            if isinstance(payment, Payment) and payment.method == "e-wallet":
                yield from _refund(record, refunds.pop(record.evo_trans_id, None))
    yield from (f"the wallet has an order {one} of nobody's" for one in orders)
    yield from (f"the wallet made a refund {one} for nobody" for one in refunds)


def _order(payment: Payment, order: Mapping[str, Any] | None) -> Iterator[str]:
    theirs = (0, 0)
    if order is not None and order["status"] == PAID:
        theirs = (order["amount_minor"], order["refunded_minor"])
    paid = payment.status in PAID_HERE
    ours = (payment.captured_minor, payment.refunded_minor) if paid else (0, 0)
    if ours != theirs:
        yield f"{payment.trans_id}: we say {ours}, the wallet {theirs} ({payment.status.name})"
    if order is not None and order["status"] == OPEN:
        yield f"{payment.trans_id}: the wallet's order is still open"


def _refund(refund: PaymentOperation, booked: Mapping[str, Any] | None) -> Iterator[str]:
    ours = refund.amount.minor if refund.status == OperationStatus.SUCCESS else 0
    theirs = booked["amount_minor"] if booked is not None else 0
    if ours != theirs:
        yield f"refund {refund.trans_id}: we say {ours}, the wallet {theirs}"

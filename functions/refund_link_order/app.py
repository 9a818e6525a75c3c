"""POST linkpayRefund: give back what was paid for an order, in part or whole."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses_orders
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import orders
from tidegate.domain.store import Store
from tidegate.runtime import wiring_orders
from tidegate.runtime.merchant_api import endpoint, idempotency
from tidegate.runtime.observability import annotate

link_orders = wiring_orders.link_orders()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    order_id = orders.path_id(request, "merchantOrderID")
    command = orders.refund_order(request)
    annotate(payment_id=command.trans_id)
    key = idempotency(request, store, command.trans_id)
    change = link_orders.refund(store, order_id, command, key)
    return responses_orders.refund_of_order(change, found=False)

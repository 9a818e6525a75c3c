"""GET linkpay: an order, what became of it and of the payments for it."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses_orders
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import orders
from tidegate.domain.store import Store
from tidegate.runtime import wiring_orders
from tidegate.runtime.merchant_api import endpoint

link_orders = wiring_orders.link_orders()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    order_id = orders.path_id(request, "merchantOrderID")
    return responses_orders.order_found(link_orders.find(store.sid, order_id))

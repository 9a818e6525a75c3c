"""POST linkpay: an order with a link that somebody pays."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses_orders
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import orders
from tidegate.domain.store import Store
from tidegate.runtime import wiring_orders
from tidegate.runtime.merchant_api import endpoint, idempotency

link_orders = wiring_orders.link_orders()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    command = orders.create_order(request)
    key = idempotency(request, store, command.order_id)
    view = link_orders.create(store, command, key)
    return responses_orders.order_created(view, wiring_orders.link_url(view))

"""GET linkpayRefund: a refund by its own id."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses_orders
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import orders
from tidegate.domain.store import Store
from tidegate.runtime import bootstrap, wiring_orders
from tidegate.runtime.merchant_api import endpoint

link_orders = wiring_orders.link_orders()
query = bootstrap.query()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    trans_id = orders.path_id(request, "merchantOrderID")
    change = link_orders.refund_made(query, store.sid, trans_id)
    return responses_orders.refund_of_order(change, found=True)

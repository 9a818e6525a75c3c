"""GET pay/{link}/order: what the payment page shows."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud.request import Request
from tidegate.api.page import json_answer, try_asked_for
from tidegate.runtime.payer_pages import payer_endpoint
from tidegate.runtime.wiring_orders import page_order


@payer_endpoint
def handler(request: Request) -> dict[str, Any]:
    """The order with the payer's try."""
    return json_answer(page_order(request.path_parameters["link"], try_asked_for(request)))

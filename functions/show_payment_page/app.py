"""GET pay/{link}: the hosted payment page, and what it is made of."""

from __future__ import annotations

from typing import Any

from tidegate import pages
from tidegate.api.evocloud.request import Request
from tidegate.domain.errors import OrderUnknown
from tidegate.runtime.payer_pages import payer_endpoint


@payer_endpoint
def handler(request: Request) -> dict[str, Any]:
    """The page itself knows nothing of the order: that comes as JSON, for the link."""
    name = request.path_parameters.get("asset")
    if name is None:
        return pages.answer(pages.payment_page())
    page = pages.asset(name)
    if page is None:
        raise OrderUnknown("there is no such file")
    return pages.answer(page)

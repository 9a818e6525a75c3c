"""POST pay/{link}/payment: a payer's try to pay an order."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud.request import Request
from tidegate.api.page import json_answer, paying
from tidegate.domain.errors import OrderUnknown, TidegateError
from tidegate.runtime import wiring_orders
from tidegate.runtime.merchant_api import today
from tidegate.runtime.observability import annotate, log
from tidegate.runtime.payer_pages import payer_endpoint

pay_order = wiring_orders.pay_order()


@payer_endpoint
def handler(request: Request) -> dict[str, Any]:
    """The order with this payment; a refusal is shown beside the form, to try again."""
    link = request.path_parameters["link"]
    try_id = None
    try:
        given = paying(request, today())
        try_id = given.try_id
        page = wiring_orders.page_url(link)
        step = pay_order(
            link, given.means, given.browser, page, given.holder_name, try_id, given.payer
        )
    except OrderUnknown:
        raise
    except TidegateError as error:
        log.info("refused", extra={"code": error.code, "field": error.field})
        return json_answer(wiring_orders.page_order(link, try_id, refusal=error))
    annotate(payment_id=step.payment.trans_id, sid=step.payment.sid)
    return json_answer(wiring_orders.page_order(link, try_id, action=step.action))

"""POST 3ds/{ticket}: the cardholder's browser has introduced itself; what it does next."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud.request import Request
from tidegate.api.page import browser_step, json_answer
from tidegate.runtime import wiring_authentication
from tidegate.runtime.observability import annotate
from tidegate.runtime.payer_pages import payer_endpoint

authenticate = wiring_authentication.authenticate_payer()


@payer_endpoint
def handler(request: Request) -> dict[str, Any]:
    """``next``: method, challenge, or done."""
    browser, body = browser_step(request)
    payment = authenticate.find(request.path_parameters["ticket"])
    annotate(payment_id=payment.trans_id, sid=payment.sid)
    if body.methodCompleted is None:
        method = wiring_authentication.method_step(payment)
        if method is not None:
            return json_answer(method)
    completed = body.methodCompleted or "U"
    step = authenticate.submit(payment, browser, completed, body.sealed)
    return json_answer(wiring_authentication.next_step(step.payment, body.sealed))

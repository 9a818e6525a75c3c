"""POST 3ds/{ticket}/results: the directory server's word on a challenge (RReq)."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud.request import Request
from tidegate.api.page import json_answer
from tidegate.runtime import wiring_authentication
from tidegate.runtime.observability import annotate
from tidegate.runtime.payer_pages import payer_endpoint

authenticate = wiring_authentication.authenticate_payer()


@payer_endpoint
def handler(request: Request) -> dict[str, Any]:
    """Written down; the browser's return goes on from there."""
    answer = wiring_authentication.result_in(request.raw)
    payment = authenticate.find_for_results(request.path_parameters["ticket"])
    annotate(payment_id=payment.trans_id, sid=payment.sid)
    authenticate.result(payment, answer)
    return json_answer(wiring_authentication.acknowledgement(request.raw))

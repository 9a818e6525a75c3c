"""POST 3ds/{ticket}/result: the access control server sends the browser back (CRes)."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud.request import Request
from tidegate.runtime import wiring_authentication
from tidegate.runtime.observability import annotate
from tidegate.runtime.payer_pages import payer_endpoint, redirect

authenticate = wiring_authentication.authenticate_payer()


@payer_endpoint
def handler(request: Request) -> dict[str, Any]:
    """What the directory server said of the challenge decides, not what the browser brings."""
    payment = authenticate.find(request.path_parameters["ticket"])
    annotate(payment_id=payment.trans_id, sid=payment.sid)
    if wiring_authentication.finishes_here(payment):
        payment = authenticate.finish(payment, wiring_authentication.session_data(request))
    return redirect(wiring_authentication.way_back(payment))

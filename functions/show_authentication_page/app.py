"""GET 3ds/{ticket}: the page on which a cardholder is authenticated, and its two handoffs."""

from __future__ import annotations

from typing import Any

from tidegate import pages
from tidegate.api.evocloud.request import Request
from tidegate.pages.handoff import form_page
from tidegate.runtime import wiring_authentication
from tidegate.runtime.payer_pages import payer_endpoint

authenticate = wiring_authentication.authenticate_payer()


@payer_endpoint
def handler(request: Request) -> dict[str, Any]:
    """``method`` and ``challenge`` are for merchants who run the steps on pages of their own."""
    payment = authenticate.find(request.path_parameters["ticket"])
    plain_http = wiring_authentication.plain_http()
    if request.path.endswith("/method-done"):  # the issuer's way back, in a hidden frame
        return form_page("", {}, plain_http=plain_http)
    if request.path.endswith("/method"):
        return form_page(*wiring_authentication.method_form(payment), plain_http=plain_http)
    if request.path.endswith("/challenge"):
        return form_page(*wiring_authentication.challenge_form(payment), plain_http=plain_http)
    return pages.answer(pages.authentication_page(plain_http=plain_http))

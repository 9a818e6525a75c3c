"""The pages of cardholder authentication, joined to what they need."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from tidegate.api.evocloud.request import Request
from tidegate.api.page import with_query
from tidegate.domain.authentication import CHALLENGE, AuthenticationAnswer
from tidegate.domain.errors import WrongStatus
from tidegate.domain.payment import Payment
from tidegate.domain.transitions import Status
from tidegate.networks.threeds.messages import (
    challenge_request,
    method_data,
    read_results_request,
    results_response,
)
from tidegate.runtime import bootstrap
from tidegate.services.authenticate_payer import AuthenticatePayer

Form = tuple[str, dict[str, str]]
MAX_SESSION = 2048


def authenticate_payer() -> AuthenticatePayer:
    return bootstrap.authenticate_payer()


def plain_http() -> bool:
    """Whether issuers may be reached without TLS: the sandbox's are."""
    return bootstrap.settings().stage == "local"


def method_form(payment: Payment) -> Form:
    """Address and fields of the issuer's 3DS method; empty where it has none."""
    if payment.status is not Status.VERIFYING or payment.authentication is None:
        return "", {}
    url = bootstrap.authenticate_payer().method_url(payment)
    if url is None:
        return "", {}
    page = bootstrap.payer_action().page(payment)
    data = method_data(payment.authentication.server_trans_id, f"{page}/method-done")
    return url, {"threeDSMethodData": data}


def method_step(payment: Payment) -> dict[str, Any] | None:
    """``next: method`` of the page, where there is one to run."""
    url, fields = method_form(payment)
    return {"next": "method", "url": url, **fields} if fields else None


def challenge_form(payment: Payment, sealed_secrets: str | None = None) -> Form:
    """Address and fields of an open challenge; raises WrongStatus where none is open."""
    known = payment.authentication
    if payment.status is not Status.VERIFYING or known is None or known.status != CHALLENGE:
        raise WrongStatus("no challenge is open")
    creq = challenge_request(known.server_trans_id, known.acs_trans_id, known.version)
    session = {"threeDSSessionData": sealed_secrets} if sealed_secrets else {}
    return known.challenge_url, {"creq": creq, **session}


def next_step(payment: Payment, sealed_secrets: str | None) -> dict[str, Any]:
    """What the page does after its browser was introduced."""
    known = payment.authentication
    if payment.status is Status.VERIFYING and known is not None and known.status == CHALLENGE:
        url, fields = challenge_form(payment, sealed_secrets)
        return {"next": "challenge", "url": url, **fields}
    return {"next": "done", "url": way_back(payment)}


def finishes_here(payment: Payment) -> bool:
    """Whether our page ends the payment by itself; merchants with pages of their own say when."""
    known = payment.authentication
    return known is not None and known.mode == "threeDSPage"


def way_back(payment: Payment) -> str:
    """Where the payer came from; raises WrongStatus where nobody said."""
    if payment.return_url is None:
        raise WrongStatus("the payer has nowhere to go back to")
    return with_query(payment.return_url, "status=finished")


def result_in(raw: bytes) -> AuthenticationAnswer:
    """The RReq's result; raises MalformedBody, InvalidValue."""
    return read_results_request(raw)[1]


def acknowledgement(raw: bytes) -> dict[str, Any]:
    """The RRes to an RReq."""
    return results_response(raw)


def session_data(request: Request) -> str | None:
    """What we gave the browser on its way to the access control server."""
    given = parse_qs(request.body_text()).get("threeDSSessionData", [""])[0]
    return given if 0 < len(given) <= MAX_SESSION else None

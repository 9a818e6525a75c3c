"""Answers as API Gateway takes them: JSON, always with ``result``, signed whenever the store is
known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tidegate.api.evocloud.authenticate import Caller
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.result_codes import code_of, message_of
from tidegate.api.evocloud.signature import sign, targets
from tidegate.domain.errors import MethodNotSupported, TidegateError, TooManyRequests
from tidegate.domain.legs import PLATFORM_ZONE
from tidegate.domain.store import Store

MAX_TRACE_ID = 128
LINKPAY_PATH = "/evo.e-commerce.linkpay"
SIGNATURE_HEADER = "X-Evo-Signature"
"""REST-type API Gateway renames a response header called Authorization; the edge maps this one to
it."""


def signed(
    request: Request, caller: Caller, body: Mapping[str, Any], now: float, status: int = 200
) -> dict[str, Any]:
    """The answer to an authenticated caller."""
    return _respond(request, body, now, caller.store, caller.key.secret, caller.target, status)


def refused(
    request: Request, error: TidegateError, now: float, store: Store | None, caller: Caller | None
) -> dict[str, Any]:
    """An error as an answer.

    If no key was proven, it is signed with the one that KeyID names, else the store's first; not
    at all if the store is unknown or the request carried no signature.
    """
    body, status = error_body(error, linkpay=LINKPAY_PATH in request.path), status_of(error)
    if caller is not None:
        answer = signed(request, caller, body, now, status)
        if isinstance(error, TooManyRequests):
            answer["headers"]["Retry-After"] = str(error.retry_after_s)
        return answer
    if store is None or not request.headers.get("authorization"):
        return _respond(request, body, now, None, "", "", status)
    target = next(targets(request.method, request.path, request.query))
    named = [key for key in store.sign_keys if key.key_id == request.headers.get("keyid")]
    secret = (named or store.sign_keys)[0].secret
    return _respond(request, body, now, store, secret, target, status)


def error_body(error: TidegateError, *, linkpay: bool = False) -> dict[str, Any]:
    """``result`` with the code, its text and, where one field is to blame, its name; a fault of
    ours says nothing more. LinkPay has codes of its own."""
    code = code_of(error, linkpay=linkpay)
    if code.startswith("E"):
        return {"result": {"code": code, "message": message_of(code)}}
    message, said = message_of(code, linkpay=linkpay), str(error).rstrip(".")
    if said != message:
        message += f": {said}"
    if error.field and error.field not in message:
        message += f" ({error.field})"
    return {"result": {"code": code, "message": message}}


def status_of(error: TidegateError) -> int:
    """200 for everything that was understood; 5xx is for our own faults alone."""
    if isinstance(error, MethodNotSupported):
        return 405
    if isinstance(error, TooManyRequests):
        return 429
    return 500 if error.code.startswith("E") else 200


def compact(body: Mapping[str, Any]) -> str:
    """JSON as it is signed and sent: no spaces, nothing escaped that need not be."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def stamp_of(now: float) -> str:
    """The DateTime header: when we answered."""
    return datetime.fromtimestamp(now, PLATFORM_ZONE).isoformat(timespec="seconds")


def _respond(
    request: Request,
    body: Mapping[str, Any],
    now: float,
    store: Store | None,
    secret: str,
    target: str,
    status: int = 200,
) -> dict[str, Any]:
    text, stamp = compact(body), stamp_of(now)
    msg_id = request.headers.get("msgid", "")
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "DateTime": stamp,
        "Cache-Control": "no-store",
    }
    if msg_id:
        headers["MsgID"] = msg_id
    if request.headers.get("keyid"):
        headers["KeyID"] = request.headers["keyid"]
    trace = request.headers.get("x-trace-id", "")
    if trace and len(trace) <= MAX_TRACE_ID and trace.isascii() and trace.isprintable():
        headers["X-Trace-Id"] = trace
    if store is not None:
        headers["SignType"] = store.sign_type
        headers[SIGNATURE_HEADER] = sign(
            store.sign_type, secret, request.method, target, stamp, msg_id, text
        )
    return {"statusCode": status, "headers": headers, "body": text, "isBase64Encoded": False}

"""Hooks for schemathesis: every request is for our store and signed, so that it gets past the
door."""

import hashlib
import os
import secrets
from datetime import UTC, datetime
from urllib.parse import urlsplit

import schemathesis
from requests import Request


@schemathesis.hook
def before_call(context, case, kwargs):
    case.path_parameters = {**(case.path_parameters or {}), "sid": os.environ["EVO_MERCHANT_SID"]}


@schemathesis.auth()
class Signed:
    """Six lines, SHA256 (contract, section 1.4)."""

    def get(self, case, context):
        return secrets.token_hex(16)

    def set(self, case, data, context):
        stamp = datetime.now(UTC).isoformat(timespec="seconds")
        case.path_parameters = {
            **(case.path_parameters or {}),
            "sid": os.environ["EVO_MERCHANT_SID"],
        }
        headers = dict(case.headers or {})
        for name in ("Idempotency-Key", "KeyID", "DateTime", "MsgID", "SignType"):
            headers.pop(name, None)
        case.headers = headers
        prepared = Request(**_only(case.as_transport_kwargs(base_url="http://127.0.0.1"))).prepare()
        body = prepared.body or b""
        body = body.encode() if isinstance(body, str) else body
        parts = urlsplit(prepared.url)
        query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
        path = parts.path
        unsigned = case.method.upper() == "POST" and path.endswith("/cryptogram")
        target = path if unsigned or not query else f"{path}?{query}"
        lines = [case.method.upper(), target, stamp, os.environ["EVO_SIGN_KEY"], data]
        text = "\n".join(lines).encode() + (b"\n" + body if body else b"")
        case.headers = {
            **headers,
            "DateTime": stamp,
            "MsgID": data,
            "SignType": "SHA256",
            "Authorization": hashlib.sha256(text).hexdigest(),
        }


def _only(kwargs):
    names = ("method", "url", "headers", "params", "data", "json", "files", "cookies")
    return {name: value for name, value in kwargs.items() if name in names}

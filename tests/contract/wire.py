"""API Gateway REST-proxy events as a signing merchant would cause them."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
from typing import Any

from tests.support.memory import VISA_CARD, a_store
from tidegate.domain.store import SignKey, Store

KEY = "k3yForDocsOnly0000000000000000ab"
SID = "S900001"
BASE = f"/g2/v1/payment/mer/{SID}"
MSG_ID = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
STAMP = "2025-03-04T17:10:11+08:00"


def store(**changes: Any) -> Store:
    """The store of the contract's test vectors."""
    return a_store(**({"sid": SID, "sign_keys": (SignKey("k1", KEY),)} | changes))


def a_payment_body() -> dict[str, Any]:
    return copy.deepcopy(
        {
            "merchantTransInfo": {
                "merchantTransID": "PAY-A1",
                "merchantTransTime": "2025-03-04T09:10:11Z",
            },
            "transAmount": {"currency": "HKD", "value": "88.00"},
            "paymentMethod": {
                "type": "card",
                "card": {
                    "cardInfo": {
                        "cardNumber": VISA_CARD,
                        "expiryDate": "1249",
                        "cvc": "321",
                        "holderName": "MEI CHAN",
                    }
                },
            },
            "transInitiator": {"platform": "WEB"},
            "metadata": "basket 17",
        }
    )


def a_change_body() -> dict[str, Any]:
    body = a_payment_body()
    return {name: body[name] for name in ("merchantTransInfo", "transAmount", "metadata")}


def hashed(sign_type: str, key: str, *lines: str) -> str:
    """The contract's own words, written again: six lines, empty ones dropped, joined by LF."""
    text = "\n".join(line for line in lines if line).encode()
    algorithm = "sha512" if "512" in sign_type else "sha256"
    if "HMAC" in sign_type:
        return hmac.new(key.encode(), text, algorithm).hexdigest()
    return hashlib.new(algorithm, text).hexdigest()


def event(
    method: str = "POST",
    operation: str = "payment",
    *,
    query: dict[str, list[str]] | None = None,
    signed_query: str = "",
    body: Any = "",
    headers: dict[str, str | list[str]] | None = None,
    sign_type: str = "SHA256",
    key: str = KEY,
) -> dict[str, Any]:
    """A signed event; ``headers`` replaces or, with "", removes some of them."""
    text = body if isinstance(body, str) else json.dumps(body)
    path = f"{BASE}/{operation}"
    target = f"{path}?{signed_query}" if signed_query else path
    sent: dict[str, str | list[str]] = {
        "DateTime": STAMP,
        "MsgID": MSG_ID,
        "SignType": sign_type,
        "Authorization": hashed(sign_type, key, method, target, STAMP, key, MSG_ID, text),
    }
    sent |= headers or {}
    many = {n: v if isinstance(v, list) else [v] for n, v in sent.items() if v}
    return {
        "httpMethod": method,
        "path": path,
        "pathParameters": {"sid": SID},
        "headers": {name: values[-1] for name, values in many.items()},
        "multiValueHeaders": many,
        "multiValueQueryStringParameters": query,
        "body": text or None,
        "isBase64Encoded": False,
    }

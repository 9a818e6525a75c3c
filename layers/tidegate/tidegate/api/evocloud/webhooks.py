"""Notifications to merchants (contract, sections 5.1 and 5.2): body and headers, not delivery."""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal
from urllib.parse import quote, urlsplit

from tidegate.api.evocloud.envelope import compact, stamp_of
from tidegate.api.evocloud.responses import operation_body, payment_body
from tidegate.api.evocloud.signature import sign
from tidegate.domain.payment import Payment, PaymentOperation
from tidegate.domain.store import Store

EventCode = Literal["Payment", "Capture", "Cancel", "Refund", "Verify"]

_OUTCOMES = {
    "Failed": "failed",
    "Cancelled": "cancelled",
    "Pending": "pending",
    "Received": "pending",
    "Cancelling": "pending",
    "Refunding": "pending",
}
_UNESCAPED = "/:@!$&'()*+,;=%"  # RFC 3986: what a path may hold, and escapes already made


def webhook_body(
    event_code: EventCode, payment: Payment, operation: PaymentOperation | None = None
) -> str:
    """Compact JSON, because a known receiver verifies over its own serialisation of it. Without
    ``result``, as the contract has it."""
    objects = operation_body(operation, payment) if operation else payment_body(payment)
    return compact({"eventCode": event_code, **objects})


def webhook_headers(
    store: Store,
    url: str,
    body: str,
    *,
    event_code: EventCode,
    status: str,
    msg_id: str,
    now: float,
) -> dict[str, str]:
    """Headers of one delivery: those of an API call, signed with the store's first key, and the
    four that the official SDK's helper checks.

    ``msg_id`` stays the same over all tries of a notification; ``now``, and with it both
    signatures, are those of this try. ``status`` is the wire status of what the event is about.
    """
    key, stamp = store.sign_keys[0], stamp_of(now)
    extra = hmac.new(key.secret.encode(), f"{stamp}.{body}".encode(), hashlib.sha256)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "DateTime": stamp,
        "MsgID": msg_id,
        "SignType": store.sign_type,
        "KeyID": key.key_id,
        "Authorization": sign(
            store.sign_type, key.secret, "POST", webhook_target(url), stamp, msg_id, body
        ),
        "x-evo-signature": extra.hexdigest(),
        "x-evo-timestamp": stamp,
        "x-evo-event-type": f"{event_code.lower()}.{_OUTCOMES.get(status, 'success')}",
        "x-evo-event-id": msg_id,
    }


def webhook_target(url: str) -> str:
    """Path and query of a webhook URL, as they are sent and signed."""
    parts = urlsplit(url)
    path = quote(parts.path or "/", safe=_UNESCAPED)
    query = quote(parts.query, safe=_UNESCAPED + "?")
    return f"{path}?{query}" if query else path

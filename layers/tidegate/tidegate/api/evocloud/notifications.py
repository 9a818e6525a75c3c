"""Notifications: the contract's body, and the headers that sign it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tidegate.api.evocloud import responses
from tidegate.api.evocloud.envelope import compact, stamp_of
from tidegate.api.evocloud.signature import sign
from tidegate.domain.events import Event
from tidegate.domain.payment import PaymentOperation
from tidegate.domain.store import Store


def notification_body(event: Event, operation: PaymentOperation | None) -> str:
    """Compact JSON: ``eventCode``, what was done, and the payment as it stood then."""
    body: Mapping[str, Any] = (
        responses.payment_body(event.payment)
        if operation is None
        else responses.operation_body(operation, event.payment)
    )
    return compact({"eventCode": event.code, **body})


def message_id(event: Event) -> str:
    """One id per logical notification, the same at every try."""
    payment = event.payment
    name = f"{payment.sid}/{payment.trans_id}/{event.sequence}/{event.code}"
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def notification_headers(
    store: Store, url: str, event: Event, body: str, now: float
) -> dict[str, str]:
    """The six-line signature under the store's newest key, and the extras that SDK helpers look
    for."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    key, stamp, msg_id = store.sign_keys[0], stamp_of(now), message_id(event)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "DateTime": stamp,
        "MsgID": msg_id,
        "SignType": store.sign_type,
        "KeyID": key.key_id,
        "Authorization": sign(store.sign_type, key.secret, "POST", target, stamp, msg_id, body),
        "X-Evo-Sequence": str(event.sequence),
        "x-evo-timestamp": stamp,
        "x-evo-event-type": event.code,
        "x-evo-event-id": msg_id,
        "x-evo-signature": hmac.new(
            key.secret.encode(), f"{stamp}.{body}".encode(), "sha256"
        ).hexdigest(),
    }

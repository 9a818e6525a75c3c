"""Notifications: the contract's body, and the headers that sign it."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlsplit

from tidegate.api.evocloud import responses, responses_orders, responses_tokens
from tidegate.api.evocloud.envelope import compact, stamp_of
from tidegate.api.evocloud.signature import sign
from tidegate.domain.events import Event, Subject
from tidegate.domain.payment import PaymentOperation
from tidegate.domain.store import Store
from tidegate.domain.tokens import StoredCard
from tidegate.domain.transitions import Operation
from tidegate.services.card_tokens import Tokenization

_PERSONAL = ("name", "email", "mobilePhone", "billingAddress", "deliveryAddress")
_PROOFS = ("cavv",)
_TOKENS = ("token", "networkToken", "recurringReference", "paymentAccountReference")


def notification_body(
    event: Event, subject: Subject | None, store: Store | None = None, *, with_tokens: bool = True
) -> str:
    """Compact JSON: ``eventCode``, what was done, and the payment as it stood then, in the terms
    that ``store`` has chosen.

    Tokens, authentication values and what payers said of themselves are for the merchant: whoever
    else is told gets the body without them.
    """
    body = {"eventCode": event_code(event, store), **_body(event, subject)}
    if store is not None and store.sdk_notices and event.payment.order is not None:
        body |= responses_orders.sdk_notice(event, subject, message_id(event))
    if not with_tokens:
        _leave_out(body.get("paymentMethod"), _TOKENS)
        _leave_out(body.get("userInfo"), _PERSONAL)
        _leave_out(body.get("authentication", {}).get("threeDS", {}).get("mpiData"), _PROOFS)
    return compact(body)


def _leave_out(part: Any, names: tuple[str, ...]) -> None:
    for name in names if isinstance(part, dict) else ():
        part.pop(name, None)


def _body(event: Event, subject: Subject | None) -> dict[str, Any]:
    payment = event.payment
    if isinstance(subject, PaymentOperation):
        if payment.order is not None and subject.kind is Operation.REFUND:
            return responses_orders.refund_notice(subject, payment)
        return responses.operation_body(subject, payment)
    card = subject if isinstance(subject, StoredCard) else None
    match payment.intent:
        case Operation.TOKENIZE:
            return responses_tokens.tokenization_body(Tokenization(payment, card))
        case Operation.CRYPTOGRAM:
            return responses_tokens.cryptogram_notice(payment, card)
        case Operation.PAYOUT:
            return responses_tokens.payout_body(payment)
    if payment.order is not None:
        return responses_orders.order_notice(payment)
    return responses.payment_body(payment)


def event_code(event: Event, store: Store | None) -> str:
    """``eventCode``; a refunded order's is the store's choice."""
    if store is not None and event.payment.order is not None and event.code == "Refund":
        return store.link_refund_event
    return event.code


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
        "x-evo-event-type": _event_type(store, event, body),
        "x-evo-event-id": msg_id,
        "x-evo-signature": hmac.new(
            key.secret.encode(), f"{stamp}.{body}".encode(), "sha256"
        ).hexdigest(),
    }


def _event_type(store: Store, event: Event, body: str) -> str:
    """The SDK's name of the event where the body has one."""
    told: dict[str, Any] = json.loads(body) if store.sdk_notices else {}
    return str(told.get("eventType", event_code(event, store)))

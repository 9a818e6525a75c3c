"""One line per refusal: what merchants get wrong every day, and, as ``audit``, what somebody may
have meant ill (docs/security.md).

No value of a request is repeated. Who asked is a claim until a signature proves it, and cut short.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tidegate.domain.errors import (
    Ambiguous,
    DuplicateOrder,
    DuplicateTransaction,
    InvalidValue,
    MalformedBody,
    OrderUnknown,
    RateUnknown,
    SignatureRejected,
    StoreInactive,
    StoreUnknown,
    TidegateError,
    TokenUnknown,
    TooManyRequests,
    TransactionUnknown,
    UserUnknown,
    VaultUnknown,
)
from tidegate.domain.store import Store
from tidegate.runtime.observability import log

KINDS: Mapping[type, str] = {
    SignatureRejected: "signature",
    StoreUnknown: "store",
    StoreInactive: "store",
    TransactionUnknown: "reference",
    OrderUnknown: "reference",
    TokenUnknown: "reference",
    UserUnknown: "reference",
    VaultUnknown: "reference",
    RateUnknown: "reference",
    DuplicateTransaction: "replay",
    DuplicateOrder: "replay",
    TooManyRequests: "rate",
    MalformedBody: "body",
    Ambiguous: "query",
}
FIELD_KINDS = {"body": "body", "webhook": "address", "returnURL": "address"}
"""Of values that are refused for what they could lead to."""
UNKNOWN_KEY = "unknown"
LONGEST_CLAIM = 64


def refused(
    error: TidegateError, event: Mapping[str, Any], store: Store | None = None, key_id: str = ""
) -> None:
    """Record that a request was refused; ``store`` is the one it claims to be of, ``key_id`` the
    key that it names, which is repeated only if the store has it: clients have sent secrets."""
    what = {"code": error.code, "field": error.field}
    kind = kind_of(error)
    if kind is None:
        log.info("refused", extra=what)
        return
    claimed = (event.get("pathParameters") or {}).get("sid")
    if claimed:
        what["sid"] = str(claimed)[:LONGEST_CLAIM]
    if key_id:
        known = store is not None and any(key.key_id == key_id for key in store.sign_keys)
        what["key_id"] = key_id if known else UNKNOWN_KEY
    caller = (event.get("requestContext") or {}).get("identity") or {}
    log.warning("audit", extra={"kind": kind, "address": caller.get("sourceIp"), **what})


def webhook_refused(store: Store, url: str) -> None:
    """Record that a webhook would have led into our own network, or not by https."""
    host = urlsplit(url).hostname or ""
    what = {"kind": "address", "field": "webhook", "host": host[:LONGEST_CLAIM]}
    log.warning("audit", extra={"sid": store.sid, **what})


def kind_of(error: TidegateError) -> str | None:
    """What a refusal may be a sign of; None for an ordinary mistake."""
    for one in type(error).__mro__:
        if one in KINDS:
            return KINDS[one]
    return FIELD_KINDS.get(error.field or "") if isinstance(error, InvalidValue) else None

"""From an API Gateway event to an answer: prove the caller, parse, call one service, sign."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from tidegate.api.evocloud import envelope
from tidegate.api.evocloud.authenticate import Caller, authenticate
from tidegate.api.evocloud.request import Request
from tidegate.domain.errors import (
    InvalidValue,
    SignatureRejected,
    StoreInactive,
    TidegateError,
    TooManyRequests,
)
from tidegate.domain.legs import PLATFORM_ZONE
from tidegate.domain.payment import IdempotencyRecord
from tidegate.domain.store import Store
from tidegate.runtime import bootstrap
from tidegate.runtime.observability import annotate, instrument, log

Body = dict[str, Any]
Operation = Callable[[Request, Store], Body]
Handler = Callable[[dict[str, Any], object], dict[str, Any]]
IDEMPOTENCY_KEY_BYTES = 64
LOOK_AGAIN_S = 1.0
"""Once a second, a signature that does not hold lets a process read its store anew: a new key
counts at once, and whoever sends rubbish causes no more reads than that."""
ON_EXISTING_PAYMENTS = ("capture", "cancel", "refund")
"""In the paths of operations that finish what was begun; they are refused last."""


def endpoint(operation: Operation) -> Handler:
    """A Lambda handler for one operation of the merchant API.

    ``operation`` gets the request and the store that sent it and gives the answer's body; every
    TidegateError becomes
    the documented result code, anything else E0000.
    """

    @instrument
    def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
        now = bootstrap.clock().now()
        exchange = _Exchange(Request("", "", [], _lenient_headers(event), b""))
        try:
            exchange.request = Request.of(event)
            exchange.authenticate(event["pathParameters"]["sid"], now)
            return exchange.answer(operation, now)
        except TidegateError as error:
            from tidegate.runtime import audit  # most requests are not refused

            audit.refused(error, event, exchange.store, exchange.request.headers.get("keyid", ""))
            return exchange.refuse(error, now)
        except Exception:  # noqa: BLE001  the merchant gets E0000, the log the rest
            log.exception("failed")
            return exchange.refuse(TidegateError(), now)

    return handler


def today() -> date:
    """The platform's date, by which expiry dates are read."""
    return datetime.fromtimestamp(bootstrap.clock().now(), PLATFORM_ZONE).date()


def idempotency(request: Request, store: Store, trans_id: str) -> IdempotencyRecord | None:
    """What the request's Idempotency-Key will stand for; raises InvalidValue for one too long."""
    key = request.headers.get("idempotency-key")
    if not key:
        return None
    if len(key.encode("utf-8", "surrogatepass")) > IDEMPOTENCY_KEY_BYTES:
        raise InvalidValue(f"at most {IDEMPOTENCY_KEY_BYTES} bytes", field="Idempotency-Key")
    parts = (request.method, request.path, repr(sorted(request.query)), request.body_text())
    fingerprint = hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return IdempotencyRecord(store.sid, key, trans_id, fingerprint)


class _Exchange:
    """What is known of a request so far: its answer is signed as well as that allows."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.store: Store | None = None
        self.caller: Caller | None = None

    def authenticate(self, sid: str, now: float) -> None:
        annotate(sid=sid)
        known = self.store = bootstrap.stores().get(sid)
        try:
            self.caller = authenticate(self.request, known, now)
        except SignatureRejected:  # its key may have been made since we last looked
            self.store = bootstrap.stores().get(sid, max_age_s=LOOK_AGAIN_S)
            if self.store is known:
                raise
            self.caller = authenticate(self.request, self.store, now)
        if not self.store.active:
            raise StoreInactive
        if self.request.method != "GET":
            self._admit(self.store)

    def _admit(self, store: Store) -> None:
        """Only proven requests count. What cannot be counted is let through: a limit that is late
        does less harm than payments that are refused for our own fault."""
        urgent = any(word in self.request.path.lower() for word in ON_EXISTING_PAYMENTS)
        try:
            bootstrap.traffic().admit(store, urgent=urgent)
        except TooManyRequests:
            raise
        except Exception:  # noqa: BLE001  see above
            log.exception("not counted")

    def answer(self, operation: Operation, now: float) -> dict[str, Any]:
        assert self.store is not None
        assert self.caller is not None
        body = operation(self.request, self.store)
        return envelope.signed(self.request, self.caller, body, now)

    def refuse(self, error: TidegateError, now: float) -> dict[str, Any]:
        return envelope.refused(self.request, error, now, self.store, self.caller)


def _lenient_headers(event: dict[str, Any]) -> dict[str, str]:
    """Enough to answer a request whose headers are refused."""
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}

"""Who sends this request: the store in the path, proven by the signature under one of its live
keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from tidegate.api.evocloud.request import MAX_HEADER_BYTES, Request
from tidegate.api.evocloud.signature import verified_target
from tidegate.domain.errors import SignatureRejected
from tidegate.domain.store import SignKey, Store

_COMPACT = "%Y%m%d%H%M%S%z"
SIGNED_HEADERS = ("DateTime", "MsgID", "SignType", "Authorization")


@dataclass(frozen=True)
class Caller:
    """A store that has proven itself, and what its answer is signed over."""

    store: Store
    key: SignKey = field(repr=False)
    target: str
    """Path and query as they were signed."""


def authenticate(request: Request, store: Store, now: float) -> Caller:
    """The caller; raises SignatureRejected naming the header that is missing or wrong."""
    for name in SIGNED_HEADERS:
        if not request.headers.get(name.lower()):
            raise SignatureRejected(f"the header {name} is missing", field=name)
    if request.method == "GET" and request.raw:
        # See Request.body: a refusal of ours would pass as the body of a GET, which nobody reads.
        raise SignatureRejected("GET takes no body", field="body")
    stamp, msg_id = request.headers["datetime"], request.headers["msgid"]
    if len(msg_id.encode("utf-8", "surrogatepass")) > MAX_HEADER_BYTES:
        raise SignatureRejected(f"MsgID has more than {MAX_HEADER_BYTES} bytes", field="MsgID")
    if request.headers["signtype"] != store.sign_type:
        raise SignatureRejected(f"SignType must be {store.sign_type}", field="SignType")
    _check_skew(store, stamp, now)
    for key in _candidates(request, store):
        target = verified_target(
            request.headers["authorization"],
            sign_type=store.sign_type,
            key=key.secret,
            method=request.method,
            path=request.path,
            query=request.query,
            stamp=stamp,
            msg_id=msg_id,
            body=request.body_text(),
        )
        if target is not None:
            return Caller(store, key, target)
    raise SignatureRejected("the signature does not match", field="Authorization")


def _candidates(request: Request, store: Store) -> tuple[SignKey, ...]:
    key_id = request.headers.get("keyid")
    if not key_id:
        return store.sign_keys
    return tuple(key for key in store.sign_keys if key.key_id == key_id)


def _check_skew(store: Store, stamp: str, now: float) -> None:
    if store.max_skew_s is None:
        return
    sent = _parsed(stamp)
    if sent is None or abs(sent - now) > store.max_skew_s:
        raise SignatureRejected("DateTime is too far from our clock", field="DateTime")


def _parsed(stamp: str) -> float | None:
    """Unix seconds of any of the formats that known clients send; None for others."""
    try:
        parsed = datetime.fromisoformat(stamp)
    except ValueError:
        try:
            parsed = datetime.strptime(stamp, _COMPACT)  # noqa: DTZ007  it has %z
        except ValueError:
            return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()

"""Signatures of the EVO Cloud merchant API: six lines joined by LF, empty ones dropped with their
break.

Method, path with query, DateTime, sign key, MsgID, body. The query is signed with its
still-encoded parts sorted as byte
strings. Clients differ in how they encode, and API Gateway hands the query over decoded, so a
request counts as signed
if any spelling that means the same was signed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from itertools import chain
from urllib.parse import quote, quote_plus, unquote

SIGN_TYPES = ("SHA256", "SHA512", "HMAC-SHA256", "HMAC-SHA512")
UNSIGNED_QUERY = "/cryptogram"
"""POSTs to paths with this ending leave the query out of line 2."""

Query = Sequence[tuple[str, str]]
"""Decoded names and values, in no particular order."""


def sign(
    sign_type: str, key: str, method: str, target: str, stamp: str, msg_id: str, body: str
) -> str:
    """The signature in lower-case hex. ``target`` is the path with its query, as signed."""
    text = "\n".join(line for line in (method, target, stamp, key, msg_id, body) if line)
    algorithm = "sha512" if sign_type.endswith("512") else "sha256"
    raw = text.encode("utf-8", "replace")  # no text that we are handed may be our fault
    if sign_type.startswith("HMAC-"):
        return hmac.new(key.encode(), raw, algorithm).hexdigest()
    return hashlib.new(algorithm, raw).hexdigest()


def verified_target(
    signature: str,
    *,
    sign_type: str,
    key: str,
    method: str,
    path: str,
    query: Query,
    stamp: str,
    msg_id: str,
    body: str,
) -> str | None:
    """The spelling of path and query that was signed; None if none was. Constant time per
    spelling."""
    given = signature.strip().lower().encode("utf-8", "replace")
    found = None
    for target in targets(method, path, query):
        expected = sign(sign_type, key, method, target, stamp, msg_id, body).encode()
        if hmac.compare_digest(given, expected) and found is None:
            found = target
    return found


def targets(method: str, path: str, query: Query) -> Iterator[str]:
    """Every accepted spelling of path and query; the plain one first."""
    paths = dict.fromkeys((path, unquote(path), quote(unquote(path), safe="/", errors="replace")))
    queries = list(dict.fromkeys(_spellings(query)))
    if method == "POST" and path.endswith(UNSIGNED_QUERY):
        queries.insert(0, "")
    for one in paths:
        for spelled in queries:
            yield f"{one}?{spelled}" if spelled else one


def _spellings(query: Query) -> Iterator[str]:
    """The query encoded in the ways that clients do it, sorted and as received."""
    for encode in (_percent, _plus, _javascript, _bare):
        parts = [f"{encode(name)}={encode(value)}" for name, value in query]
        yield from ("&".join(order) for order in (sorted(parts), parts))


def _percent(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _plus(text: str) -> str:
    return quote_plus(text, errors="replace")


def _javascript(text: str) -> str:
    return quote(text, safe="!'()*", errors="replace")


def _bare(text: str) -> str:
    return text


def flatten(multi: dict[str, list[str]] | None) -> list[tuple[str, str]]:
    """API Gateway's ``multiValueQueryStringParameters`` as pairs."""
    pairs = ([(name, value) for value in values] for name, values in (multi or {}).items())
    return list(chain.from_iterable(pairs))

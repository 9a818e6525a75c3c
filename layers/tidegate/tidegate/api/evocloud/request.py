"""One request as API Gateway hands it over, read strictly: what is malformed is refused, never
guessed."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegate.api.evocloud.signature import Query, flatten
from tidegate.domain.errors import (
    Ambiguous,
    EmptyBody,
    InvalidValue,
    MalformedBody,
    SignatureRejected,
)

MAX_BODY_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_DIGITS = 40
MAX_HEADER_BYTES = 1024
SINGLE_HEADERS = ("authorization", "datetime", "msgid", "signtype", "keyid", "idempotency-key")


@dataclass(frozen=True)
class Request:
    """A merchant's request; header names are lower case."""

    method: str
    path: str
    """Without the stage."""
    query: Query
    headers: Mapping[str, str] = field(repr=False)
    raw: bytes = field(repr=False)
    path_parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Request:
        """Read a REST proxy event. Raises SignatureRejected for a header given twice."""
        return cls(
            method=event["httpMethod"],
            path=event["path"],
            query=flatten(event.get("multiValueQueryStringParameters")),
            headers=_headers(event),
            raw=_raw(event),
            path_parameters=event.get("pathParameters") or {},
        )

    def parameter(self, name: str) -> str | None:
        """A query parameter; None if it is absent or empty. Raises Ambiguous for one that is given
        more than once."""
        values = [value for given, value in self.query if given == name]
        if len(values) > 1:
            raise Ambiguous("given more than once in the query", field=name)
        return values[0] or None if values else None

    def body_text(self) -> str:
        """The body as it was signed; raises MalformedBody if it is not UTF-8, InvalidValue if too
        large."""
        if len(self.raw) > MAX_BODY_BYTES:
            raise InvalidValue(f"the body has more than {MAX_BODY_BYTES} bytes", field="body")
        try:
            return self.raw.decode("utf-8")
        except UnicodeDecodeError:
            raise MalformedBody("the body is not UTF-8") from None

    def body(self) -> dict[str, Any]:
        """The body's JSON object; raises EmptyBody, MalformedBody for anything else, duplicate
        keys included, and SignatureRejected for an answer of ours that somebody sends back.

        Answers are signed in the same form as requests, refusals of strangers too: without this,
        the signature on a refusal would be good for a request with the refusal as its body.
        """
        text = self.body_text()
        if not text.strip():
            raise EmptyBody
        _check_depth(text)
        try:
            parsed = json.loads(
                text,
                object_pairs_hook=_unique,
                parse_constant=_no_constant,
                parse_int=_short_number,
                parse_float=_short_number,
            )
        except MalformedBody:
            raise
        except (ValueError, RecursionError):
            raise MalformedBody from None
        if not isinstance(parsed, dict):
            raise MalformedBody("the body is no JSON object")
        if "result" in parsed:
            raise SignatureRejected("an answer is no request", field="result")
        return parsed


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    multi: Mapping[str, list[str]] = event.get("multiValueHeaders") or {}
    if not multi:
        multi = {name: [value] for name, value in (event.get("headers") or {}).items()}
    found: dict[str, str] = {}
    for name, values in multi.items():
        lower = name.lower()
        if lower in SINGLE_HEADERS and (len(values) > 1 or lower in found):
            raise SignatureRejected(f"the header {name} is given more than once", field=name)
        found[lower] = values[-1]
    return found


def _raw(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise MalformedBody from None


def _check_depth(text: str) -> None:
    """Refuse deep nesting before the parser recurses into it."""
    depth = 0
    quoted = escaped = False
    for char in text:
        if quoted:
            quoted = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            quoted = True
        elif char in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise MalformedBody(f"the body is nested deeper than {MAX_DEPTH} levels")
        elif char in "]}":
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedBody("a key is given twice in one object")
    return found


def _no_constant(_name: str) -> Any:
    raise MalformedBody("NaN and Infinity are no JSON")


def _short_number(text: str) -> int | float:
    """Numbers stay numbers, to be refused where text belongs; one of absurd length is never
    read digit by digit."""
    return float(text) if len(text) > MAX_DIGITS or set(text) & set(".eE") else int(text)

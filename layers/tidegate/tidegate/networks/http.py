"""One HTTP exchange with a network's service, told apart by what can have happened there."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tidegate.domain.errors import NotSent, Unanswered

CONNECT_S = 2.0
MAX_ANSWER_BYTES = 256 * 1024
_CHUNK = 16 * 1024


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def exchange(
    url: str,
    method: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout_s: float,
) -> HttpAnswer:
    """One request, one answer, one connection, within ``timeout_s`` altogether.

    Raises NotSent if no byte of the request left us, Unanswered if its answer did not come whole.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    deadline = time.monotonic() + timeout_s
    connection = kind(parts.hostname or "", parts.port, timeout=min(CONNECT_S, timeout_s))
    try:
        connection.connect()
    except OSError:
        connection.close()
        raise NotSent(f"{parts.hostname} cannot be reached") from None
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.sock.settimeout(_left(deadline))
        connection.request(method, target, body=body, headers=dict(headers))
        response = connection.getresponse()
        content = _content(connection, response, deadline)
    except (OSError, http.client.HTTPException):
        raise Unanswered(f"{parts.hostname} did not answer") from None
    finally:
        connection.close()
    given = {name.lower(): value for name, value in response.getheaders()}
    return HttpAnswer(response.status, given, content)


def _content(
    connection: http.client.HTTPConnection, response: http.client.HTTPResponse, deadline: float
) -> bytes:
    """The whole body; a socket's own timeout starts anew with every byte, so it is set anew."""
    found = bytearray()
    while True:
        if connection.sock is not None:
            connection.sock.settimeout(_left(deadline))
        piece = response.read1(_CHUNK)
        if not piece:
            break
        found += piece
        if len(found) > MAX_ANSWER_BYTES:
            raise http.client.HTTPException
    if response.length:  # it was cut off
        raise http.client.IncompleteRead(bytes(found))
    return bytes(found)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left

"""Connections whose other side has said beforehand all that it will ever say."""

from __future__ import annotations

import http.client
import io
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast
from unittest.mock import patch
from urllib.parse import parse_qsl

from sandbox.web import Exchange


class Wire:
    """As much of a socket as is used; nothing leaves the process."""

    def __init__(self, said: bytes) -> None:
        self._said = io.BytesIO(said)
        self.heard = bytearray()

    def recv(self, count: int, flags: int = 0) -> bytes:
        if flags & socket.MSG_PEEK:
            raise BlockingIOError  # nothing yet: the other side speaks when it was spoken to
        return self._said.read(count)

    def send(self, data: bytes) -> int:
        self.heard += data
        return len(data)

    def sendall(self, data: bytes) -> None:
        self.heard += data

    def makefile(self, _mode: str, *_buffering: object) -> io.BufferedIOBase:
        return io.BufferedReader(cast("io.RawIOBase", io.BytesIO(self._said.read())))

    def settimeout(self, _timeout_s: float) -> None:
        """It is never waited for."""

    def setblocking(self, _blocking: bool) -> None:
        """As above."""

    def shutdown(self, _how: int) -> None:
        """There is nothing to shut."""

    def close(self) -> None:
        """Nor to close."""


def as_socket(said: bytes) -> socket.socket:
    return cast("socket.socket", Wire(said))


@contextmanager
def answering(said: bytes) -> Iterator[None]:
    """Every HTTP connection that is made gets these bytes for an answer."""

    def connect(connection: http.client.HTTPConnection) -> None:
        connection.sock = as_socket(said)

    with patch.object(http.client.HTTPConnection, "connect", connect):
        yield


def posted(path: str, body: bytes | dict[str, Any], *headers: str) -> bytes:
    """A POST as its bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1:1", f"Content-Length: {len(raw)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + raw


def served(exchange: Callable[..., Exchange], said: bytes) -> bytes:
    """What a server answers to these bytes; nothing if it closes the connection."""
    wire = Wire(said)
    exchange(wire, ("127.0.0.1", 1), None)
    return bytes(wire.heard)


def event_of(said: bytes) -> dict[str, Any]:
    """An HTTP request as API Gateway would hand it over, as far as it would."""
    head, _, body = said.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    path, _, query = rest.rpartition(" ")[0].partition("?")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name, []).append(value.strip())
    parameters: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        parameters.setdefault(name, []).append(value)
    return {
        "httpMethod": method,
        "path": path,
        "pathParameters": {"merchantOrderID": path.rpartition("/")[2]},
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "multiValueQueryStringParameters": parameters or None,
        "body": body.decode("utf-8", "replace") or None,
        "isBase64Encoded": False,
    }

"""The little of HTTP that the sandbox needs, over the standard library's server."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

MAX_BODY_BYTES = 64 * 1024 * 1024
MAX_LENGTH_DIGITS = 12
LOOPBACK = "127.0.0.1"


class BadRequest(Exception):
    """Answered with ``status`` and the message as its sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def json_object(body: bytes) -> dict[str, Any] | None:
    """The object that a body holds; None if it holds none, or half a character (of a surrogate
    pair), which can be neither hashed nor kept."""
    try:
        parsed = json.loads(body)
        json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


class Exchange(BaseHTTPRequestHandler):
    """One request; subclasses answer it in ``respond``."""

    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""

    def respond(self) -> None:
        """Answer the request by one of the ``send_`` methods; may raise `BadRequest`."""
        raise BadRequest(404, "There is nothing here.")

    def read_body(self) -> bytes:
        """The whole body; raises `BadRequest` if its length is unknown or too large."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.close_connection = True
            raise BadRequest(411, "The body needs a Content-Length.")
        if len(length) > MAX_LENGTH_DIGITS or int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            raise BadRequest(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
        return self.rfile.read(int(length))

    def send_content(self, status: int, content: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def send_json(self, status: int, value: Any) -> None:
        self.send_content(status, json.dumps(value).encode(), "application/json")

    def send_nothing(self, status: int) -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def _handle(self) -> None:
        self.body = b""
        try:
            self.body = self.read_body()
            self.respond()
        except BadRequest as error:
            self.send_json(error.status, {"error": str(error)})

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _handle  # noqa: N815  named by the library

    @property
    def route(self) -> str:
        return urlsplit(self.path).path

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: a request may carry card data, and stdout belongs to the ready line."""


class WebServer:
    """Serves a kind of `Exchange` in threads of its own."""

    def __init__(self, exchange: Callable[..., Exchange], port: int) -> None:
        self._server = _Server((LOOPBACK, port), exchange)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.port: int = self._server.server_address[1]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone away is no error of ours; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

"""The HTTP front: the place of CloudFront on this machine, and no more than that.

Maps `/g2/...` to the API's address in the embedded AWS, and the response header
`X-Evo-Signature` to `Authorization` (REST-type API Gateway would rename a header of that name).
`GET /` answers 200, `/openapi.json` the API's document. Bodies and raw query strings pass
unchanged.
"""

import argparse
import http.client
import json
import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from local.errors import LocalError

PREFIX = "/g2/"
OPENAPI = "/openapi.json"
SIGNATURE = "x-evo-signature"
UPSTREAM_TIMEOUT_S = 40.0
IDLE_TIMEOUT_S = 120
LARGEST_BODY = 10 * 1024 * 1024  # API Gateway's limit
LISTEN_QUEUE = 128
LENGTH = re.compile(r"[0-9]{1,9}")
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[^\r\n]*)?\r\n")
DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
"""Would lead out of the API, into the engine beneath it."""
# RFC 9110 7.6.1: these belong to one connection and are not forwarded.
HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
UNREACHABLE = b'{"result":{"code":"E0000","message":"the embedded AWS does not answer"}}'
NOT_FOUND = b'{"result":{"code":"C0001","message":"no such path"}}'
REFUSED = b'{"result":{"code":"V0000","message":"the request is not HTTP, or larger than 10 MB"}}'


class BadRequestError(Exception):
    """The request is not HTTP as it should be, or too large; carries the status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Front(ThreadingHTTPServer):
    """Serves on 127.0.0.1; each client connection has a thread and a connection upstream."""

    daemon_threads = True
    request_queue_size = LISTEN_QUEUE

    def __init__(
        self, port: int, upstream_port: int, upstream_path: str, openapi: bytes = b""
    ) -> None:
        self.openapi = openapi
        self.upstream_port = upstream_port
        self.upstream_path = upstream_path.rstrip("/")
        super().__init__(("127.0.0.1", port), _Handler)


def response_headers(headers: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The headers for the client: connection headers left out, the signature under its name."""
    for name, value in headers:
        lowered = name.lower()
        if lowered == SIGNATURE:
            yield "Authorization", value
        elif lowered not in HOP_BY_HOP and lowered != "content-length":
            yield name, value


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet per answer
    timeout = IDLE_TIMEOUT_S
    server: Front
    upstream: http.client.HTTPConnection | None = None

    def handle_any(self) -> None:
        try:
            body = self._read_body()
        except BadRequestError as refused:
            self._refuse(refused.status)
            return
        if DOT_SEGMENT.search(self.path.partition("?")[0]):
            self._refuse(400)
        elif self.path.startswith(PREFIX):
            self._forward(body)
        elif self.path == OPENAPI and self.server.openapi and self.command in ("GET", "HEAD"):
            self._answer(200, [("Content-Type", "application/json")], self.server.openapi)
        elif self.path == "/" and self.command in ("GET", "HEAD"):
            self._answer(200, [("Content-Type", "text/plain")], b"Tidegate\n")
        else:
            self._answer(404, [("Content-Type", "application/json")], NOT_FOUND)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_any  # noqa: N815

    def _read_body(self) -> bytes:
        """RFC 9112 6.3, of two ways to read it none: whoever is behind us must see the same end."""
        if self.headers.defects or any("\n" in one for one in self.headers.values()):
            raise BadRequestError(400)  # a line that is no header, or goes on in the next one
        codings = self.headers.get_all("Transfer-Encoding", [])
        lengths = self.headers.get_all("Content-Length", [])
        if codings:
            if lengths or [one.strip(" \t").lower() for one in codings] != ["chunked"]:
                raise BadRequestError(400)
            return b"".join(self._chunks())
        if not lengths:
            return b""
        if len(lengths) > 1 or not LENGTH.fullmatch(lengths[0]):
            raise BadRequestError(400)
        if int(lengths[0]) > LARGEST_BODY:
            raise BadRequestError(413)
        return self.rfile.read(int(lengths[0]))

    def _chunks(self) -> Iterator[bytes]:
        total = 0
        while True:
            head = CHUNK.fullmatch(self.rfile.readline(64))
            if head is None:
                raise BadRequestError(400)
            size = int(head[1], 16)
            total += size
            if total > LARGEST_BODY:
                raise BadRequestError(413)
            chunk = self.rfile.read(size)
            if self.rfile.readline(64) != b"\r\n":  # trailers are of no use to us
                raise BadRequestError(400)
            if not size:
                return
            yield chunk

    def _forward(self, body: bytes) -> None:
        try:
            answer = self._exchange(body)
        except (http.client.InvalidURL, UnicodeError):
            self._answer(400, [("Content-Type", "application/json")], REFUSED)
            return
        except (OSError, http.client.HTTPException):
            self._close_upstream()
            self._answer(503, [("Content-Type", "application/json")], UNREACHABLE)
            return
        self._answer(answer.status, list(response_headers(answer.getheaders())), answer.read())

    def _exchange(self, body: bytes) -> http.client.HTTPResponse:
        """Forward the request once; never again, as the first try may have been carried out."""
        if self.upstream is not None and _is_closed(self.upstream):
            self._close_upstream()
        if self.upstream is None:
            self.upstream = http.client.HTTPConnection(
                "127.0.0.1", self.server.upstream_port, timeout=UPSTREAM_TIMEOUT_S
            )
            self.upstream.connect()
            self.upstream.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        path = self.server.upstream_path + self.path
        self.upstream.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP_BY_HOP and name.lower() != "content-length":
                self.upstream.putheader(name, value)
        self.upstream.putheader("Content-Length", str(len(body)))
        self.upstream.endheaders(body)
        return self.upstream.getresponse()

    def _close_upstream(self) -> None:
        if self.upstream is not None:
            self.upstream.close()
            self.upstream = None

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _refuse(self, status: int) -> None:
        """What no function sees leaves its audit record here."""
        self.close_connection = True
        self._answer(status, [("Content-Type", "application/json")], REFUSED)
        record = {"message": "audit", "kind": "request", "status": status}
        print(json.dumps({**record, "address": self.client_address[0]}), flush=True)

    def send_error(self, code: int, *_: object) -> None:
        """Instead of the library's page, which repeats what it was sent."""
        self.command = self.command or "GET"
        self._refuse(code)

    def finish(self) -> None:
        self._close_upstream()
        super().finish()

    def log_message(self, *_: object) -> None:
        """Nothing: a request line may hold ids that belong in no log."""


def _is_closed(connection: http.client.HTTPConnection) -> bool:
    """Whether the other side has closed an idle connection: then reading does not block."""
    sock = connection.sock
    if sock is None:
        return True
    sock.setblocking(False)
    try:
        return not sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        sock.settimeout(UPSTREAM_TIMEOUT_S)


def serve(port: int, upstream_port: int, upstream_path: str, openapi: bytes) -> None:
    """Serve until the process ends.

    Raises:
        LocalError: the port is taken.
    """
    try:
        front = Front(port, upstream_port, upstream_path, openapi)
    except OSError:
        raise LocalError(f"Port {port} is taken: stop what uses it, or choose PORT=….") from None
    print(f"HTTP front on http://127.0.0.1:{port}", flush=True)
    front.serve_forever()


def main() -> int:
    """Entry point of the process that serves the front."""
    parser = argparse.ArgumentParser(prog="local.front")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream-port", type=int, required=True)
    parser.add_argument("--upstream-path", required=True)
    parser.add_argument("--openapi", type=Path, help="a document that is served as it is")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    try:
        openapi = options.openapi.read_bytes() if options.openapi else b""
        serve(options.port, options.upstream_port, options.upstream_path, openapi)
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

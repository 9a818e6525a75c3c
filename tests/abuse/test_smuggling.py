"""Two servers in a row must agree where a request ends: the front in the place of CloudFront takes
a body by one rule alone, and hands on nothing that the next could read otherwise."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.front import Front
from local.merchant_client import Merchant
from local.stack import Stack
from tests.abuse.conftest import Audited
from tests.abuse.wire import a_payment, signed, spoken

NewId = Callable[[str], str]
pytestmark = pytest.mark.xdist_group("abuse")
POST = b"POST /g2/x HTTP/1.1\r\nHost: h\r\n"
HIDDEN = b"POST /g2/hidden HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"


class _Behind(BaseHTTPRequestHandler):
    """Writes down what reaches it."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def behind() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """The front's address, and what the server behind it has seen."""
    seen: list[tuple[str, bytes]] = []
    handler = type("Behind", (_Behind,), {"seen": seen})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    front = Front(0, server.server_address[1], "/api")
    for one in (server, front):
        threading.Thread(target=one.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{front.server_address[1]}", seen
    for one in (front, server):
        one.shutdown()
        one.server_close()


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
        b"Content-Length: 0\r\nContent-Length: 56\r\n",
        b"Content-Length: 0, 56\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: +4\r\n",
        b"Content-Length: 0x4\r\n",
        b"Content-Length: 1_0\r\n",
        b"Content-Length: \xb2\r\n",
        b"Content-Length:\r\n",
        b"Content-Length : 4\r\n",
        b" Content-Length: 4\r\n",
        b"X: a\r\n\tContent-Length: 4\r\nContent-Length: 0\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b'Transfer-Encoding: "chunked"\r\n',
        b"Transfer-Encoding:\x0bchunked\r\n",
        b"Transfer-Encoding\x00: chunked\r\n",
    ],
)
def test_a_body_whose_end_is_doubtful_goes_nowhere(
    behind: tuple[str, list[tuple[str, bytes]]], lines: bytes
) -> None:
    address, seen = behind
    heard = spoken(address, POST + lines + b"\r\n0\r\n\r\n" + HIDDEN, patience_s=2)
    assert heard.startswith(b"HTTP/1.1 400 ")
    assert heard.count(b"HTTP/1.1 ") == 1, "the connection ends with the first refusal"
    assert b"Connection: close" in heard
    assert seen == []


@pytest.mark.parametrize(
    "chunks",
    [
        b"-1\r\n",
        b"+5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"5\nhello\r\n0\r\n\r\n",
        b"5\r\nhelloXX0\r\n\r\n",
        b"3\r\nhello\r\n0\r\n\r\n",
        b"fffffffff\r\n",
        b"ffffffff\r\n",
        b"1" * 70 + b"\r\n",
        b"0\r\nX-Trailer: 1\r\n\r\n",
    ],
)
def test_a_chunk_is_as_long_as_it_says(
    behind: tuple[str, list[tuple[str, bytes]]], chunks: bytes
) -> None:
    address, seen = behind
    sent = POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + HIDDEN
    heard = spoken(address, sent, patience_s=2)
    assert heard.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 "))
    assert heard.count(b"HTTP/1.1 ") == 1
    assert seen == []


@pytest.mark.parametrize(
    "target",
    ["/g2/../hidden", "/g2/%2e%2e/hidden", "/g2/.%2E/hidden", "/g2/x/..", "/g2/./../hidden"],
)
def test_no_path_leads_beneath_the_api(
    behind: tuple[str, list[tuple[str, bytes]]], target: str
) -> None:
    address, seen = behind
    heard = spoken(address, f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode(), patience_s=2)
    assert heard.startswith(b"HTTP/1.1 400 ")
    assert seen == []


@pytest.mark.parametrize(
    "sent",
    [
        POST + b"Content-Length: 5\r\n\r\nhello" + HIDDEN,
        POST + b"Transfer-Encoding: chunked\r\n\r\n5;x=1\r\nhello\r\n0\r\n\r\n" + HIDDEN,
        POST + b"Transfer-Encoding: Chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n" + HIDDEN,
    ],
)
def test_what_is_clear_is_handed_on_as_two(
    behind: tuple[str, list[tuple[str, bytes]]], sent: bytes
) -> None:
    address, seen = behind
    spoken(address, sent, patience_s=1)
    assert seen == [("/api/g2/x", b"hello"), ("/api/g2/hidden", b"")]


@pytest.mark.e2e
def test_a_request_inside_another_is_never_carried_out(
    stack: Stack, shop: Merchant, new_id: NewId, audited: Audited
) -> None:
    """Through the front and the gateway: a signed payment, hidden behind each kind of doubt."""
    hidden = new_id("HIDDEN")
    inner = signed(shop, "POST", "payment", a_payment(hidden))
    lines = "".join(f"{name}: {value}\r\n" for name, value in inner.headers.items())
    head = f"POST {inner.target} HTTP/1.1\r\nHost: h\r\n{lines}Content-Length: {len(inner.raw)}"
    whole = head.encode() + b"\r\n\r\n" + inner.raw
    for doubt in (
        b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(whole),
        b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (len(whole) + 5),
        b"Content-Length : %d\r\n\r\n" % len(whole),
    ):
        heard = spoken(stack.base_url, POST + doubt + whole, patience_s=3)
        assert heard.startswith(b"HTTP/1.1 400 ")
        assert heard.count(b"HTTP/1.1 ") == 1
    assert shop.query("payment", hidden).code == "C0004"
    record = audited("request", status=400, address="127.0.0.1")
    assert json.dumps(record).find(hidden) == -1

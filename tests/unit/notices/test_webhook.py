"""A merchant's endpoint may answer anything, slowly or never: over real sockets."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.support.gateway import Gateway
from tidegate.adapters import webhook
from tidegate.adapters.webhook import HttpWebhooks
from tidegate.domain.events import Event, events_of

Talk = Callable[[socket.socket], None]
PATIENCE_S = 0.5


class Endpoint:
    """Takes one connection after another and answers as it is told."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.requests: list[bytes] = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}/told?shop=1"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection:
                self.requests.append(_read_request(connection))
                try:
                    self.talk(connection)
                except OSError:
                    continue


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    while len(body) < int(lengths[0].split(b":")[1]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def saying(status: str, body: bytes = b"", *headers: str) -> Talk:
    """An endpoint that answers this at once."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    answer = "\r\n".join(lines).encode() + body
    return lambda connection: connection.sendall(answer)


def dripping(connection: socket.socket) -> None:
    """Bytes that come just often enough for no single read to time out."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(100):
        connection.sendall(b"X-More: 1\r\n")
        time.sleep(PATIENCE_S / 5)


def silent(connection: socket.socket) -> None:
    connection.recv(1)


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"success" * 1000)


@pytest.fixture
def endpoint() -> Iterator[Callable[[Talk], Endpoint]]:
    made: list[Endpoint] = []

    def make(talk: Talk) -> Endpoint:
        made.append(Endpoint(talk))
        return made[-1]

    yield make
    for one in made:
        one.listening.close()


@pytest.fixture
def gateway() -> Gateway:
    made = Gateway()
    made.pay()
    return made


def deliver(gateway: Gateway, url: str, *, open_network: bool = True) -> bool | None:
    return HttpWebhooks(open_network).deliver(gateway.store, url, event_of(gateway), None)


def event_of(gateway: Gateway) -> Event:
    (event,) = events_of(gateway.payments.payment("PAY-1"), 0)
    return event


def test_a_notice_is_one_post_with_the_payment_in_it(
    gateway: Gateway, endpoint: Callable[[Talk], Endpoint]
) -> None:
    merchant = endpoint(saying("200 OK", b"SUCCESS\n"))
    assert deliver(gateway, merchant.url) is True
    head, _, body = merchant.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /told?shop=1 HTTP/1.1\r\n")
    told = json.loads(body)
    assert told["eventCode"] == "Payment"
    assert told["payment"]["merchantTransInfo"]["merchantTransID"] == "PAY-1"


@pytest.mark.parametrize(
    ("talk", "accepted"),
    [
        (saying("200 OK", b"success"), True),
        (saying("200 OK", b"thanks"), None),
        (saying("204 No Content"), None),
        (saying("202 Accepted", b"success"), None),
        (saying("404 Not Found", b"success"), False),
        (saying("500 Oops", b"success"), False),
        (lambda connection: connection.sendall(b"\x16\x03\x01 not HTTP\r\n\r\n"), False),
        (lambda connection: connection.close(), False),
    ],
)
def test_only_the_word_success_with_200_is_acceptance(
    gateway: Gateway, endpoint: Callable[[Talk], Endpoint], talk: Talk, accepted: bool | None
) -> None:
    assert deliver(gateway, endpoint(talk).url) is accepted


def test_a_redirect_is_not_followed(gateway: Gateway, endpoint: Callable[[Talk], Endpoint]) -> None:
    elsewhere = endpoint(saying("200 OK", b"success"))
    moved = endpoint(saying("302 Found", b"", f"Location: {elsewhere.url}"))
    assert deliver(gateway, moved.url) is False
    assert elsewhere.requests == []


@pytest.mark.parametrize("talk", [silent, dripping])
def test_an_endpoint_gets_so_much_time_and_no_more(
    gateway: Gateway,
    endpoint: Callable[[Talk], Endpoint],
    monkeypatch: pytest.MonkeyPatch,
    talk: Talk,
) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT_S", PATIENCE_S)
    started = time.monotonic()
    assert deliver(gateway, endpoint(talk).url) is False
    assert time.monotonic() - started < 3 * PATIENCE_S


def test_an_endpoint_that_hung_rests_and_others_do_not(
    gateway: Gateway,
    endpoint: Callable[[Talk], Endpoint],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT_S", PATIENCE_S)
    hanging, other = endpoint(silent), endpoint(saying("200 OK", b"success"))
    webhooks = HttpWebhooks(open_network=True, rest_s=3 * PATIENCE_S)

    def tell(url: str) -> bool | None:
        return webhooks.deliver(gateway.store, url, event_of(gateway), None)

    assert tell(hanging.url) is False
    assert tell(hanging.url.replace("shop=1", "shop=2")) is False
    assert len(hanging.requests) == 1, "the second was not sent"
    assert tell(other.url) is True
    hanging.talk = saying("200 OK", b"success")
    time.sleep(3 * PATIENCE_S)
    assert tell(hanging.url) is True


def test_an_endless_answer_is_not_read_to_its_end(
    gateway: Gateway, endpoint: Callable[[Talk], Endpoint]
) -> None:
    started = time.monotonic()
    assert deliver(gateway, endpoint(endless).url) is None
    assert time.monotonic() - started < webhook.TIMEOUT_S / 2


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.0.0.8",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104  an address to be refused
        "[::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
    ],
)
def test_nobody_makes_us_call_our_own_network(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    def dialled(*_: object, **__: object) -> socket.socket:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket, "create_connection", dialled)
    assert deliver(gateway, f"https://{host}/hook", open_network=False) is False


def test_outside_the_local_stage_only_https(
    gateway: Gateway, endpoint: Callable[[Talk], Endpoint]
) -> None:
    merchant = endpoint(saying("200 OK", b"success"))
    assert deliver(gateway, merchant.url, open_network=False) is False
    assert deliver(gateway, "ftp://127.0.0.1/x") is False
    assert deliver(gateway, "https:///nowhere") is False
    assert merchant.requests == []

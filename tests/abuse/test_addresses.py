"""Nobody makes us call, or send a payer, where we should not: webhooks into our own network, return
addresses that are scripts, redirects that somebody else chooses.

Endpoints that hang, drip, redirect or answer without end: tests/unit/notices/test_webhook.py and,
with what waits behind them, tests/e2e/test_notices.py.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

from local.merchant_client import LINKPAY_PREFIX, Merchant
from local.stack import Stack
from tests.abuse.conftest import Audited
from tests.abuse.test_foreign_ids import ordered
from tests.abuse.wire import a_payment, signed
from tests.e2e import payer
from tests.support.gateway import Gateway
from tidegate.adapters import webhook
from tidegate.adapters.webhook import HttpWebhooks, is_public
from tidegate.domain.events import events_of
from tidegate.runtime import audit

NewId = Callable[[str], str]
pytestmark = pytest.mark.xdist_group("abuse")
PUBLIC = "93.184.216.34"

OURS = {
    "loopback": ["127.0.0.1", "127.1", "127.255.255.254", "[::1]", "localhost"],
    "decimal, octal": ["2130706433", "0177.0.0.1", "017700000001"],
    "hexadecimal": ["0x7f.1", "0x7f000001"],
    "letters that become digits": ["127。0。0。1", "①②⑦.⓪.⓪.①", "０x7f.1"],
    "metadata": ["169.254.169.254", "2852039166", "169.254.170.2", "[fd00:ec2::254]"],
    "private": ["10.0.0.8", "172.16.3.4", "172.31.255.255", "192.168.1.1", "[fd00::1]"],
    "of a provider": ["100.64.0.1", "192.0.0.8", "192.88.99.1"],
    "link": ["169.254.0.1", "[fe80::1]", "[fec0::1]"],
    "nowhere": ["0", "0.0", "[::]", "192.0.2.1", "198.18.0.1", "240.0.0.1", "255.255.255.255"],
    "many": ["224.0.0.1", "239.255.255.250", "[ff02::1]"],
    "IPv4 in IPv6": [
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::]",
        "[2001::1]",
    ],
}


@pytest.fixture(scope="module")
def gateway() -> Gateway:
    made = Gateway()
    made.pay()
    return made


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where a connection was tried; none is made."""
    tried: list[tuple[str, int]] = []

    def create_connection(address: tuple[str, int], **_: Any) -> socket.socket:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", create_connection)
    return tried


class Said:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def warning(self, message: str, extra: dict[str, Any]) -> None:
        self.lines.append({"message": message, **extra})


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    """What the function logs."""
    kept = Said()
    monkeypatch.setattr(audit, "log", kept)
    return kept


def told(gateway: Gateway, url: str) -> bool | None:
    """What came of a notice, outside of the local stage."""
    (event,) = events_of(gateway.payments.payment("PAY-1"), 0)
    webhooks = HttpWebhooks(open_network=False, refused=audit.webhook_refused)
    return webhooks.deliver(gateway.store, url, event, None)


@pytest.mark.parametrize("host", [host for hosts in OURS.values() for host in hosts])
def test_our_own_network_is_never_dialled_and_who_asked_is_recorded(
    gateway: Gateway, dialled: list[tuple[str, int]], said: Said, host: str
) -> None:
    try:
        socket.getaddrinfo(host.strip("[]"), 443, type=socket.SOCK_STREAM)
    except OSError:
        pytest.skip("this machine knows no such address, and so cannot dial it")
    assert told(gateway, f"https://{host}/hook?secret=abc") is False
    assert dialled == []
    (record,) = said.lines
    assert (record["message"], record["kind"]) == ("audit", "address")
    assert record["sid"] == gateway.store.sid
    assert "abc" not in str(record)


@pytest.mark.parametrize(
    "url",
    [
        f"http://{PUBLIC}/",
        f"https://{PUBLIC}@127.0.0.1/",
        f"https://127.0.0.1#@{PUBLIC}/",
        f"https://{PUBLIC}\\@127.0.0.1/",
        "https:///nowhere",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_x",
        "unix:///var/run/x.sock",
    ],
)
def test_an_address_is_what_is_dialled_and_nothing_before_it(
    gateway: Gateway, dialled: list[tuple[str, int]], url: str
) -> None:
    assert told(gateway, url) is False
    assert dialled == []


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A name server that answers differently every time; who was asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *more: Any, **named: Any) -> Any:
        if not host.endswith(".example"):
            return real(host, port, *more, **named)
        asked.append(host)
        addresses = answers[min(len(asked), len(answers)) - 1]
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_that_changes_is_looked_up_once(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, dialled: list[tuple[str, int]]
) -> None:
    """What was checked is what is dialled, whatever the name says a moment later."""
    asked = names(monkeypatch, [PUBLIC], ["127.0.0.1"])
    assert told(gateway, "https://rebinds.example/hook") is False
    assert asked == ["rebinds.example"]
    assert dialled == [(PUBLIC, 443)]


def test_a_name_of_two_minds_gets_no_second_address(
    gateway: Gateway,
    monkeypatch: pytest.MonkeyPatch,
    dialled: list[tuple[str, int]],
    said: Said,
) -> None:
    names(monkeypatch, [PUBLIC, "127.0.0.1"])
    told(gateway, "https://two.example/")
    assert dialled == [(PUBLIC, 443)], "nobody falls back to the second"
    names(monkeypatch, ["169.254.169.254", PUBLIC])
    told(gateway, "https://metadata.example/")
    assert dialled == [(PUBLIC, 443)]
    assert [one["host"] for one in said.lines] == ["metadata.example"]


def test_the_certificate_is_of_the_name_that_the_merchant_gave(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is dialled by address must still prove the name: an address alone proves nothing."""
    names(monkeypatch, [PUBLIC])
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(socket, "create_connection", lambda *_a, **_k: ours)
    monkeypatch.setattr(webhook, "TIMEOUT_S", 0.3)
    assert told(gateway, "https://shop.example/hook") is False
    hello = theirs.recv(4096)
    assert b"shop.example" in hello, "the name is in the ClientHello"
    assert hello[0] == 22, "and nothing was said before the handshake"
    theirs.close()


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "2a00:1450:4001::1"])
def test_what_is_public_stays_so(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


RETURNS = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "blob:https://x/1",
    "about:blank",
    "//evil.example/:",
    "/\\evil.example:",
    "https://a.example/\r\nSet-Cookie: a=b",
    "https://ex\u0430mple.com/",
    "evil.example",
    "https://shop.example/" + "x" * 300,
]


@pytest.mark.e2e
@pytest.mark.parametrize("address", RETURNS)
def test_a_payer_is_sent_back_to_an_address_and_to_no_script(
    shop: Merchant, new_id: NewId, audited: Audited, address: str
) -> None:
    sent = signed(shop, "POST", "payment", a_payment(new_id("BACK"), returnURL=address))
    answer = sent.deliver(shop)
    assert answer.code in {"V0000", "V0002"}, answer.body
    if answer.code == "V0002":
        audited("address", sid=shop.sid, field="returnURL")
    raw = json.dumps(ordered(new_id("LP")) | {"returnURL": address}).encode()
    target = f"{LINKPAY_PREFIX}/{shop.sid}/evo.e-commerce.linkpay"
    answer = shop.send("POST", target, raw, shop.headers("POST", target, raw))[0]
    assert answer.code.startswith(("V", "B")), answer.body


@pytest.mark.e2e
@pytest.mark.parametrize("address", ["ftp://a.example/", "file:///etc/passwd", "https://a b/", "x"])
def test_a_webhook_is_a_web_address(
    shop: Merchant, new_id: NewId, audited: Audited, address: str
) -> None:
    asked = a_payment(new_id("HOOK"), webhook=address)
    answer = signed(shop, "POST", "payment", asked).deliver(shop)
    assert answer.code == "V0002"
    audited("address", sid=shop.sid, field="webhook")


@pytest.mark.e2e
def test_nobody_but_the_merchant_says_where_a_payer_goes(
    stack: Stack, shop: Merchant, new_id: NewId
) -> None:
    """Whatever is added to the addresses and forms of the pages on the way back."""
    back = "https://shop.example/back?basket=1"
    asked: dict[str, Any] = {"allowAuthentication": True, "returnURL": back}
    begun = shop.payment(new_id("REDIRECT"), "20.00", pan="4761340000000043", **asked)
    page = begun["action"]["threeDSData"]["url"].partition("#")[0]
    evil = dict.fromkeys(("url", "returnURL", "returnUrl", "next", "to"), "https://evil.example/")
    query = "&".join(f"{name}={value}" for name, value in evil.items())
    assert payer.authenticate(begun["action"]["threeDSData"]["url"]) == f"{back}&status=finished"
    seen = payer.post(f"{page}/result?{query}", evil, payer.FORM)
    assert (seen.status, seen.location) == (303, f"{back}&status=finished")
    for address in (f"{page}?{query}", f"{page}/method-done"):
        answer = payer.get(address)
        assert answer.location is None
        assert "evil.example" not in answer.text

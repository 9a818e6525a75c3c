"""Requests that one reader takes for this and another for that: refused by the first who sees them,
and nobody's fault of ours."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import zlib
from collections.abc import Callable
from urllib.parse import quote, urlsplit

import pytest

from local.merchant_client import Answer, Merchant
from local.stack import Stack
from tests.abuse.conftest import Audited
from tests.abuse.wire import Sent, a_payment, signed, spoken
from tidegate.api.evocloud.request import MAX_BODY_BYTES, SINGLE_HEADERS

NewId = Callable[[str], str]
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("abuse")]


def with_lines(shop: Merchant, sent: Sent, *more: tuple[str, str]) -> Answer:
    """The request with header lines that a dict cannot hold."""
    connection = http.client.HTTPConnection(urlsplit(shop.base_url).netloc, timeout=30)
    connection.putrequest(sent.method, sent.target, skip_accept_encoding=True)
    for name, value in [*sent.headers.items(), *more, ("Content-Length", str(len(sent.raw)))]:
        connection.putheader(name, value)
    connection.endheaders(sent.raw)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return Answer(answer.status, {}, body)


@pytest.mark.parametrize("name", sorted({*SINGLE_HEADERS} - {"idempotency-key"}))
def test_a_header_that_counts_comes_once(
    shop: Merchant, new_id: NewId, audited: Audited, name: str
) -> None:
    """Not even twice the same: whoever stands before us may have read the other one. (The embedded
    gateway joins them to one value. As AWS hands them over: tests/contract/test_signatures.py.)"""
    trans_id = new_id("TWICE")
    sent = signed(shop, "POST", "payment", a_payment(trans_id)).under(**{"Idempotency-Key": "one"})
    held = {given.lower(): value for given, value in sent.headers.items()}
    answer = with_lines(shop, sent, (name.upper(), held[name]))
    assert (answer.http_status, answer.code) == (200, "V0010")
    assert shop.query("payment", trans_id).code == "C0004"
    audited("signature", sid=shop.sid)


def test_a_parameter_comes_once(shop: Merchant, new_id: NewId, audited: Audited) -> None:
    mine, other = new_id("PAY"), new_id("PAY")
    for trans_id in (mine, other):
        shop.payment(trans_id, "20.00")
    query = f"merchantTransID={mine}&merchantTransID={other}"
    body = {name: one for name, one in a_payment(new_id("CAP")).items() if name != "paymentMethod"}
    for method, operation, sent in (
        ("GET", "payment", None),
        ("POST", "capture", body),
        ("POST", "cancel", body),
    ):
        answer = signed(shop, method, f"{operation}?{query}", sent).deliver(shop)
        assert answer.code == "V0002", answer.body
        audited("query", sid=shop.sid, field="merchantTransID")
    for trans_id in (mine, other):
        assert shop.query("payment", trans_id)["payment"]["status"] == "Authorised"


def test_parameters_that_are_joined_after_signing_mean_nothing_else(
    shop: Merchant, new_id: NewId
) -> None:
    """An & that becomes %26 reads the same when it is signed as it stands: what it then asks for
    is no id that anybody can have."""
    trans_id = new_id("PAY")
    shop.payment(trans_id, "20.00")
    sent = signed(shop, "GET", f"payment?merchantTransID={trans_id}&x=1")
    joined = sent.but(target=sent.target.replace("&x=1", "%26x%3D1"))
    assert joined.deliver(shop).code in {"V0010", "V0000", "V0002", "C0004"}


@pytest.mark.parametrize(
    "trans_id",
    [
        "%00",
        "%0d%0aAuthorization:%20x",
        "..%2f..%2fpayment",
        "%252e%252e%252f",
        "%c0%af",
        "%ed%a0%80",
        "%ff%fe",
        "%F0%9F%92%B3",
        "'%20OR%201=1--",
        "${jndi:ldap://127.0.0.1/x}",
        "%7B%22S%22%3A%22x%22%7D",
        "a" * 3000,
    ],
)
def test_whatever_is_asked_for_is_an_id_or_refused(
    shop: Merchant, mallory: Merchant, trans_id: str
) -> None:
    for merchant in (shop, mallory):
        target = f"payment?merchantTransID={trans_id}"
        answer = signed(merchant, "GET", target).deliver(merchant)
        assert answer.http_status == 200
        assert answer.code in {"V0000", "V0002", "V0010", "C0004"}, answer.body
        assert "\r" not in str(answer.headers)


ENCODED: dict[str, tuple[Callable[[bytes], bytes], dict[str, str]]] = {
    "gzip": (gzip.compress, {"Content-Encoding": "gzip"}),
    "deflate": (zlib.compress, {"Content-Encoding": "deflate"}),
    "a bomb": (lambda _: gzip.compress(bytes(50_000_000)), {"Content-Encoding": "gzip"}),
    "utf-16": (
        lambda raw: raw.decode().encode("utf-16"),
        {"Content-Type": "application/json; charset=utf-16"},
    ),
    "utf-16 without its mark": (
        lambda raw: raw.decode().encode("utf-16-le"),
        {"Content-Type": "application/json; charset=utf-16le"},
    ),
    "utf-7": (
        lambda raw: raw.replace(b'"', b"+ACI-"),
        {"Content-Type": "application/json; charset=utf-7"},
    ),
    "a mark of byte order": (lambda raw: b"\xef\xbb\xbf" + raw, {}),
    "base64": (base64.b64encode, {"Content-Transfer-Encoding": "base64"}),
    "a form": (
        lambda raw: b"json=" + quote(raw.decode()).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    ),
}


@pytest.mark.parametrize("name", ENCODED)
def test_a_body_is_json_in_utf_8_whatever_its_headers_say(
    shop: Merchant, new_id: NewId, audited: Audited, name: str
) -> None:
    encode, headers = ENCODED[name]
    trans_id = new_id("CODED")
    plain = signed(shop, "POST", "payment", a_payment(trans_id))
    raw = encode(plain.raw)
    sent = Sent("POST", plain.target, raw, shop.headers("POST", plain.target, raw) | headers)
    answer = sent.deliver(shop)
    assert (answer.http_status, answer.code) in {(200, "V0005"), (200, "V0010")}
    assert shop.query("payment", trans_id).code == "C0004"
    audited("body" if answer.code == "V0005" else "signature", sid=shop.sid)


BODIES: dict[str, tuple[bytes, str]] = {
    "larger than any": (b'{"metadata":"%s"}' % (b"x" * MAX_BODY_BYTES), "V0002"),
    "nested a thousand times": (b'{"a":' * 1000 + b"1" + b"}" * 1000, "V0005"),
    "nested in lists, and cut off": (b"[" * 100_000, "V0005"),
    "a key twice": (b'{"transAmount":{"value":"1.00","value":"9.00"}}', "V0005"),
    "a key twice, once escaped": (b'{"a":1,"\\u0061":2}', "V0005"),
    "not a number": (b'{"a":NaN}', "V0005"),
    "a number of a million digits": (b'{"a":%s}' % (b"9" * 200_000), "V0001"),
    "two objects": (b"{}{}", "V0005"),
    "no object": (b'"{}"', "V0005"),
    "nothing": (b"", "V0005"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_made_to_hurt(shop: Merchant, audited: Audited, name: str) -> None:
    raw, code = BODIES[name]
    target = f"/g2/v1/payment/mer/{shop.sid}/payment"
    answer = Sent("POST", target, raw, shop.headers("POST", target, raw)).deliver(shop)
    assert (answer.http_status, answer.code) == (200, code), answer.body
    if code != "V0001":  # which is a wrong value like any other
        audited("body", sid=shop.sid, code=code)


def test_more_than_the_gateway_takes_is_refused_at_the_door(
    shop: Merchant, audited: Audited
) -> None:
    head = (
        f"POST /g2/v1/payment/mer/{shop.sid}/payment HTTP/1.1\r\nHost: x\r\n"
        f"Content-Length: {11 * 1024 * 1024}\r\n\r\n"
    )
    assert spoken(shop.base_url, head.encode()).startswith(b"HTTP/1.1 413 ")
    audited("request", status=413)


def test_headers_without_end_are_refused_at_the_door(shop: Merchant, audited: Audited) -> None:
    head = b"GET /g2/v1/payment/mer/S810001/payment HTTP/1.1\r\nHost: x\r\n"
    many = b"".join(b"X-%d: 1\r\n" % number for number in range(500))
    assert spoken(shop.base_url, head + many + b"\r\n").startswith(b"HTTP/1.1 431 ")
    audited("request", status=431)


def test_a_host_that_the_caller_makes_up_leads_nobody_anywhere(
    stack: Stack, shop: Merchant, new_id: NewId
) -> None:
    """Links and pages begin with PublicUrl, not with what a request says of itself."""
    asked = a_payment(
        new_id("HOST"),
        paymentMethod={"type": "e-wallet", "e-wallet": {"paymentBrand": "Alipay"}},
        tradeInfo={"tradeType": "Sale of goods"},
    )
    sent = signed(shop, "POST", "payment", asked).under(
        **{"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    )
    answer = sent.deliver(shop)
    assert answer.code == "S0000", answer.body
    assert "evil.example" not in json.dumps(answer.body)

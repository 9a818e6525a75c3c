"""What merchants, payers, browsers and operators send to the gateway."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from http.client import HTTPException
from typing import Any
from unittest.mock import patch

from tests.contract.wire import BASE, SID, event
from tests.contract.wire import store as signing_store
from tests.fuzz.shapes import CSV, FORM, Http, Json, Parts, Raw, separated
from tests.fuzz.target import ROOT, Target
from tests.fuzz.wires import as_socket, event_of
from tests.support.memory import a_store
from tidegate.adapters import kms
from tidegate.adapters.card_decryption import KmsCardDecryption
from tidegate.adapters.dynamodb.fields import pack_account, unpack_account
from tidegate.adapters.dynamodb.store_document import read_store, write_store
from tidegate.adapters.range_files import read_ranges
from tidegate.adapters.webhook import HttpWebhooks, NotAllowed
from tidegate.api import page
from tidegate.api.evocloud import envelope
from tidegate.api.evocloud.authenticate import authenticate
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import brands, fx, orders, requests, tokens
from tidegate.api.evocloud.schemas.payment_method import CardMethod, PaymentMethod
from tidegate.domain.account_data import LENGTHS
from tidegate.domain.errors import TidegateError
from tidegate.operator_fx import _read as read_rate_file
from tidegate.pages import asset
from tidegate.runtime.wiring_authentication import session_data
from tidegate.services.link_orders import _read_link
from tidegate.services.payer_action import read_ticket

TODAY = date(2026, 11, 23)
NOW = 1741079411.0
"""When the sample events are signed."""
STORE = signing_store()
SAMPLES = ROOT / "events"
WEBHOOK_FAILURES = (OSError, ValueError, HTTPException, NotAllowed)
"""What `HttpWebhooks.deliver` takes for a failed delivery, and shows nobody."""


def decrypt(encrypted: str) -> dict[str, Any]:
    """By a key management service that takes nothing for encrypted."""
    with patch.object(kms, "decrypt_asymmetric", lambda _key, text, _how: base64.b64decode(text)):
        return KmsCardDecryption("key")(encrypted)


def samples(*functions: str) -> Sequence[bytes]:
    """The bodies of the sample events of these functions."""
    found = [
        json.loads(path.read_text())["body"].encode()
        for function in functions
        for path in sorted((SAMPLES / function).glob("*.json"))
    ]
    assert found
    return found


def a_request(raw: bytes, **query: str) -> Request:
    return Request(
        method="POST",
        path=f"{BASE}/payment",
        query=[("merchantTransID", "PAY-1"), *query.items()],
        headers={"user-agent": "u", "x-forwarded-for": "203.0.113.7, 10.0.0.1"},
        raw=raw,
        path_parameters={"merchantOrderID": "LP-1"},
    )


def _body(read: Callable[[Request], object], raw: bytes) -> None:
    """Through an operation's reader; its refusal makes an answer."""
    try:
        read(a_request(raw))
    except TidegateError as error:
        envelope.compact(envelope.error_body(error)).encode()
        raise


def body_target(name: str, read: Callable[[Request], object], *functions: str) -> Target:
    return Target(
        f"api.{name}", partial(_body, read), (TidegateError,), Json(), partial(samples, *functions)
    )


OPERATIONS = (
    body_target(
        "create_payment",
        lambda request: requests.create_payment(request, TODAY, decrypt),
        "create_payment",
    ),
    body_target("additional_info", requests.additional_info, "submit_additional_info"),
    body_target(
        "capture_or_refund", requests.capture_or_refund, "capture_payment", "refund_payment"
    ),
    body_target("cancel", requests.cancel_payment, "cancel_payment", "cancel_or_refund"),
    body_target(
        "create_token",
        lambda request: tokens.tokenize(request, STORE, TODAY, decrypt),
        "create_token",
    ),
    body_target(
        "update_token",
        lambda request: tokens.change_token(request, TODAY, decrypt),
        "update_token",
        "create_payment",
    ),
    body_target("create_cryptogram", tokens.cryptogram, "create_cryptogram"),
    body_target(
        "create_payout", lambda request: tokens.payout(request, TODAY, decrypt), "create_payout"
    ),
    body_target("quote_fx_rate", fx.inquiry, "quote_fx_rate"),
    body_target("create_link_order", orders.create_order, "create_link_order"),
    body_target(
        "refund_link_order", orders.refund_order, "refund_link_order", "cancel_or_refund_link_order"
    ),
    body_target("pay_page", lambda request: page.paying(request, TODAY), "pay_link_order"),
    body_target("authentication_page", page.browser_step, "submit_browser", "pay_link_order"),
)


# Whole requests


def _whole(said: bytes) -> None:
    """From an event to its JSON, or to a refusal that can be sent."""
    happened = event_of(said)
    request = Request("", "", [], {}, b"")
    try:
        request = Request.of(happened)
        authenticate(request, STORE, NOW)
        request.body()
    except TidegateError as error:
        answer = envelope.refused(request, error, NOW, STORE, None)
        json.dumps(answer).encode()
        raise


def _whole_seeds() -> list[bytes]:
    bodies = samples("create_payment", "refund_payment")
    made = [event(body=body.decode(), sign_type="SHA256") for body in bodies]
    made.append(
        event("GET", query={"merchantTransID": ["a b"]}, signed_query="merchantTransID=a b")
    )
    return [_spelled(one) for one in made]


def _spelled(one: dict[str, Any]) -> bytes:
    """An event as the request that it was."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in one["headers"].items())
    query = "?merchantTransID=a%20b" if one["multiValueQueryStringParameters"] else ""
    first = f"{one['httpMethod']} {one['path']}{query} HTTP/1.1\r\n"
    return f"{first}{headers}KeyID: k1\r\n\r\n{one['body'] or ''}".encode()


def _query(said: bytes) -> None:
    """By all readers of queries and path parameters."""
    request = Request.of(event_of(b"GET /a/LP-1?" + said + b" HTTP/1.1\r\n\r\n"))
    path = Request.of(event_of(b"GET /a/" + said + b" HTTP/1.1\r\n\r\n"))
    readers: list[Callable[[], object]] = [
        partial(requests.transaction_id, request),
        partial(requests.query_text, request, "userReference", 64),
        partial(brands.wanted, request),
        partial(fx.pair, request),
        partial(tokens.token_to_delete, request),
        partial(page.try_asked_for, request),
        partial(orders.path_id, path, "merchantOrderID"),
    ]
    refused = None
    for reader in readers:
        try:
            reader()
        except TidegateError as error:
            refused = error
    if refused is not None:
        raise refused


def _card_info(raw: bytes) -> None:
    """Encrypted card data that its merchant has filled with whatever there is."""
    method = PaymentMethod(
        type="card", card=CardMethod(encryptedCardInfo=base64.b64encode(raw).decode())
    )
    assert method.require_card(TODAY, decrypt).pan.isdecimal()


def _named(read: Callable[[str], object], raw: bytes) -> None:
    read(raw.decode("latin-1"))


def _address(text: str) -> bytes:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=")


# Files and answers to webhooks


def _rate_files() -> list[bytes]:
    long = "date,base,quote,rate,source\n2026-11-23,USD,HKD,7.7801,ECB\n2026-11-23,EUR,USD,1.1,X\n"
    wide = "Date,USD,JPY,CYP,\n2026-11-23,1.0843,162.3,N/A,\n2026-11-20,1.0801,162.1,0.58,\n"
    return [long.encode(), wide.encode(), b"\xef\xbb\xbf" + long.encode().replace(b"\n", b"\r\n")]


def _card_ranges(raw: bytes) -> None:
    """No prefix twice, and each with what can be packed and read again."""
    found = list(read_ranges(io.TextIOWrapper(io.BytesIO(raw), "utf-8-sig", newline="")))
    assert len({one.prefix for one in found}) == len(found)
    for one in found:
        assert len(one.prefix) in LENGTHS
        assert unpack_account(pack_account(one.account)) == one.account


def _range_files() -> list[bytes]:
    first = "low,high,brand,funding,country,product,commercial,bank\n"
    rows = (
        "476134,,Visa,credit,HKG,F,false,Harbour Bank\n"
        "51203500,51203512,Mastercard,debit,SGP,MCS,,\n"
        '4895370000000000,4895379999999999,Visa,,,,true,"Bank, of somewhere"\n'
    )
    whole = (first + rows).encode()
    return [whole, b"\xef\xbb\xbf" + first.encode(), whole.replace(b"\n", b"\r\n")]


def _stores(raw: bytes) -> None:
    """An operator's document of a store, and what was made of it written again."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return
    if isinstance(document, dict):
        before = a_store()
        store = read_store(document, before.sign_keys, before.payout_account)
        assert read_store(write_store(store), before.sign_keys, before.payout_account) == store


class _Webhooks(HttpWebhooks):
    """Without a network, names and addresses included."""

    said = b""

    def _connect(self, host: str, port: int, secure: bool, deadline: float) -> Any:
        return as_socket(self.said)


def _acknowledged(said: bytes) -> None:
    url, _, answer = said.partition(b"\n")
    hooks = _Webhooks(open_network=True)
    try:
        with patch.object(_Webhooks, "said", answer):
            status, body = hooks._post(url.decode("latin-1"), b"{}", {"Content-Type": "text/plain"})
    except WEBHOOK_FAILURES:
        return
    assert 100 <= status <= 999
    assert len(body) <= 1024


TARGETS = (
    *OPERATIONS,
    Target("api.request", _whole, (TidegateError,), Http(Json()), _whole_seeds),
    Target(
        "api.query",
        _query,
        (TidegateError,),
        FORM,
        lambda: [
            b"merchantTransID=PAY-1&userReference=u%201",
            b"token=t-1&networkTokenID=n&tryID=" + b"0a" * 16,
            b"paymentBrand=Visa&cardBIN=476134&currency=HKD&tokenize=true",
            b"baseCurrency=HKD&quoteCurrency=USD",
            b"LP-1_%E2%82%AC",
        ],
    ),
    Target(
        "api.encrypted_card",
        _card_info,
        (TidegateError,),
        Json(),
        lambda: [
            b'{"cardNumber":"4761340000000043","expiryDate":"1249","cvc":"321","holderName":"M C"}'
        ],
    ),
    Target(
        "page.ticket",
        partial(_named, read_ticket),
        (TidegateError,),
        Raw(),
        lambda: [_address(f"{SID}|PAY-1|00000000-0000-4000-8000-000000000003")],
    ),
    Target(
        "page.link",
        partial(_named, _read_link),
        (TidegateError,),
        Raw(),
        lambda: [_address(f"{SID}|LP-1|{'0' * 32}")],
    ),
    Target(
        "page.asset",
        partial(_named, asset),
        (),
        separated(rb"\."),
        lambda: [b"page.css", b"texts.js", b"Visa.svg", b"page.0123456789ab.css"],
    ),
    Target(
        "page.session",
        lambda raw: session_data(a_request(raw)),
        (TidegateError,),
        FORM,
        lambda: [b"cres=eyJtZXNzYWdlVHlwZSI6IkNSZXMifQ&threeDSSessionData=AAAA%3D%3D"],
    ),
    Target("files.rates", read_rate_file, (TidegateError,), CSV, _rate_files),
    Target("files.card_ranges", _card_ranges, (TidegateError,), CSV, _range_files),
    Target(
        "files.store",
        _stores,
        (TidegateError,),
        Json(),
        lambda: [json.dumps(write_store(a_store())).encode()],
    ),
    Target(
        "webhook.answer",
        _acknowledged,
        (),
        Parts(lambda data: data.splitlines(keepends=True)),
        lambda: [
            b"https://shop.example:8443/hook?a=b\nHTTP/1.1 200 OK\r\n"
            b"Content-Length: 7\r\n\r\nSUCCESS",
            b"http://[::1]/\nHTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\n\r\n",
            b"http://a.example\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"4\r\nSUCC\r\n0\r\n\r\n",
        ],
        weight=5,
    ),
)

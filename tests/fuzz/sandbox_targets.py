"""What the sandbox's hosts are sent; they share no code with the gateway."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, cast

from sandbox import alipayplus_web, mastercard, token_service, visa
from sandbox.acs import _AccessExchange, _encode
from sandbox.alipayplus_books import WalletBooks
from sandbox.alipayplus_desk import Desk
from sandbox.alipayplus_keys import Keys
from sandbox.alipayplus_settlement import SettlementDesk
from sandbox.books import Asked, Books, Original
from sandbox.clearing import MalformedFile, Presentment
from sandbox.files import _FileExchange
from sandbox.host import Host, Session
from sandbox.iso8583 import Message, Unreadable
from sandbox.link import BrokenFrame, Decision, Link
from sandbox.merchant import Inbox, _WebhookExchange
from sandbox.presentments import ClearingDesk, Receipt
from sandbox.threeds import Authentications, Transaction
from sandbox.tokens import NotTokenized, Token, TokenDesk
from sandbox.web import Exchange
from tests.fuzz.network_targets import (
    FILE_ID,
    FILE_SHAPES,
    FORMATS,
    clearing_file,
    frame_shape,
    frames,
)
from tests.fuzz.shapes import FORM, Http, Json, Raw
from tests.fuzz.target import Target
from tests.fuzz.wires import served

LINKS: dict[str, Link] = {"visa": visa.VisaLink(), "mastercard": mastercard.MastercardLink()}


class _QuietBooks(Books):
    """Reads what the books read of a message, and books nothing."""

    def __init__(self) -> None:
        """Without a folder."""

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, 30, 15, tzinfo=UTC)

    def authorize(
        self, request: Message, asked: Asked, reference: Callable[[int, str], str]
    ) -> Decision:
        assert Original.of_request(request.elements).key
        int(request.elements[4])
        return Decision("00", "A1B2C3", reference(1, "6327"), asked.security_result, "1123")

    def reverse(self, request: Message) -> str:
        assert Original.of_reversal(request.elements).key
        return "00"


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


@contextmanager
def _alone() -> Iterator[None]:
    """Put aside a loop that runs in this thread: a browser driven by tests before these leaves its
    own behind, waiting in a greenlet."""
    other = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(other)


def _exchanged(network: str, said: bytes) -> None:
    """A frame to a host that is signed on: an answer, a refusal, or the end of the connection."""
    link, loop = LINKS[network], _loop()
    reader = asyncio.StreamReader(loop=loop)
    reader.feed_data(said)
    reader.feed_eof()
    with _alone():
        frame = loop.run_until_complete(link.read_frame(reader))
    try:
        envelope, request = link.unpack(frame)
        answer = Host(link, _QuietBooks()).answer(request, Session(signed_on=True))
    except Unreadable as error:
        link.refuse(frame, error)
        return
    if answer is not None:
        assert link.pack(envelope, answer)


def _presented(network: str, content: bytes) -> None:
    """A clearing file: whatever is accepted can be settled."""
    found: list[Presentment] = FORMATS[network].parse(content, FILE_ID)
    if found:
        records = [one.record for one in found]
        day = datetime(2026, 11, 24, tzinfo=UTC).date()
        assert FORMATS[network].settlement("S-1", 1, day, records)


def _of_host(network: str) -> tuple[Target, ...]:
    return (
        Target(
            f"sandbox.{network}",
            partial(_exchanged, network),
            (BrokenFrame, EOFError),
            frame_shape(network),
            partial(frames, network),
        ),
        Target(
            f"sandbox.{network}.clearing_file",
            partial(_presented, network),
            (MalformedFile,),
            FILE_SHAPES[network],
            lambda: [clearing_file(network)],
        ),
    )


# Over HTTP


def _post(path: str, body: bytes | dict[str, Any], *headers: str) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1:1", f"Content-Length: {len(raw)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + raw


_KNOWN = Transaction(
    server_trans_id="8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
    ds_trans_id="d",
    acs_trans_id="a",
    version="2.2.0",
    brand="Mastercard",
    outcome="C",
    results_url="http://127.0.0.1:1/",
    notification_url="http://127.0.0.1:1/",
    shown="476134******0043",
    merchant="Harbour Books",
    amount="HKD 88.00",
    value="AAABBBCCCDDDEEEFFFGGGHHH0000",
)


class _Authentications(Authentications):
    """One open challenge, nothing kept but what this request begins."""

    def __init__(self) -> None:
        self._key = bytes(32)
        self._kept = {"a": _KNOWN}

    def keep(self, transaction: Transaction) -> None:
        json.dumps([getattr(transaction, name) for name in Transaction.__slots__])
        self._kept[transaction.acs_trans_id] = transaction

    def find(self, acs_trans_id: str) -> Transaction | None:
        return self._kept.get(acs_trans_id)


class _LonelyAccess(_AccessExchange):
    def _tell(self, transaction: Transaction) -> None:
        """To nobody."""


def _areq() -> dict[str, Any]:
    return {
        "messageType": "AReq",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": _KNOWN.server_trans_id,
        "threeDSServerURL": "http://127.0.0.1:1/results",
        "threeDSCompInd": "Y",
        "notificationURL": "http://127.0.0.1:1/result",
        "deviceChannel": "02",
        "messageCategory": "01",
        "acctNumber": "4761340002000009",
        "cardExpiryDate": "3112",
        "acquirerBIN": "400552",
        "acquirerMerchantID": "TIDEGATE0000001",
        "merchantName": "Harbour Books",
        "mcc": "5999",
        "merchantCountryCode": "344",
        "browserAcceptHeader": "*/*",
        "browserLanguage": "en",
        "browserUserAgent": "u",
        "purchaseAmount": "8800",
        "purchaseCurrency": "344",
        "purchaseExponent": "2",
        "purchaseDate": "20261123093015",
    }


def _access_messages() -> list[bytes]:
    verify = {"dsTransID": "d", "pan": "4761340000000043", "amount": "1", "currency": "344"}
    return [
        _post("/ds/prepare", {"messageType": "PReq", "threeDSServerTransID": "x"}),
        _post("/ds/authenticate", _areq()),
        _post("/issuer/verify", verify | {"value": "x"}),
    ]


def _access_forms() -> list[bytes]:
    method = {"threeDSServerTransID": "x", "threeDSMethodNotificationURL": "http://a.example/"}
    return [
        _post("/acs/method", f"threeDSMethodData={_encode(method)}".encode()),
        _post("/acs/challenge", f"creq={_encode({'acsTransID': 'a'})}".encode()),
        _post("/acs/answer", b"acsTransID=a&threeDSSessionData=s&code=123456&action=submit"),
    ]


class _QuietWallet(WalletBooks):
    """A wallet that has one order, whatever it is asked for."""

    def __init__(self) -> None:
        """Without a folder."""

    now = staticmethod(lambda: 1_772_604_000.0)

    def place(self, *_: Any, **__: Any) -> sqlite3.Row:
        return _order()

    def order(self, column: str, value: str) -> sqlite3.Row | None:
        value.encode()  # it would be bound as a parameter
        return _order()

    def open_orders(self, limit: int) -> list[sqlite3.Row]:
        return [_order()]

    def decide(self, payment_id: str, *, method: str | None) -> sqlite3.Row | None:
        return _order()

    def cancel(self, column: str, value: str) -> sqlite3.Row:
        value.encode()
        return _order()

    def refund(self, *_: Any, **__: Any) -> sqlite3.Row:
        return _order()

    def refund_of(self, column: str, value: str) -> sqlite3.Row | None:
        value.encode()
        return _order()

    def as_json(self) -> dict[str, list[dict[str, Any]]]:
        return {}


def _order() -> sqlite3.Row:
    row = {
        "request_id": "pay-1",
        "payment_id": "2026w",
        "refund_id": "2026r",
        "qr_code": "q",
        "scenario": None,
        "method": "CONNECT_WALLET",
        "merchant_id": "M1",
        "merchant_name": "Tea <House>",
        "description": "Two teas",
        "amount_minor": 3100,
        "currency": "HKD",
        "redirect_url": None,
        "status": "PROCESSING",
        "result_code": "PAYMENT_IN_PROCESS",
        "created_at": 1_772_604_000.0,
        "booked_at": 1_772_604_000.0,
        "expires_at": 1_772_604_600.0,
        "paid_at": None,
    }
    return cast("sqlite3.Row", row)


class _Trusting(Keys):
    def __init__(self) -> None:
        """Without a folder."""

    def sign(self, path: str, client_id: str, stamp: str, body: bytes) -> str:
        return "signed"

    def verified(self, header: str, path: str, client_id: str, stamp: str, body: bytes) -> bool:
        return True


class _NoFiles(SettlementDesk):
    def cut(self) -> None:
        """Nothing is to be settled."""

    def files(self) -> list[dict[str, object]]:
        return []

    def file(self, file_id: str) -> bytes | None:
        return None


def _wallet_exchange(*connection: Any) -> Exchange:
    books = _QuietWallet()
    stopping = threading.Event()
    stopping.set()  # nothing is waited for
    host = alipayplus_web.Host(
        books,
        _Trusting(),
        Desk(books, lambda: "http://127.0.0.1:1"),
        _NoFiles(books),
        stopping=stopping,
    )
    return alipayplus_web.WalletExchange(host, *connection)


def _wallet_messages() -> list[bytes]:
    amount = {"currency": "HKD", "value": "3100"}
    merchant = {"referenceMerchantId": "M1", "merchantName": "Tea House"}
    pay = {
        "productCode": "IN_STORE_PAYMENT",
        "paymentRequestId": "pay-1",
        "order": {"orderDescription": "Teas", "orderAmount": amount, "merchant": merchant},
        "paymentAmount": amount,
        "paymentMethod": {"paymentMethodType": "CONNECT_WALLET", "paymentMethodId": "28" * 9},
        "paymentFactor": {"inStorePaymentScenario": "PaymentCode"},
        "paymentExpiryTime": "2026-03-04T06:10:00Z",
        "paymentNotifyUrl": "http://127.0.0.1:9/notice",
        "paymentRedirectUrl": "https://shop.example/back",
        "settlementStrategy": {"settlementCurrency": "HKD"},
    }
    refund = {"refundRequestId": "r", "paymentRequestId": "pay-1", "refundAmount": amount}
    signed = (f"Client-Id: {alipayplus_web.CLIENT_ID}", "Request-Time: t", "Signature: s")
    return [
        _post(f"{alipayplus_web.PREFIX}{operation}", message, *signed)
        for operation, message in (
            ("pay", pay),
            ("inquiryPayment", {"paymentRequestId": "pay-1"}),
            ("cancel", {"paymentId": "2026w"}),
            ("refund", refund),
            ("inquiryRefund", {"refundId": "2026r"}),
        )
    ] + [_post("/faults", {"drop_next_answers": 1, "delay_ms": 5})]


class _QuietTokens(TokenDesk):
    """One token for everybody."""

    def __init__(self) -> None:
        """Without books."""

    def provision(self, pan: str, requestor: str) -> Token:
        requestor.encode()
        return Token("ref-1", "4895370000000007", "3011", "V001", "ACTIVE")

    def cryptogram(self, reference: str) -> bytes:
        if reference != "ref-1":
            raise NotTokenized
        return bytes(20)

    def change(self, reference: str, status: str) -> Token:
        return self.provision(reference, status)


class _QuietDesk(ClearingDesk):
    def __init__(self) -> None:
        """Without books."""

    def take(self, file_id: str, content: bytes) -> Receipt:
        return Receipt(file_id, 0, 0, new=True)

    def cut(self) -> None:
        """Nothing is to be settled."""

    def settlement_files(self) -> list[dict[str, object]]:
        return []

    def settlement_file(self, file_id: str) -> bytes | None:
        return None


class _EmptyBooks(_QuietBooks):
    def as_json(self) -> dict[str, list[dict[str, object]]]:
        return {}


def _file_exchange(network: str, *connection: Any) -> Exchange:
    respond = partial(token_service.respond, _QuietTokens(), network)
    return _FileExchange(_EmptyBooks(), _QuietDesk(), respond, lambda _faults: None, *connection)


def _file_messages() -> list[bytes]:
    card = {"accountNumber": "4761340000000043", "expiryMonth": "12", "expiryYear": "31"}
    funding = {"cardAccountData": card}
    return [
        _post("/faults", {"drop_next_answers": 1, "delay_ms": 5, "refuse_connections": False}),
        _post("/vts/provisionedTokens", {"clientAppID": "r", "paymentInstrument": card}),
        _post("/vts/provisionedTokens/ref-1/cryptogram", {"transactionType": "ECOM"}),
        _post(
            "/mdes/digitization/1/0/tokenize",
            {"tokenRequestorId": "r", "fundingAccountInfo": funding},
        ),
        _post("/mdes/digitization/1/0/transact", {"tokenUniqueReference": "ref-1"}),
        _post("/mdes/digitization/1/0/suspend", {"tokenUniqueReference": "ref-1"}),
        _post("/clearing/A-1", {"a": 1}).replace(b"POST", b"PUT", 1),
    ]


class _MemoryInbox(Inbox):
    """As long as one connection."""

    def __init__(self) -> None:
        self._received: list[dict[str, Any]] = []

    def keep(self, path: str, headers: list[tuple[str, str]], body: bytes) -> int:
        text = body.decode("utf-8", errors="replace")
        entry = {"received_at": "t", "path": path, "headers": dict(headers), "body": text}
        json.dumps(entry, ensure_ascii=False).encode()
        self._received.append(entry)
        return 1

    def received(self, path: str | None = None) -> list[dict[str, Any]]:
        return self._received


def _webhook_exchange(*connection: Any) -> Exchange:
    stopping = threading.Event()
    stopping.set()
    return _WebhookExchange(_MemoryInbox(), stopping, *connection)


def _webhooks() -> list[bytes]:
    shown = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    return [
        _post("/hook", {"eventCode": "Payment", "payment": {"status": "Captured"}}) + shown,
        _post("/slow/0.5", {"a": [1, 2, {"b": None}]}) + shown,
    ]


def _serving(exchange: Callable[..., Exchange], said: bytes) -> None:
    """Every request is answered, or its connection closed."""
    served(exchange, said)


TARGETS = (
    *_of_host("visa"),
    *_of_host("mastercard"),
    Target(
        "sandbox.acs.messages",
        partial(_serving, lambda *given: _LonelyAccess(_Authentications(), *given)),
        (),
        Http(Json()),
        _access_messages,
    ),
    Target(
        "sandbox.acs.forms",
        partial(_serving, lambda *given: _LonelyAccess(_Authentications(), *given)),
        (),
        Http(FORM),
        _access_forms,
    ),
    Target(
        "sandbox.wallet",
        partial(_serving, _wallet_exchange),
        (),
        Http(Json()),
        _wallet_messages,
    ),
    Target(
        "sandbox.visa.files",
        partial(_serving, partial(_file_exchange, "visa")),
        (),
        Http(Json()),
        _file_messages,
    ),
    Target(
        "sandbox.mastercard.files",
        partial(_serving, partial(_file_exchange, "mastercard")),
        (),
        Http(Json()),
        _file_messages,
    ),
    Target(
        "sandbox.merchant",
        partial(_serving, _webhook_exchange),
        (),
        Http(Raw()),
        _webhooks,
    ),
)

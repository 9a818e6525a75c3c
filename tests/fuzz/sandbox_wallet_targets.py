"""What the sandbox's wallet is sent."""

from __future__ import annotations

import sqlite3
import threading
from functools import partial
from typing import Any, cast

from sandbox import alipayplus_web
from sandbox.alipayplus_books import WalletBooks
from sandbox.alipayplus_desk import Desk
from sandbox.alipayplus_keys import Keys
from sandbox.alipayplus_settlement import SettlementDesk
from sandbox.web import Exchange
from tests.fuzz.shapes import Http, Json
from tests.fuzz.target import Target
from tests.fuzz.wires import posted, served


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
        posted(f"{alipayplus_web.PREFIX}{operation}", message, *signed)
        for operation, message in (
            ("pay", pay),
            ("inquiryPayment", {"paymentRequestId": "pay-1"}),
            ("cancel", {"paymentId": "2026w"}),
            ("refund", refund),
            ("inquiryRefund", {"refundId": "2026r"}),
        )
    ] + [posted("/faults", {"drop_next_answers": 1, "delay_ms": 5})]


TARGETS = (
    Target("sandbox.wallet", partial(served, _wallet_exchange), (), Http(Json()), _wallet_messages),
)

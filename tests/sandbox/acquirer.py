"""An acquirer that speaks Alipay+ with the sandbox's wallet, written from the AMS API alone."""

from __future__ import annotations

import base64
import json
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from tests.sandbox.process import SandboxProcess

CLIENT_ID = "TIDEGATE-SANDBOX"
PAYS, CONFIRMS, POOR, STALE = (f"28123456789012{ending}" for ending in ("34", "11", "51", "00"))


@dataclass
class Acquirer:
    """The other side of the host, by the documentation of the AMS API alone."""

    host: SandboxProcess
    keys: Path

    @property
    def key(self) -> RSAPrivateKey:
        key = load_pem_private_key((self.keys / "gateway.key.pem").read_bytes(), None)
        assert isinstance(key, RSAPrivateKey)
        return key

    @property
    def wallet_key(self) -> RSAPublicKey:
        key = load_pem_public_key((self.keys / "wallet.pub.pem").read_bytes())
        assert isinstance(key, RSAPublicKey)
        return key

    def sign(self, path: str, stamp: str, body: bytes, client_id: str = CLIENT_ID) -> str:
        content = f"POST {path}\n{client_id}.{stamp}.".encode() + body
        raw = self.key.sign(content, PKCS1v15(), SHA256())
        return "algorithm=RSA256,keyVersion=1,signature=" + quote(base64.b64encode(raw), safe="")

    def check(self, header: str, path: str, stamp: str, body: bytes) -> None:
        """Raises InvalidSignature."""
        value = unquote(header.rpartition("signature=")[2])
        content = f"POST {path}\n{CLIENT_ID}.{stamp}.".encode() + body
        self.wallet_key.verify(base64.b64decode(value), content, PKCS1v15(), SHA256())

    def post(self, operation: str, message: dict[str, Any], **headers: str) -> httpx.Response:
        path = f"/ams/api/v1/payments/{operation}"
        body, stamp = json.dumps(message).encode(), datetime.now(UTC).isoformat()
        given = {
            "Content-Type": "application/json; charset=UTF-8",
            "Client-Id": CLIENT_ID,
            "Request-Time": stamp,
            "Signature": self.sign(path, stamp, body),
        }
        return self.host.http("POST", path, content=body, headers=given | headers)

    def call(self, operation: str, message: dict[str, Any]) -> dict[str, Any]:
        """The answer, its signature checked."""
        answer = self.post(operation, message)
        self.check(
            answer.headers["Signature"],
            f"/ams/api/v1/payments/{operation}",
            answer.headers["Response-Time"],
            answer.content,
        )
        read: dict[str, Any] = answer.json()
        return read

    def outcome(self, operation: str, message: dict[str, Any]) -> str:
        """resultStatus and resultCode."""
        result = self.call(operation, message)["result"]
        return f"{result['resultStatus']} {result['resultCode']}"

    def status(self, order: dict[str, Any]) -> str:
        found = self.call("inquiryPayment", {"paymentRequestId": order["paymentRequestId"]})
        return f"{found['paymentStatus']} {found['paymentResultCode']}"


def an_order(value: int = 1_234, code: str | None = None, **others: Any) -> dict[str, Any]:
    """A pay request: at the cashier, or in store with a payment code."""
    amount = {"currency": "HKD", "value": str(value)}
    request: dict[str, Any] = {
        "productCode": "CASHIER_PAYMENT",
        "paymentRequestId": uuid.uuid4().hex,
        "order": {
            "referenceOrderId": "o-1",
            "orderDescription": "Two teas",
            "orderAmount": amount,
            "merchant": {"referenceMerchantId": "M1", "merchantName": "Tea <House>"},
        },
        "paymentAmount": amount,
        "paymentMethod": {"paymentMethodType": "ALIPAY_HK"},
        "paymentExpiryTime": (datetime.now(UTC) + timedelta(minutes=10)).isoformat(),
        "paymentNotifyUrl": "http://127.0.0.1:9/notice",
        "settlementStrategy": {"settlementCurrency": "HKD"},
    }
    if code is not None:
        request["productCode"] = "IN_STORE_PAYMENT"
        request["paymentFactor"] = {"inStorePaymentScenario": "PaymentCode"}
        request["paymentMethod"] = {"paymentMethodType": "CONNECT_WALLET", "paymentMethodId": code}
    return request | others


def by_qr(**others: Any) -> dict[str, Any]:
    return an_order(
        productCode="IN_STORE_PAYMENT",
        paymentFactor={"inStorePaymentScenario": "OrderCode"},
        **others,
    )


def a_refund(order: dict[str, Any], value: int, currency: str = "HKD") -> dict[str, Any]:
    return {
        "refundRequestId": uuid.uuid4().hex,
        "paymentRequestId": order["paymentRequestId"],
        "refundAmount": {"currency": currency, "value": str(value)},
    }


def started(folder: Path) -> Acquirer:
    host = SandboxProcess("alipayplus", folder / "state", "--keys", str(folder / "keys"))
    return Acquirer(host.start(), folder / "keys")


def book_of(acquirer: Acquirer, order: dict[str, Any]) -> list[dict[str, Any]]:
    rows = acquirer.host.http("GET", "/books").json()["orders"]
    return [row for row in rows if row["request_id"] == order["paymentRequestId"]]


def pay_on_page(acquirer: Acquirer, url: str, **form: str) -> httpx.Response:
    path = re.sub(r"^http://127\.0\.0\.1:\d+", "", url)
    return acquirer.host.http("POST", path, data=form or {"do": "pay"})

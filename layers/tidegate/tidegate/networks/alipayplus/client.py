"""``Wallet`` over Alipay+: requests are signed, and nothing unsigned is believed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tidegate.domain.errors import MalformedBody, SignatureRejected, Unanswered
from tidegate.domain.wallet import WalletAnswer, WalletNotice, WalletOrder, WalletRefund
from tidegate.networks.alipayplus import messages
from tidegate.networks.alipayplus.signature import private_key, public_key, sign, verify
from tidegate.networks.breaker import Breaker
from tidegate.networks.http import exchange

PREFIX = "/ams/api/v1/payments"
FRESH_S = 300
"""Seconds; what was signed longer ago is a replay."""
Result = TypeVar("Result")


class AlipayPlus:
    """One acquirer's connection; every call is one signed exchange."""

    name = "alipayplus"

    def __init__(
        self,
        url: str,
        client_id: str,
        private_key_pem: bytes,
        wallet_public_key_pem: bytes,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._url = url.rstrip("/")
        self._client_id = client_id
        self._key = private_key(private_key_pem)
        self._wallet_key = public_key(wallet_public_key_pem)
        self._now = now
        self._breaker = Breaker("the wallet network")

    def pay(self, order: WalletOrder, *, timeout_s: float) -> WalletAnswer:
        """See ``ports_wallets.Wallet``."""
        answer = self._call("pay", messages.pay(order), timeout_s)
        return _read(lambda: messages.read_pay(answer, order))

    def inquire(self, request_id: str, *, timeout_s: float) -> WalletAnswer:
        """See ``ports_wallets.Wallet``."""
        answer = self._call("inquiryPayment", messages.inquiry(request_id), timeout_s)
        return _read(lambda: messages.read_inquiry(answer, request_id))

    def cancel(self, request_id: str, *, timeout_s: float) -> bool:
        """See ``ports_wallets.Wallet``."""
        answer = self._call("cancel", messages.inquiry(request_id), timeout_s)
        return _read(lambda: messages.cancelled(answer, request_id))

    def refund(self, refund: WalletRefund, *, timeout_s: float) -> WalletAnswer:
        """See ``ports_wallets.Wallet``."""
        answer = self._call("refund", messages.refund(refund), timeout_s)
        return _read(lambda: messages.read_refund(answer, refund.request_id))

    def inquire_refund(self, request_id: str, *, timeout_s: float) -> WalletAnswer:
        """See ``ports_wallets.Wallet``."""
        answer = self._call("inquiryRefund", messages.refund_inquiry(request_id), timeout_s)
        return _read(lambda: messages.read_refund_inquiry(answer, request_id))

    def read_notice(self, path: str, headers: Mapping[str, str], body: bytes) -> WalletNotice:
        """See ``ports_wallets.Wallet``."""
        stamp = headers.get("request-time", "")
        if headers.get("client-id") != self._client_id:
            raise SignatureRejected("the notification is for somebody else", field="Client-Id")
        self._believe(headers.get("signature", ""), path, stamp, body)
        request_id, result = messages.read_notice(messages.parsed(body))
        return WalletNotice(request_id, result)

    def acknowledge(self, path: str) -> tuple[dict[str, str], bytes]:
        """See ``ports_wallets.Wallet``."""
        body = messages.written(
            {"result": {"resultCode": "SUCCESS", "resultStatus": "S", "resultMessage": "success"}}
        )
        stamp = messages.moment(self._now())
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "Client-Id": self._client_id,
            "Response-Time": stamp,
            "Signature": sign(self._key, path, self._client_id, stamp, body),
        }
        return headers, body

    def _call(self, name: str, message: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        """The answer, once its signature holds: what anybody could have written is no answer."""
        url = f"{self._url}{PREFIX}/{name}"
        path = urlsplit(url).path
        body, stamp = messages.written(message), messages.moment(self._now())
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "Client-Id": self._client_id,
            "Request-Time": stamp,
            "Signature": sign(self._key, path, self._client_id, stamp, body),
        }
        answer = self._breaker(lambda: exchange(url, "POST", body, headers, timeout_s=timeout_s))
        given = answer.headers
        try:
            stamp = given.get("response-time", "")
            self._believe(given.get("signature", ""), path, stamp, answer.body)
            return messages.parsed(answer.body)
        except (SignatureRejected, MalformedBody):
            raise Unanswered("the wallet's answer cannot be trusted") from None

    def _believe(self, header: str, path: str, stamp: str, body: bytes) -> None:
        """Raises SignatureRejected unless the wallet signed this, and signed it just now."""
        verify(self._wallet_key, header, path, self._client_id, stamp, body)
        try:
            signed_at = messages.seconds(stamp)
        except MalformedBody:
            raise SignatureRejected("the time of signing cannot be read", field="Time") from None
        if abs(signed_at - self._now()) > FRESH_S:
            raise SignatureRejected("the signature is too old", field="Time")


def _read(read: Callable[[], Result]) -> Result:
    try:
        return read()
    except MalformedBody:
        raise Unanswered("the wallet's answer cannot be read") from None

"""A merchant's side of the EVO Cloud API, from the contract alone: for the demo and the tests.

It imports nothing of the gateway, so that a mistake in the gateway's signatures cannot hide here.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

PREFIX = "/g2/v1/payment/mer"
LINKPAY_PREFIX = "/g2/v0/payment/mer"


class BadResponseSignature(Exception):
    """The gateway's answer is not signed with the store's key."""


@dataclass(frozen=True)
class Answer:
    """What came back: HTTP status, headers (lower case) and the JSON body."""

    http_status: int
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.body["result"]["code"])

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


@dataclass
class Merchant:
    """A store's credentials and a way to call the gateway with them."""

    base_url: str
    sid: str
    sign_key: str = field(repr=False)
    sign_type: str = "SHA256"
    key_id: str | None = None
    timeout_s: float = 45

    def payment(self, trans_id: str, value: str, currency: str = "HKD", **more: Any) -> Answer:
        """POST payment with a card; ``pan``, ``expiry`` (MMYY), ``cvc`` may be given."""
        card = {
            "cardNumber": more.pop("pan", "4761340000000043"),
            "expiryDate": more.pop("expiry", "1249"),
            "cvc": more.pop("cvc", "321"),
        }
        headers = more.pop("headers", None)
        body = {
            "merchantTransInfo": trans_info(trans_id),
            "transAmount": {"currency": currency, "value": value},
            "paymentMethod": {"type": "card", "card": {"cardInfo": card}},
            "transInitiator": {"platform": "WEB"},
            **more,
        }
        return self.call("POST", "payment", body=body, headers=headers)

    def change(
        self, kind: str, payment_id: str, trans_id: str, value: str | None = None, **more: Any
    ) -> Answer:
        """POST capture, cancel, refund or cancelOrRefund of a payment."""
        headers = more.pop("headers", None)
        body: dict[str, Any] = {"merchantTransInfo": trans_info(trans_id)}
        if value is not None:
            body["transAmount"] = {"currency": more.pop("currency", "HKD"), "value": value}
        query = {"merchantTransID": payment_id}
        return self.call("POST", kind, query=query, body={**body, **more}, headers=headers)

    def query(self, kind: str, trans_id: str) -> Answer:
        """GET payment, capture, cancel, refund or cancelOrRefund."""
        return self.call("GET", kind, query={"merchantTransID": trans_id})

    def link(
        self, method: str, path: str, body: dict[str, Any] | None = None, **headers: str
    ) -> Answer:
        """A LinkPay call; ``path`` begins with ``evo.e-commerce``."""
        return self.call(method, path, body=body, headers=headers, prefix=LINKPAY_PREFIX)

    def call(
        self,
        method: str,
        operation: str,
        *,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | bytes | None = None,
        headers: dict[str, str] | None = None,
        prefix: str = "",
    ) -> Answer:
        """One signed request; raises BadResponseSignature if the answer's signature is wrong."""
        raw = body if isinstance(body, bytes) else b""
        if isinstance(body, dict):
            raw = json.dumps(body, separators=(",", ":")).encode()
        target = f"{prefix or PREFIX}/{self.sid}/{operation}"
        if query:
            target += "?" + "&".join(f"{k}={quote(v, safe='')}" for k, v in sorted(query.items()))
        sent = self.headers(method, target, raw) | (headers or {})
        answer = self.send(method, target, raw, sent)
        self._verify(method, target, answer)
        return answer[0]

    def headers(self, method: str, target: str, raw: bytes) -> dict[str, str]:
        """The signed headers of one request."""
        stamp = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
        msg_id = secrets.token_hex(16)
        signed = {
            "Content-Type": "application/json; charset=utf-8",
            "DateTime": stamp,
            "MsgID": msg_id,
            "SignType": self.sign_type,
            "Authorization": self.sign(method, target, stamp, msg_id, raw),
        }
        return signed | ({"KeyID": self.key_id} if self.key_id else {})

    def sign(self, method: str, target: str, stamp: str, msg_id: str, raw: bytes) -> str:
        """Hex signature over the six lines of the contract (section 1.4)."""
        lines = [method, target, stamp, self.sign_key, msg_id, raw.decode("utf-8", "replace")]
        text = "\n".join(line for line in lines if line).encode()
        algorithm = "sha512" if self.sign_type.endswith("512") else "sha256"
        if self.sign_type.startswith("HMAC"):
            return hmac.new(self.sign_key.encode(), text, algorithm).hexdigest()
        return hashlib.new(algorithm, text).hexdigest()

    def send(
        self, method: str, target: str, raw: bytes, headers: dict[str, str]
    ) -> tuple[Answer, bytes]:
        """One request as it is, signed or not; the answer and its raw body."""
        url = urlsplit(self.base_url)
        connection = http.client.HTTPConnection(url.netloc, timeout=self.timeout_s)
        try:
            connection.request(method, target, body=raw or None, headers=headers)
            response = connection.getresponse()
            payload = response.read()
            found = {name.lower(): value for name, value in response.getheaders()}
        finally:
            connection.close()
        return Answer(response.status, found, json.loads(payload)), payload

    def _verify(self, method: str, target: str, answer: tuple[Answer, bytes]) -> None:
        parsed, payload = answer
        given = parsed.headers.get("authorization")
        if given is None:
            return
        expected = self.sign(
            method, target, parsed.headers["datetime"], parsed.headers["msgid"], payload
        )
        if not hmac.compare_digest(given.lower(), expected):
            raise BadResponseSignature(f"{method} {target}: {parsed.http_status}")


def trans_info(trans_id: str) -> dict[str, str]:
    """``merchantTransInfo`` of a new transaction."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"merchantTransID": trans_id, "merchantTransTime": now}

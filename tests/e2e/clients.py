"""What stands around the checks of known clients: a stack, a merchant, orders that are paid."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

from local.merchant_client import Answer, Merchant, trans_info
from local.stack import Stack
from tests.e2e import payer
from tests.e2e.conftest import eventually

NewId = Callable[[str], str]
LINK = "evo.e-commerce.linkpay"


class World:
    """A stack, a merchant and fresh ids."""

    def __init__(self, stack: Stack, merchant: Merchant, new_id: NewId) -> None:
        self.stack, self.merchant, self.new_id = stack, merchant, new_id

    def wallet(self, **more: Any) -> Answer:
        body = {
            "merchantTransInfo": trans_info(self.new_id("sc")),
            "transAmount": {"currency": "HKD", "value": "5"},
            "paymentMethod": {"type": "e-wallet", "e-wallet": {"paymentBrand": "Alipay"}},
            "transInitiator": {"platform": "WEB"},
            "tradeInfo": {"tradeType": "Sale of goods"},
            **more,
        }
        return self.merchant.call("POST", "payment", body=body)

    def token(self, **more: Any) -> Answer:
        card = {"cardNumber": "5120350100064594", "expiryDate": "1228", "cvc": "123"}
        body = {
            "merchantTransInfo": trans_info(self.new_id("tok")),
            "paymentMethod": {
                "type": "card",
                "card": {"vaultID": self.stack.store["vaultID"], "cardInfo": card},
            },
            "userInfo": {"reference": "cust-1", "email": "a@b.example", "locale": "en_US"},
            "transInitiator": {"platform": "WEB"},
            **more,
        }
        return self.merchant.call("POST", "paymentMethod", body=body)

    def order(self, **more: Any) -> tuple[str, Answer]:
        order_id = self.new_id("LP")
        body = {
            "merchantOrderInfo": {
                "merchantOrderID": order_id,
                "merchantOrderTime": datetime.now(UTC).isoformat(),
            },
            "transAmount": {"currency": "HKD", "value": "100.00"},
            **more,
        }
        return order_id, self.merchant.link("POST", LINK, body)

    def paid_order(self, **more: Any) -> str:
        """An order that somebody has paid by card."""
        order_id, made = self.order(**more)
        card = {"cardNumber": "4761340000000043", "expiryDate": "1249", "cvc": "321"}
        page = json.loads(payer.post(f"{made['linkUrl']}/payment", {"card": card}).text)
        payer.authenticate(page["attempt"]["action"]["url"])
        return order_id

    def received(self, path: str) -> list[dict[str, Any]]:
        """What came to a path of the sandbox's merchant, once something has."""
        found: list[dict[str, Any]] = []

        def told() -> bool:
            found[:] = json.loads(
                payer.get(f"{self.stack.url('merchant')}/received?path={path}").text
            )
            return bool(found)

        eventually(told)
        return found

    def told(self, path: str) -> dict[str, Any]:
        """The first notice's body."""
        body: dict[str, Any] = json.loads(self.received(path)[0]["body"])
        return body

    def raw(
        self, method: str, target: str, raw: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """A request whose header names go out exactly as they are written here."""
        connection = http.client.HTTPConnection(urlsplit(self.merchant.base_url).netloc)
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in {**headers, "Content-Length": str(len(raw))}.items():
            connection.putheader(name, value)
        connection.endheaders(raw)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, found, answer.read()

    def go_client(self, method: str, target: str, signed: str, body: str = "") -> Any:
        """As Go's library sends it: canonical header names, keys in order, three letters
        escaped; ``signed`` is what its signature is made over."""
        stamp = datetime.now(timezone(timedelta(hours=8))).isoformat(timespec="seconds")
        lines = [method, signed, stamp, self.merchant.sign_key, "0f1e2d3c", body]
        digest = hashlib.sha256("\n".join(line for line in lines if line).encode()).hexdigest()
        headers = {
            "Datetime": stamp,
            "Msgid": "0f1e2d3c",
            "Signtype": "SHA256",
            "Authorization": digest,
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "evo-cli/0.9.0",
        }
        status, found, raw = self.raw(method, target, body.encode(), headers)
        assert status == 200
        parts = [method, signed, found["datetime"], self.merchant.sign_key, found["msgid"]]
        expected = hashlib.sha256("\n".join([*parts, raw.decode()]).encode()).hexdigest()
        assert hmac.compare_digest(found["authorization"].lower(), expected)
        return json.loads(raw)

    @property
    def v1(self) -> str:
        return f"/g2/v1/payment/mer/{self.merchant.sid}"


Check = Callable[[World], None]
Need = tuple[str, str, Check]
"""The section that says so, what it says, and how that is tried."""


def need_of(needs: list[Need]) -> Callable[[str, str], Callable[[Check], Check]]:
    """A decorator that puts a check on a list."""

    def need(client: str, what: str) -> Callable[[Check], Check]:
        def listed(check: Check) -> Check:
            needs.append((client, what, check))
            return check

        return listed

    return need


def values(body: Any) -> Iterator[Any]:
    """Every value in a body."""
    if isinstance(body, dict):
        for one in body.values():
            yield from values(one)
    elif isinstance(body, list):
        for one in body:
            yield from values(one)
    else:
        yield body

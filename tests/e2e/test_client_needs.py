"""What each known client needs to succeed (contract, section 8), as a list that is checked.

Not served, by choice: Key-based stores (8.7, a receiver that compares the key itself) and the
deviant that signs every GET as a POST with a body (8.5): a GET with a body is refused, as the
signature on one of our refusals would pass for such a request's.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.merchant_client import Answer, Merchant, trans_info
from local.stack import Stack
from tests.e2e import payer
from tests.e2e.conftest import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]
NewId = Callable[[str], str]
LINK = "evo.e-commerce.linkpay"
SDK_STATUSES = {
    "Pending",
    "Active",
    "Paid",
    "Closed",
    "Refunded",
    "Partial Refunded",
    "Refunding",
    "Failed",
}


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

    def token(self) -> Answer:
        card = {"cardNumber": "5120350100064594", "expiryDate": "1228", "cvc": "123"}
        body = {
            "merchantTransInfo": trans_info(self.new_id("tok")),
            "paymentMethod": {
                "type": "card",
                "card": {"vaultID": self.stack.store["vaultID"], "cardInfo": card},
            },
            "userInfo": {"reference": "cust-1", "email": "a@b.example", "locale": "en_US"},
            "transInitiator": {"platform": "WEB"},
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
NEEDS: list[tuple[str, str, Check]] = []


def need(client: str, what: str) -> Callable[[Check], Check]:
    """Put a check on the list."""

    def listed(check: Check) -> Check:
        NEEDS.append((client, what, check))
        return check

    return listed


@need("8.1", "200 and JSON for success; header names in any case; signature over sorted query")
def _(world: World) -> None:
    query = "paymentBrand=Visa&currency=HKD"
    found = world.go_client(
        "GET",
        f"{world.v1}/paymentMethod?{query}",
        f"{world.v1}/paymentMethod?currency=HKD&paymentBrand=Visa",
    )
    assert found["result"]["code"] == "S0000"


@need("8.1", "bodies as Go writes them: sorted keys, <, > and & escaped")
def _(world: World) -> None:
    body = json.dumps(
        {
            "captureAfterHours": "0",
            "merchantTransInfo": trans_info(world.new_id("sc")),
            "metadata": "a<b>&c",
            "paymentMethod": {
                "card": {"cardInfo": {"cardNumber": "4761340000000043", "expiryDate": "1249"}},
                "type": "card",
            },
            "transAmount": {"currency": "HKD", "value": "5"},
            "transInitiator": {"platform": "WEB"},
        },
        separators=(",", ":"),
        sort_keys=True,
    )
    for char in "<>&":
        body = body.replace(char, f"\\u{ord(char):04x}")
    made = world.go_client("POST", f"{world.v1}/payment", f"{world.v1}/payment", body)
    assert (made["payment"]["status"], made["metadata"]) == ("Captured", "a<b>&c")


@need("8.1", "a refusal is signed as well, and comes with 200")
def _(world: World) -> None:
    target = f"{world.v1}/payment?merchantTransID=nothing"
    assert world.go_client("GET", target, target)["result"]["code"] == "C0004"


@need("8.1", "no Authorization at all where the store is unknown")
def _(world: World) -> None:
    status, headers, _ = world.raw(
        "GET", world.v1.replace("S024116", "S999999") + "/payment", b"", {}
    )
    assert status == 200
    assert "authorization" not in headers


@need("8.1", "POST cryptogram signed without its query, GET with it")
def _(world: World) -> None:
    made = world.token()["paymentMethod"]
    token_id = made["networkToken"]["tokenID"]
    crypto_id = world.new_id("crypto")
    body = json.dumps(
        {
            "merchantTransInfo": trans_info(crypto_id),
            "paymentMethod": {"networkToken": {"tokenID": token_id}, "type": "networkToken"},
        }
    )
    path = f"{world.v1}/cryptogram"
    trans_id = made["merchantTransInfo"]["merchantTransID"]
    answer = world.go_client("POST", f"{path}?merchantTransID={trans_id}", path, body)
    network = answer["paymentMethod"]["networkToken"]
    for name in ("tokenCryptogram", "eci", "value", "expiryDate", "paymentBrand"):
        assert network[name]
    assert answer["cryptogram"]["merchantTransInfo"]["merchantTransID"] == crypto_id
    query = f"{path}?merchantTransID={crypto_id}"
    assert world.go_client("GET", query, query)["paymentMethod"]["networkToken"] == network


@need("8.1", "an unsigned GET / answers within 10 s")
def _(world: World) -> None:
    with urllib.request.urlopen(world.merchant.base_url + "/", timeout=10) as answer:
        assert answer.status == 200


@need("8.1", "ids are nested in every object, evoTransID too")
def _(world: World) -> None:
    paid = world.merchant.payment(world.new_id("sc"), "5.00", captureAfterHours="0")
    payment_id = paid["payment"]["merchantTransInfo"]["merchantTransID"]
    refund_id = world.new_id("ref")
    refund = world.merchant.change("refund", payment_id, refund_id, "1.00")
    for answer in (refund, world.merchant.query("refund", refund_id)):
        assert answer["refund"]["merchantTransInfo"]["merchantTransID"] == refund_id
        for name in ("refund", "payment"):
            assert answer[name]["evoTransInfo"]["evoTransID"]


@need("8.2", "+pay: a card with empty cardInfo is an error that names the field, no crash")
def _(world: World) -> None:
    body = {
        "merchantTransInfo": trans_info(world.new_id("sc")),
        "transAmount": {"currency": "HKD", "value": "5"},
        "paymentMethod": {"type": "card", "card": {"cardInfo": {}}},
        "transInitiator": {"platform": "WEB"},
    }
    answer = world.merchant.call("POST", "payment", body=body)
    assert answer.code == "V0001"
    assert "cardNumber" in answer["result"]["message"]


@need("8.2", "+pay: a wallet with its brand alone, Alipay with tradeType alone")
def _(world: World) -> None:
    made = world.wallet()
    assert (made["payment"]["status"], made["action"]["type"]) == ("Pending", "redirectUser")


@need("8.2", "+capture-query and +refund-query take the payment's id as well")
def _(world: World) -> None:
    payment_id = world.new_id("sc")
    world.merchant.payment(payment_id, "5.00")
    capture_id = world.new_id("cap")
    world.merchant.change("capture", payment_id, capture_id, "5.00")
    by_payment = world.merchant.query("capture", payment_id)
    assert by_payment["capture"]["merchantTransInfo"]["merchantTransID"] == capture_id
    world.merchant.change("refund", payment_id, world.new_id("ref"), "5.00")
    assert world.merchant.query("refund", payment_id)["refund"]["status"] == "Success"


@need("8.2", "+cancel sends no amount")
def _(world: World) -> None:
    payment_id = world.new_id("sc")
    world.merchant.payment(payment_id, "5.00")
    cancel = world.merchant.change("cancel", payment_id, world.new_id("can"))
    assert cancel["cancel"]["status"] == "Success"


@need("8.2", "token +create reads status, token, networkToken and its nested id")
def _(world: World) -> None:
    method = world.token()["paymentMethod"]
    assert method["status"] == "Success"
    assert method["token"]["value"]
    assert method["networkToken"]["tokenID"]
    assert method["networkToken"]["expiryDate"]
    assert method["merchantTransInfo"]["merchantTransID"]


@need("8.2", "token +delete: a body, an Idempotency-Key, 200 and JSON")
def _(world: World) -> None:
    value = world.token()["paymentMethod"]["token"]["value"]
    answer = world.merchant.call(
        "DELETE",
        "paymentMethod",
        query={"token": value},
        body={"initiatingReason": "deleted via CLI"},
        headers={"Idempotency-Key": "a" * 32},
    )
    assert (answer.http_status, answer.code) == (200, "S0000")


@need("8.2", "linkpay +create: returnURL in capitals, validTime as text; linkUrl and expiryTime")
def _(world: World) -> None:
    _, made = world.order(returnURL="https://shop.example/b", validTime="60")
    assert made["linkUrl"].startswith("http")
    datetime.fromisoformat(made["expiryTime"])


@need("8.3", "result has code and message in every body")
def _(world: World) -> None:
    order_id, made = world.order()
    refusals = (
        world.merchant.link("GET", f"{LINK}/nothing"),
        world.merchant.link("POST", f"{LINK}Refund/{order_id}", {}),
    )
    for answer in (made, *refusals):
        assert set(answer["result"]) >= {"code", "message"}


@need("8.3", "order statuses from the closed list; nothing is null")
def _(world: World) -> None:
    order_id, made = world.order()
    found = world.merchant.link("GET", f"{LINK}/{order_id}")
    for answer in (made, found):
        assert answer["merchantOrderInfo"]["status"] in SDK_STATUSES
        assert answer["merchantOrderInfo"]["merchantOrderID"] == order_id
        assert None not in list(values(answer.body))


@need("8.4", "times with microseconds and +00:00")
def _(world: World) -> None:
    _, made = world.order()
    assert made.code == "S0000"


@need("8.5", "older paths, no Content-Type, userinfo with a name as text, hours as a number")
def _(world: World) -> None:
    info = trans_info(world.new_id("uni")) | {"merchantOrderReference": "order-7"}
    body = {
        "merchantTransInfo": info,
        "transAmount": {"currency": "HKD", "value": "5.00"},
        "paymentMethod": {"type": "e-wallet", "e-wallet": {"paymentBrand": "Alipay"}},
        "userinfo": {"name": "Mei Chan"},
        "transInitiator": {
            "platform": "WEB",
            "deviceType": "Android",
            "browserInfo": {"language": "en"},
        },
        "tradeInfo": {"tradeType": "Sale of goods", "totalQuantity": "1"},
        "captureAfterHours": 0,
    }
    for base in ("v1", "auth", "v0"):
        info["merchantTransID"] = world.new_id("uni")
        made = world.merchant.call(
            "POST", "evo.e-commerce.payment", body=body, prefix=f"/g2/{base}/payment/mer"
        )
        assert (made.code, made["payment"]["status"]) == ("S0000", "Pending")
        trans_id = info["merchantTransID"]
        found = world.merchant.query("payment", trans_id)
        assert found["payment"]["merchantTransInfo"]["merchantTransID"] == trans_id


@need("8.6", "no business refusal is an HTTP error; action.threeDSData.url and metadata")
def _(world: World) -> None:
    begun = world.merchant.payment(
        world.new_id("bot"),
        "5.00",
        allowAuthentication=True,
        returnURL="https://shop.example/b",
        metadata="user-7",
    )
    assert begun["action"]["threeDSData"]["url"]
    assert (begun["payment"]["status"], begun["metadata"]) == ("Verifying", "user-7")
    refused = world.merchant.payment(world.new_id("bot"), "5.51")
    assert (refused.http_status, refused.code) == (200, "I0051")


@need("8.7", "a merchant's charge by token, without type and transInitiator")
def _(world: World) -> None:
    value = world.token()["paymentMethod"]["token"]["value"]
    body = {
        "merchantTransInfo": trans_info(world.new_id("mit")),
        "transAmount": {"currency": "HKD", "value": "5.00"},
        "paymentMethod": {"token": {"value": value}, "recurringProcessingModel": "Subscription"},
        "captureAfterHours": "0",
    }
    assert world.merchant.call("POST", "payment", body=body)["payment"]["status"] == "Captured"


@need("8.7", "webhooks verify over the body as JSON.stringify writes it, in lower-case hex")
def _(world: World) -> None:
    path = f"/webhook/{world.new_id('lpjs')}"
    order_id, made = world.order(webhook=world.stack.url("merchant") + path)
    card = {"cardNumber": "4761340000000043", "expiryDate": "1249", "cvc": "321"}
    page = json.loads(payer.post(f"{made['linkUrl']}/payment", {"card": card}).text)
    payer.authenticate(page["attempt"]["action"]["url"])
    received: list[dict[str, Any]] = []

    def told() -> bool:
        seen = payer.get(f"{world.stack.url('merchant')}/received?path={path}").text
        received[:] = json.loads(seen)
        return bool(received)

    eventually(told)
    headers = {name.lower(): value for name, value in received[0]["headers"].items()}
    body = json.loads(received[0]["body"])
    again = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    lines = ["POST", path, headers["datetime"], world.merchant.sign_key, headers["msgid"], again]
    assert headers["authorization"] == hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert (body["eventCode"], body["result"]["code"]) == ("LinkPay", "S0000")
    assert body["merchantOrderInfo"] == {"merchantOrderID": order_id, "status": "Paid"}
    assert body["transactionInfo"]["status"] == "Captured"


@need("8.8", "gateway token, network token, first6, last4, brand, status, card art")
def _(world: World) -> None:
    method = world.token()["paymentMethod"]
    assert method["token"]["value"]
    assert method["card"]["paymentBrand"] == "Mastercard"
    network = method["networkToken"]
    for name in ("tokenID", "value", "expiryDate", "first6No", "last4No", "status"):
        assert network[name]
    assert network["digitalCardData"]["artUri"].startswith("https://")


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


@pytest.mark.parametrize(
    "check", [one[2] for one in NEEDS], ids=[f"{client} {what}" for client, what, _ in NEEDS]
)
def test_what_a_client_needs(stack: Stack, merchant: Merchant, new_id: NewId, check: Check) -> None:
    check(World(stack, merchant, new_id))

"""What the SDK, the toolkit and merchants' own clients need to succeed (contract, sections 8.3 to
8.8), as a list that is checked.

Not served, by choice: Key-based stores (8.7, a receiver that compares the key itself); the deviant
that signs every GET as a POST with a body (8.5): a GET with a body is refused, as the signature on
one of our refusals would pass for such a request's; its wish that a cancel bears the payment's
evoTransID. ``LinkPay Refund`` (8.7) and the SDK's own form of webhooks (8.3) are a store's choice,
tried in tests/contract/test_notices_of_orders.py. The SDK and the toolkit themselves run in
test_known_clients.py, the page's clicks (2.6) in test_three_d_secure.py.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from local.merchant_client import Merchant, trans_info
from local.stack import Stack
from tests.e2e.clients import LINK, Check, Need, NewId, World, need_of, values

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]
NEEDS: list[Need] = []
need = need_of(NEEDS)
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


@need("8.3", "a retried create is answered as the first: same link, no B0019")
def _(world: World) -> None:
    order_id, made = world.order()
    body = {
        "merchantOrderInfo": {
            "merchantOrderID": order_id,
            "merchantOrderTime": datetime.now(UTC).isoformat(),
        },
        "transAmount": {"currency": "HKD", "value": "100.00"},
    }
    again = world.merchant.link("POST", LINK, body)
    assert (again.code, again["linkUrl"]) == ("S0000", made["linkUrl"])


@need("8.3", "the flat refund's fields, and its reason only from the SDK's list")
def _(world: World) -> None:
    order_id, refund_id = world.paid_order(), world.new_id("flat")
    body = {
        "merchantTransID": refund_id,
        "merchantTransTime": datetime.now(UTC).isoformat(),
        "refundAmount": {"currency": "HKD", "value": "10.00"},
        "reason": "requested_by_customer",
        "description": "one item returned",
        "metadata": {"basket": "17"},
    }
    made = world.merchant.link("POST", f"{LINK}Refund/{order_id}", body)
    found = world.merchant.link("GET", f"{LINK}Refund/{refund_id}")
    for answer in (made, found):
        assert answer["status"] == "succeeded"
        assert answer["merchantTransID"] == refund_id
        assert answer["originalMerchantOrderID"] == order_id
        for name in ("refundID", "createdTime"):
            assert answer[name]
        for name in ("refundAmount", "reason", "description", "metadata"):
            assert answer[name] == body[name]
        assert None not in list(values(answer.body))


@need("8.3", "the signature in capitals, which the SDK's HMAC makes")
def _(world: World) -> None:
    target = f"{world.v1}/payment?merchantTransID=nothing"
    headers = world.merchant.headers("GET", target, b"")
    headers["Authorization"] = headers["Authorization"].upper()
    assert world.merchant.send("GET", target, b"", headers)[0].code == "C0004"


@need("8.4", "relatedTransactions are a list of JSON objects")
def _(world: World) -> None:
    found = world.merchant.link("GET", f"{LINK}/{world.paid_order()}")
    (one,) = found["merchantOrderInfo"]["relatedTransactions"]
    assert (
        one["merchantTransID"] == found["transactionInfo"]["merchantTransInfo"]["merchantTransID"]
    )


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


@need("8.5", "S0000 and evoTransID in the object asked for; GET repeats the id")
def _(world: World) -> None:
    paid = {kind: world.new_id("uni") for kind in ("capture", "cancel", "refund")}
    for kind, payment_id in paid.items():
        hours: dict[str, Any] = {"captureAfterHours": 0} if kind == "refund" else {}
        world.merchant.payment(payment_id, "5.00", **hours)
        trans_id = world.new_id("uni")
        value = None if kind == "cancel" else "5.00"
        made = world.merchant.change(kind, payment_id, trans_id, value)
        found = world.merchant.query(kind, trans_id)
        for answer in (made, found):
            assert answer.code == "S0000"
            assert answer[kind]["evoTransInfo"]["evoTransID"]
            assert answer[kind]["merchantTransInfo"]["merchantTransID"] == trans_id
            assert answer["payment"]["evoTransInfo"]["evoTransID"]


@need("8.5", "webhooks carry both ids, the amount and why (5.4)")
def _(world: World) -> None:
    paid, failed = world.new_id("uni"), world.new_id("uni")
    for trans_id, value in ((paid, "5.00"), (failed, "5.51")):
        hook = f"{world.stack.url('merchant')}/webhook/{trans_id}"
        world.merchant.payment(trans_id, value, webhook=hook, captureAfterHours=0)
    told = {one: world.told(f"/webhook/{one}")["payment"] for one in (paid, failed)}
    for trans_id, payment in told.items():
        assert payment["merchantTransInfo"]["merchantTransID"] == trans_id
        assert payment["evoTransInfo"]["evoTransID"]
    assert told[paid]["status"] == "Captured"
    assert told[paid]["transAmount"] == {"currency": "HKD", "value": "5.00"}
    assert told[failed]["status"] == "Failed"
    assert told[failed]["failureReason"] == "Insufficient funds"


@need("8.6", "a card that was kept in a payment is charged again, by token or recurringReference")
def _(world: World) -> None:
    kept = world.merchant.payment(
        world.new_id("bot"),
        "5.00",
        paymentMethod={
            "type": "card",
            "recurringProcessingModel": "Subscription",
            "card": {
                "tokenize": True,
                "vaultID": world.stack.store["vaultID"],
                "userReference": world.new_id("u"),
                "cardInfo": {"cardNumber": "4761340000000043", "expiryDate": "1249", "cvc": "321"},
            },
        },
        captureAfterHours="0",
    )["paymentMethod"]
    for means in (
        {"token": {"value": kept["token"]["value"]}},
        {"recurringReference": kept["recurringReference"]},
    ):
        body = {
            "merchantTransInfo": trans_info(world.new_id("bot")),
            "transAmount": {"currency": "HKD", "value": "5.00"},
            "paymentMethod": {"recurringProcessingModel": "Subscription", **means},
            "captureAfterHours": "0",
        }
        assert world.merchant.call("POST", "payment", body=body)["payment"]["status"] == "Captured"


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
    order_id = world.paid_order(webhook=world.stack.url("merchant") + path)
    (received,) = world.received(path)
    headers = {name.lower(): value for name, value in received["headers"].items()}
    body = json.loads(received["body"])
    again = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    lines = ["POST", path, headers["datetime"], world.merchant.sign_key, headers["msgid"], again]
    assert headers["authorization"] == hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert (body["eventCode"], body["result"]["code"]) == ("LinkPay", "S0000")
    assert body["merchantOrderInfo"] == {"merchantOrderID": order_id, "status": "Paid"}
    assert body["transactionInfo"]["status"] == "Captured"


@need("8.7", "an order's refund is told, to the webhook of the refund's own request")
def _(world: World) -> None:
    order_id, path = world.paid_order(), f"/webhook/{world.new_id('shz')}"
    body = {
        "merchantTransInfo": trans_info(world.new_id("shz")),
        "transAmount": {"currency": "HKD", "value": "100.00"},
        "webhook": world.stack.url("merchant") + path,
    }
    world.merchant.link("POST", f"{LINK}Refund/{order_id}", body)
    told = world.told(path)
    assert (told["eventCode"], told["result"]["code"]) == ("Refund", "S0000")
    assert told["merchantOrderInfo"] == {"merchantOrderID": order_id, "status": "Refunded"}
    assert told["refund"]["status"] == "Success"


@need("8.7", "headers of their own do no harm, X-Trace-Id comes back")
def _(world: World) -> None:
    order_id, _ = world.order(returnUrl="https://shop.example/done")
    more = {"X-Trace-Id": "trace-7", "intStoreCode": "7"}
    answer = world.merchant.link("GET", f"{LINK}/{order_id}", None, **more)
    assert (answer.code, answer.headers["x-trace-id"]) == ("S0000", "trace-7")


@need("8.8", "gateway token, network token, first6, last4, brand, status, card art")
def _(world: World) -> None:
    method = world.token()["paymentMethod"]
    assert method["token"]["value"]
    assert method["card"]["paymentBrand"] == "Mastercard"
    network = method["networkToken"]
    for name in ("tokenID", "value", "expiryDate", "first6No", "last4No", "status"):
        assert network[name]
    assert network["digitalCardData"]["artUri"].startswith("https://")


@pytest.mark.parametrize(
    "check", [one[2] for one in NEEDS], ids=[f"{client} {what}" for client, what, _ in NEEDS]
)
def test_what_a_client_needs(stack: Stack, merchant: Merchant, new_id: NewId, check: Check) -> None:
    check(World(stack, merchant, new_id))

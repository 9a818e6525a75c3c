"""What the command-line client needs to succeed (contract, sections 8.1 and 8.2), as a list that is
checked; tests/e2e/test_other_clients_needs.py has the others."""

from __future__ import annotations

import json
import urllib.request
from datetime import datetime
from typing import Any

import pytest

from local.merchant_client import Merchant, trans_info
from local.stack import Stack
from tests.e2e.clients import LINK, Check, Need, NewId, World, need_of
from tidegate.api.evocloud.operations import OPERATIONS

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]
NEEDS: list[Need] = []
need = need_of(NEEDS)


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


@need("8.2", "+pay: webhook, returnURL and allowAuthentication are optional; +query reads status")
def _(world: World) -> None:
    trans_id = world.new_id("sc")
    more = {"webhook": f"{world.stack.url('merchant')}/webhook/{trans_id}"}
    begun = world.merchant.payment(
        trans_id, "5", allowAuthentication=True, returnURL="https://shop.example/b", **more
    )
    assert begun["action"]["type"] == "threeDSRedirect"
    found = world.merchant.query("payment", trans_id)
    assert (found["payment"]["status"], found["action"]["type"]) == ("Verifying", "threeDSRedirect")


@need("8.2", "+cancel sends no amount; +cancel-query by the cancel's id")
def _(world: World) -> None:
    payment_id, cancel_id = world.new_id("sc"), world.new_id("can")
    world.merchant.payment(payment_id, "5.00")
    cancel = world.merchant.change("cancel", payment_id, cancel_id)
    assert cancel["cancel"]["status"] == "Success"
    found = world.merchant.query("cancel", cancel_id)
    assert found["cancel"]["status"] == "Success"
    assert found["cancel"]["merchantTransInfo"]["merchantTransID"] == cancel_id


@need("8.2", "token +create reads status, token, networkToken and its nested id")
def _(world: World) -> None:
    method = world.token()["paymentMethod"]
    assert method["status"] == "Success"
    assert method["token"]["value"]
    assert method["networkToken"]["tokenID"]
    assert method["networkToken"]["expiryDate"]
    assert method["merchantTransInfo"]["merchantTransID"]


@need("8.2", "token +query shows what create answered")
def _(world: World) -> None:
    made = world.token()["paymentMethod"]
    query = {"merchantTransID": made["merchantTransInfo"]["merchantTransID"]}
    found = world.merchant.call("GET", "paymentMethod", query=query)["paymentMethod"]
    for name in ("status", "token", "merchantTransInfo"):
        assert found[name] == made[name]
    assert found["networkToken"]["tokenID"] == made["networkToken"]["tokenID"]


@need("8.2", "token +create with authentication: action.threeDSData.url")
def _(world: World) -> None:
    more = {"allowAuthentication": True, "returnURL": "https://shop.example/b"}
    begun = world.token(**more)
    assert begun["action"]["threeDSData"]["url"].startswith("http")
    assert begun["paymentMethod"]["status"] == "Verifying"


@need("8.2", "cryptogram +pay: the network token, with walletIdentifiers by its brand")
def _(world: World) -> None:
    made = world.token()["paymentMethod"]["networkToken"]
    body = {
        "merchantTransInfo": trans_info(world.new_id("crypto")),
        "paymentMethod": {"networkToken": {"tokenID": made["tokenID"]}, "type": "networkToken"},
    }
    given = world.merchant.call("POST", "cryptogram", body=body)["paymentMethod"]["networkToken"]
    names = ("value", "expiryDate", "tokenCryptogram", "eci", "paymentBrand")
    token = {name: given[name] for name in names}
    token |= {"type": "networkToken", "walletIdentifiers": "MDESForMerchants"}
    body = {
        "merchantTransInfo": trans_info(world.new_id("ntpay")),
        "transAmount": {"currency": "USD", "value": "3.10"},
        "paymentMethod": {"type": "token", "token": token},
        "transInitiator": {"platform": "WEB"},
        "captureAfterHours": "0",
    }
    paid = world.merchant.call("POST", "payment", body=body)
    assert (paid.code, paid["payment"]["status"]) == ("S0000", "Captured")


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


@need("8.2", "linkpay +query reads the order's status, +refund the refund (first dialect)")
def _(world: World) -> None:
    order_id = world.paid_order()
    found = world.merchant.link("GET", f"{LINK}/{order_id}")
    assert found["merchantOrderInfo"]["status"] == "Paid"
    refund_id = world.new_id("lp_ref")
    body = {
        "merchantTransInfo": trans_info(refund_id),
        "transAmount": {"currency": "HKD", "value": "40.00"},
    }
    refund = world.merchant.link("POST", f"{LINK}Refund/{order_id}", body)["refund"]
    assert refund["status"] == "Success"
    assert refund["merchantTransInfo"]["merchantTransID"] == refund_id


@need("8.2", "free bodies on every operation: validated, never a crash")
def _(world: World) -> None:
    odd: tuple[dict[str, Any], ...] = (
        {},
        {"transAmount": []},
        {"merchantTransInfo": "x"},
        {"paymentMethod": None},
    )
    for one in OPERATIONS:
        for body in odd if one.body is not None else ():
            path = one.path.replace("{sid}", world.merchant.sid).replace("{merchantOrderID}", "LP")
            prefix, operation = path.split(f"/{world.merchant.sid}/")
            query = {"merchantTransID": "nothing"}
            answer = world.merchant.call(
                one.method.upper(), operation, body=body, query=query, prefix=prefix
            )
            assert answer.http_status == 200
            assert answer.code[0] in "VCB", (one.id, body, answer.body)


@pytest.mark.parametrize(
    "check", [one[2] for one in NEEDS], ids=[f"{client} {what}" for client, what, _ in NEEDS]
)
def test_what_a_client_needs(stack: Stack, merchant: Merchant, new_id: NewId, check: Check) -> None:
    check(World(stack, merchant, new_id))

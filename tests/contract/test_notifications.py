"""What merchants are told: the body of every event code, and what others are not told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.support.gateway import Gateway
from tests.support.memory import MASTERCARD_CARD, a_store
from tidegate.api.evocloud.notifications import notification_body
from tidegate.domain.events import Event, events_of
from tidegate.domain.message import Card, NetworkAnswer
from tidegate.domain.money import Money
from tidegate.domain.payment import Payment
from tidegate.domain.transitions import Operation
from tidegate.services.commands import (
    Authenticate,
    CreateOrder,
    KeepCard,
    MakeCryptogram,
    PayByWallet,
)
from tidegate.services.webhook_notice import WebhookNotice

CARD = Card(MASTERCARD_CARD, "4912", "321")


@pytest.fixture
def gateway() -> Gateway:
    return Gateway(a_store(authentication="none"))


def bodies(gateway: Gateway, payment: Payment, **more: Any) -> list[dict[str, Any]]:
    """Every notification of a payment so far."""
    tell = WebhookNotice(gateway.stores, gateway.payments, gateway.stored_cards, None)  # type: ignore[arg-type]
    return [
        json.loads(notification_body(event, tell.subject(event), **more))
        for event in events_of(payment, 0)
    ]


def last(gateway: Gateway, trans_id: str = "PAY-1", **more: Any) -> dict[str, Any]:
    return bodies(gateway, gateway.payments.payment(trans_id), **more)[-1]


def test_a_payments_life(gateway: Gateway) -> None:
    gateway.pay()
    gateway.change("capture", "CAP-1", 8_000)
    gateway.change("refund", "REF-1", 3_000)
    told = bodies(gateway, gateway.payments.payment("PAY-1"))
    assert [one["eventCode"] for one in told] == ["Payment", "Capture", "Refund"]
    assert told[0]["paymentMethod"]["card"]["last4No"] == "0043"
    assert told[0]["metadata"] == "basket 17"
    for name, one in zip(("payment", "capture", "refund"), told, strict=True):
        assert one[name]["evoTransInfo"]["evoTransID"]
        assert "result" not in one


def test_a_cancel_and_a_decline(gateway: Gateway) -> None:
    gateway.pay()
    gateway.change("cancel", "CAN-1")
    assert last(gateway)["eventCode"] == "Cancel"
    assert last(gateway)["cancel"]["status"] == "Success"
    gateway.visa.replies.append(NetworkAnswer("51"))
    gateway.pay("PAY-2")
    declined = last(gateway, "PAY-2")
    assert (declined["eventCode"], declined["payment"]["failureCode"]) == ("Payment", "I0051")


def test_a_check_and_an_identification() -> None:
    gateway = Gateway(a_store(authentication="optional"))
    gateway.pay(minor=0)
    assert last(gateway)["eventCode"] == "Verify"
    only = Authenticate(only=True)
    payment = gateway.pay("PAY-2", authenticate=only, return_url="https://shop.example")
    gateway.authenticate.submit(payment, _browser(), "U", None)
    told = last(gateway, "PAY-2")
    assert told["eventCode"] == "Identify"
    assert told["authentication"]["threeDS"]["mpiData"]["status"] == "Y"
    assert told["authentication"]["threeDS"]["mpiData"]["cavv"]
    others = last(gateway, "PAY-2", with_tokens=False)
    assert "cavv" not in others["authentication"]["threeDS"]["mpiData"], "a proof is no news"


def _browser() -> Any:
    from tidegate.domain.authentication import BrowserInfo

    return BrowserInfo()


def kept(gateway: Gateway) -> dict[str, Any]:
    gateway.pay(
        "TOK-1", 0, means=CARD, intent=Operation.TOKENIZE, keep=KeepCard("cust-1", None, "MEI")
    )
    return last(gateway, "TOK-1")


def test_a_kept_card(gateway: Gateway) -> None:
    told = kept(gateway)
    method = told["paymentMethod"]
    assert (told["eventCode"], method["status"]) == ("PaymentMethod", "Success")
    assert method["merchantTransInfo"]["merchantTransID"] == "TOK-1"
    assert method["token"]["value"].startswith("pmt_")
    assert method["networkToken"]["tokenID"].startswith("nt-")
    assert "value" not in method["networkToken"]


def test_nobody_else_learns_a_token(gateway: Gateway) -> None:
    value = kept(gateway)["paymentMethod"]["token"]["value"]
    others = last(gateway, "TOK-1", with_tokens=False)
    assert others["paymentMethod"]["card"]["last4No"] == "4594"
    assert value[4:] not in json.dumps(others)


def test_a_cryptogram_is_told_of_and_not_told(gateway: Gateway) -> None:
    token_id = kept(gateway)["paymentMethod"]["networkToken"]["tokenID"]
    command = MakeCryptogram("CRY-1", "2025-03-04T09:28:20Z", token_id)
    made = gateway.card_tokens.cryptogram(gateway.store, command)
    told = last(gateway, "CRY-1")
    assert (told["eventCode"], told["result"]["code"]) == ("Cryptogram", "S0000")
    assert told["paymentMethod"]["networkToken"]["tokenID"] == token_id
    assert made.value not in json.dumps(told)


def test_a_payout(gateway: Gateway) -> None:
    gateway.pay("OUT-1", 2_500, intent=Operation.PAYOUT)
    told = last(gateway, "OUT-1")
    assert (told["eventCode"], told["payout"]["status"]) == ("Payout", "Success")


def test_a_wallet(gateway: Gateway) -> None:
    gateway.pay(means=PayByWallet("redirect", "AlipayHK"))
    told = last(gateway)
    assert told["paymentMethod"] == {"e-wallet": {"paymentBrand": "AlipayHK"}}
    assert told["payment"]["status"] == "Captured"


def test_an_order(gateway: Gateway) -> None:
    command = CreateOrder(
        "LP-1", "2025-03-04T09:10:11Z", Money(10_000, "HKD"), 30, user_reference="cust-1"
    )
    view = gateway.link_orders.create(gateway.store, command)
    from tidegate.services.link_orders import link_of

    link = link_of(view.order)
    gateway.visa.replies.append(NetworkAnswer("51"))
    card = Card("4761340000000043", "4912", "321")
    declined = gateway.pay_order(link, card, None, "https://pay.example/l").payment
    assert bodies(gateway, declined) == [], "its payer saw it and may try again"
    paid = gateway.pay_order(link, card, None, "https://pay.example/l").payment
    told = last(gateway, paid.trans_id)
    assert (told["eventCode"], told["result"]["code"]) == ("LinkPay", "S0000")
    assert told["merchantOrderInfo"] == {"merchantOrderID": "LP-1", "status": "Paid"}
    assert told["transactionInfo"]["status"] == "Captured"
    assert told["userInfo"] == {"reference": "cust-1"}
    gateway.change("refund", "REF-1", 4_000, of=paid.trans_id)
    refund = last(gateway, paid.trans_id)
    assert (refund["eventCode"], refund["result"]["code"]) == ("Refund", "S0000")
    assert refund["merchantOrderInfo"]["status"] == "Partial Refunded"
    assert refund["refund"]["merchantTransInfo"]["merchantTransID"] == "REF-1"


def test_what_is_told_is_compact_and_unescaped(gateway: Gateway) -> None:
    gateway.pay()
    payment = replace(gateway.payments.payment("PAY-1"), metadata="茶/<&")
    event = Event(payment, payment.history[-1])
    assert '"metadata":"茶/<&"' in notification_body(event, None)

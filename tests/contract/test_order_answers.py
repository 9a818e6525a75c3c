"""The contract's own examples of LinkPay (sections 2.18 to 2.21), replayed: what they show, our
answers have, and what the closed lists of the Python SDK do not know, they never say."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest

from tests.support.gateway import Gateway
from tests.support.memory import a_store
from tidegate.api.evocloud import responses_orders
from tidegate.api.evocloud.notifications import notification_body
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import orders
from tidegate.api.page import order_json, paying
from tidegate.domain.errors import MissingField, TidegateError
from tidegate.domain.events import Event
from tidegate.domain.message import Card, NetworkAnswer
from tidegate.domain.payment import Payment
from tidegate.domain.transitions import Status
from tidegate.services.link_orders import link_of

CREATE = (
    '{"merchantOrderInfo":{"merchantOrderID":"LP-2025-7","merchantOrderTime":"2025-03-04T09:10:11Z"},'
    '"transAmount":{"currency":"HKD","value":"100.00"},'
    '"returnUrl":"https://shop.example/done","webhook":"https://shop.example/hook","validTime":30}'
)
REFUND = (
    '{"merchantTransInfo":{"merchantTransID":"lp_ref_1741083000",'
    '"merchantTransTime":"2025-03-04T10:10:00Z"},"transAmount":{"currency":"HKD","value":"40.00"}}'
)
FLAT = (
    '{"merchantTransID":"lp_ref_1741083000","merchantTransTime":"2025-03-04T10:10:00Z",'
    '"refundAmount":{"currency":"HKD","value":"40.00"},"reason":"requested_by_customer",'
    '"description":"one item returned","metadata":{"basket":"17"}}'
)
CLOSE = (
    '{"merchantTransInfo":{"merchantTransID":"LPCR-1","merchantTransTime":"2025-03-04T10:20:00Z"},'
    '"transAmount":{"currency":"HKD","value":"100.00"}}'
)
SUCCESS = {"code": "S0000", "message": "Success"}
CARD = Card("4761340000000043", "4912", "321")


def a_request(body: str) -> Request:
    return Request("POST", "/g2/v0/", [], {}, body.encode())


class Shop:
    """A store and its calls, answered as the functions answer them."""

    def __init__(self) -> None:
        self.gateway = Gateway(a_store(authentication="none"))
        self.links, self.store = self.gateway.link_orders, self.gateway.store

    def create(self) -> dict[str, Any]:
        view = self.links.create(self.store, orders.create_order(a_request(CREATE)))
        self.link = link_of(view.order)
        return responses_orders.order_created(view, f"https://pay.example/g2/pay/{self.link}")

    def query(self) -> dict[str, Any]:
        return responses_orders.order_found(self.links.find(self.store.sid, "LP-2025-7"))

    def pay(self) -> None:
        self.gateway.pay_order(self.link, CARD, None, "https://pay.example/l")

    def refund(self, body: str) -> dict[str, Any]:
        command = orders.refund_order(a_request(body))
        change = self.links.refund(self.store, "LP-2025-7", command)
        return responses_orders.refund_of_order(change, found=False)

    def query_refund(self) -> dict[str, Any]:
        made = self.links.refund_made(self.gateway.query, self.store.sid, "lp_ref_1741083000")
        return responses_orders.refund_of_order(made, found=True)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_the_answer_to_a_new_order(shop: Shop) -> None:
    made = shop.create()
    assert made["result"] == SUCCESS
    assert made["linkUrl"].startswith("https://")
    assert re.fullmatch(r"2025-03-04T\d\d:\d\d:\d\d\+08:00", made["expiryTime"])
    assert made["merchantOrderInfo"] == {"merchantOrderID": "LP-2025-7", "status": "Pending"}
    assert made["transAmount"] == {"currency": "HKD", "value": "100.00"}


def test_an_order_before_and_after_it_is_paid(shop: Shop) -> None:
    shop.create()
    before = shop.query()
    assert before["merchantOrderInfo"]["status"] == "Pending"
    assert before["merchantOrderInfo"]["relatedTransactions"] == []
    assert not {"transactionInfo", "paymentMethod"} & set(before)
    shop.gateway.visa.replies.append(NetworkAnswer("51"))
    shop.pay()
    failed = shop.query()
    assert failed["merchantOrderInfo"]["status"] == "Active"
    assert failed["transactionInfo"]["failureCode"] == "I0051"
    shop.pay()
    paid = shop.query()
    assert (paid["result"], paid["merchantOrderInfo"]["status"]) == (SUCCESS, "Paid")
    assert paid["paymentMethod"]["type"] == "card"
    assert paid["paymentMethod"]["card"] == {
        "first6No": "476134",
        "last4No": "0043",
        "paymentBrand": "Visa",
    }
    done = paid["transactionInfo"]
    assert (done["status"], done["transAmount"]["value"]) == ("Captured", "100.00")
    info = done["merchantTransInfo"]
    assert re.fullmatch("[0-9a-z]{32}", info["merchantTransID"])
    assert info["merchantOrderReference"] == "LP-2025-7"
    assert set(done["evoTransInfo"]) == {
        "evoTransID",
        "evoTransTime",
        "retrievalReferenceNum",
        "traceNum",
    }
    assert set(done["pspTransInfo"]) >= {"authorizationCode", "pspTransID"}
    tried = paid["merchantOrderInfo"]["relatedTransactions"]
    assert [one["status"] for one in tried] == ["Failed", "Captured"]


@pytest.mark.parametrize("body", [REFUND, FLAT])
def test_a_refund_is_answered_in_both_dialects(shop: Shop, body: str) -> None:
    shop.create()
    shop.pay()
    answer = shop.refund(body)
    refund = answer["refund"]
    assert answer["result"]["code"] == "S0000"
    assert (refund["status"], refund["transAmount"]["value"]) == ("Success", "40.00")
    assert refund["merchantTransInfo"] == {
        "merchantTransID": "lp_ref_1741083000",
        "merchantTransTime": "2025-03-04T10:10:00Z",
    }
    assert answer["merchantOrderInfo"] == {
        "merchantOrderID": "LP-2025-7",
        "status": "Partial Refunded",
    }
    assert answer["refundID"] == refund["evoTransInfo"]["evoTransID"]
    assert answer["merchantTransID"] == "lp_ref_1741083000"
    assert answer["refundAmount"] == {"currency": "HKD", "value": "40.00"}
    assert answer["status"] == "succeeded"
    assert answer["createdTime"] == refund["evoTransInfo"]["evoTransTime"]
    found = shop.query_refund()
    assert {**found, "result": answer["result"]} == answer
    assert found["originalMerchantOrderID"] == "LP-2025-7"
    if body == FLAT:
        given = json.loads(FLAT)
        for name in ("reason", "description", "metadata"):
            assert found[name] == given[name]


def test_a_refund_that_was_refused_says_why(shop: Shop) -> None:
    shop.create()
    shop.pay()
    shop.gateway.visa.replies.append(NetworkAnswer("61"))
    refused = shop.refund(FLAT)
    assert (refused["result"]["code"], refused["status"]) == ("I0061", "failed")
    assert refused["failureReason"] == "The amount exceeds the card's limit"
    found = shop.query_refund()
    assert (found["result"], found["refund"]["status"]) == (SUCCESS, "Failed")


def test_what_the_page_is_to_ask_is_asked_and_told() -> None:
    shop = Shop()
    asked = json.loads(CREATE)
    asked["merchantOrderInfo"] |= {
        "isCollectEmail": True,
        "isCollectFullName": True,
        "isCollectPhoneNumber": False,
        "isCollectShippingAddress": True,
    }
    view = shop.links.create(shop.store, orders.create_order(a_request(json.dumps(asked))))
    assert view.order.collect == ("fullName", "email", "shippingAddress")
    link = link_of(view.order)
    shown = order_json(view, None, shop.store, [], None, lambda text: text)
    assert shown["collect"] == ["fullName", "email", "shippingAddress"]

    card = {"cardNumber": "4761340000000043", "expiryDate": "1249", "cvc": "321"}
    address = {"addressLine1": "1 Harbour Road", "city": "Hong Kong", "country": "HKG"}
    payer = {"fullName": "Mei 陈", "email": "mei@shop.example", "shippingAddress": address}

    def pay(payer: dict[str, Any] | None) -> Payment:
        body = json.dumps({"card": card, "payer": payer, "browser": {}})
        given = paying(a_request(body), date(2025, 3, 4))
        return shop.gateway.pay_order(
            link, given.means, None, "https://pay.example/l", payer=given.payer
        ).payment

    for lacking in ({}, {**payer, "email": None}):
        with pytest.raises(MissingField):
            pay(lacking)
    for odd in ({"email": "mei"}, {"phoneNumber": "call me"}, {"shippingAddress": {"city": "HK"}}):
        with pytest.raises(TidegateError) as refused:
            pay({**payer, **odd})
        assert str(refused.value.field).startswith("payer.")
    paid = pay({**payer, "phoneNumber": "+852 2345 6789"})
    found = shop.query()["userInfo"]
    assert found == {
        "name": {"fullName": "Mei 陈"},
        "email": "mei@shop.example",
        "deliveryAddress": address,
    }, "what was not asked for is not kept"
    assert paid.status is Status.CAPTURED
    paid = shop.gateway.payments.payment(paid.trans_id)
    event = Event(paid, paid.history[-1])
    assert json.loads(notification_body(event, None))["userInfo"] == found
    others = json.loads(notification_body(event, None, with_tokens=False))
    assert "mei" not in json.dumps(others).lower()


def test_closing_an_order_that_nobody_paid(shop: Shop) -> None:
    shop.create()
    command = orders.cancel_or_refund_order(a_request(CLOSE))
    change = shop.links.cancel_or_refund(shop.store, "LP-2025-7", command)
    closed = responses_orders.order_closed(change)
    assert closed["result"] == SUCCESS
    assert closed["merchantOrderInfo"] == {"merchantOrderID": "LP-2025-7", "status": "Closed"}
    cancel = closed["cancel"]
    assert (cancel["status"], cancel["merchantTransInfo"]["merchantTransID"]) == (
        "Success",
        "LPCR-1",
    )
    assert cancel["evoTransInfo"]["evoTransID"].startswith("pay")
    secret = shop.links.find(shop.store.sid, "LP-2025-7").order.secret
    assert secret not in json.dumps(closed), "the link's secret is nobody's transaction id"

"""What LinkPay's requests may hold, field by field (contract, sections 2.18 to 2.21): by the code
that answers a value which may not be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.bodies import ABSENT, changed
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.result_codes import code_of
from tidegate.api.evocloud.schemas import orders
from tidegate.domain.errors import TidegateError
from tidegate.services.commands import ChangePayment, CreateOrder

ORDER: dict[str, Any] = {
    "merchantOrderInfo": {
        "merchantOrderID": "LP-2025-7",
        "merchantOrderTime": "2025-03-04T09:10:11.123456+00:00",
    },
    "transAmount": {"currency": "HKD", "value": "100.00"},
}
REFUND: dict[str, Any] = {
    "merchantTransInfo": {
        "merchantTransID": "lp_ref_1741083000",
        "merchantTransTime": "2025-03-04T10:10:00Z",
    },
    "transAmount": {"currency": "HKD", "value": "40.00"},
}
FLAT: dict[str, Any] = {
    "merchantTransID": "lp_ref_1741083000",
    "merchantTransTime": "2025-03-04T10:10:00Z",
    "refundAmount": {"currency": "HKD", "value": "40.00"},
}
WRONG: list[tuple[str, Any, str]] = [
    ("merchantOrderInfo", ABSENT, "V0001"),
    ("merchantOrderInfo.merchantOrderID", ABSENT, "V0001"),
    ("merchantOrderInfo.merchantOrderID", "", "V0001"),
    ("merchantOrderInfo.merchantOrderID", 7, "V0000"),
    ("merchantOrderInfo.merchantOrderID", "x" * 33, "V0002"),
    ("merchantOrderInfo.merchantOrderID", "with space", "V0002"),
    ("merchantOrderInfo.merchantOrderTime", ABSENT, "V0001"),
    ("merchantOrderInfo.merchantOrderTime", "yesterday", "V0000"),
    ("merchantOrderInfo.merchantOrderTime", "2025-03-04T09:10:11", "V0000"),
    ("merchantOrderInfo.orderType", "single", "V0002"),
    ("merchantOrderInfo.enabledPaymentMethod", "Visa", "V0000"),
    ("merchantOrderInfo.enabledPaymentMethod", [7], "V0000"),
    ("merchantOrderInfo.enabledPaymentMethod", ["Visa"] * 2049, "V0002"),
    ("merchantOrderInfo.isCollectEmail", "true", "V0000"),
    ("merchantOrderInfo.isCollectFullName", 1, "V0000"),
    ("merchantOrderInfo.isCollectPhoneNumber", "no", "V0000"),
    ("merchantOrderInfo.isCollectBillingAddress", [], "V0000"),
    ("merchantOrderInfo.isCollectShippingAddress", {}, "V0000"),
    ("transAmount", ABSENT, "V0001"),
    ("transAmount.currency", "hkd", "V0000"),
    ("transAmount.currency", "HKDX", "V0000"),
    ("transAmount.currency", "QQQ", "B0016"),
    ("transAmount.value", 100, "V0000"),
    ("transAmount.value", "-1.00", "V0000"),
    ("transAmount.value", "0.00", "B0017"),
    ("transAmount.value", "1.001", "B0017"),
    ("transAmount.value", "1234567890123", "V0000"),
    ("validTime", 4, "V0002"),
    ("validTime", "43201", "V0002"),
    ("validTime", "soon", "V0000"),
    ("validTime", 30.5, "V0000"),
    ("returnUrl", "https://shop.example/" + "x" * 280, "V0002"),
    ("returnURL", "javascript:alert(1)", "V0002"),
    ("webhook", "ftp://shop.example", "V0002"),
    ("webhook", "https://shop.example/" + "x" * 280, "V0002"),
    ("userInfo.reference", "x" * 65, "V0002"),
    ("userInfo.vaultID", "x" * 37, "V0002"),
    ("userInfo.email", 7, "V0000"),
    ("tradeInfo.tradeType", "Barter", "V0002"),
    ("tradeInfo.totalQuantity", 100, "V0002"),
    ("storeInfo.MCC", "594", "V0002"),
    ("storeInfo.MCC", "59x2", "V0000"),
    ("transInitiator.platform", "FAX", "V0002"),
    ("senderInfo", "me", "V0000"),
    ("recipientInfo.accountNumber", "1" * 65, "V0002"),
    ("paymentMethod.recurringProcessingModel", "Sometimes", "V0002"),
    ("paymentMethod.recurringProcessingModel", "Subscription", "V0001"),
    ("allowAvsCheck", "yes", "V0000"),
    ("payerInfo", "Mei", "V0000"),
    ("deliveryAddress", "Hong Kong", "V0000"),
]
WRONG_REFUND: list[tuple[str, Any, str]] = [
    ("merchantTransInfo", ABSENT, "V0001"),
    ("merchantTransInfo.merchantTransID", "x" * 33, "V0002"),
    ("transAmount", ABSENT, "V0001"),
    ("transAmount.value", "0", "B0017"),
    ("initiatingReason", "x" * 65, "V0002"),
    ("webhook", "shop.example", "V0002"),
    ("metadata", {"a": 1}, "V0000"),
    ("metadata", "茶" * 171, "V0002"),
]
WRONG_FLAT: list[tuple[str, Any, str]] = [
    ("merchantTransTime", ABSENT, "V0001"),
    ("refundAmount", ABSENT, "V0001"),
    ("refundAmount.value", "0.00", "B0017"),
    ("reason", "changed my mind", "V0002"),
    ("description", "x" * 256, "V0002"),
    ("metadata", "text", "V0000"),
    ("metadata", {str(number): "" for number in range(51)}, "V0002"),
    ("metadata", {"k" * 41: "v"}, "V0002"),
    ("metadata", {"k": "v" * 501}, "V0002"),
]


def a_request(body: dict[str, Any], query: str | None = None) -> Request:
    pairs = [("merchantTransID", query)] if query else []
    return Request("POST", "/g2/v0/", pairs, {}, json.dumps(body).encode())


def code_for(read: Any, body: dict[str, Any]) -> str:
    with pytest.raises(TidegateError) as refused:
        read(a_request(body))
    return code_of(refused.value, linkpay=True)


@pytest.mark.parametrize(("path", "value", "code"), WRONG)
def test_a_field_of_an_order(path: str, value: Any, code: str) -> None:
    assert code_for(orders.create_order, changed(path, value, ORDER)) == code


@pytest.mark.parametrize(("path", "value", "code"), WRONG_REFUND)
def test_a_field_of_a_refund(path: str, value: Any, code: str) -> None:
    body = changed(path, value, REFUND)
    assert code_for(orders.refund_order, body) == code
    assert code_for(orders.cancel_or_refund_order, body) == code


@pytest.mark.parametrize(("path", "value", "code"), WRONG_FLAT)
def test_a_field_of_a_flat_refund(path: str, value: Any, code: str) -> None:
    assert code_for(orders.refund_order, changed(path, value, FLAT)) == code


def order(**more: Any) -> CreateOrder:
    return orders.create_order(a_request({**ORDER, **more}))


def test_an_order_in_every_spelling() -> None:
    plain = order()
    assert (plain.valid_minutes, plain.multiple, plain.return_url) == (60, False, None)
    for name in ("returnUrl", "returnURL"):
        assert order(**{name: "https://shop.example/done"}).return_url
    for minutes in (5, "5"):
        assert order(validTime=minutes).valid_minutes == 5
    assert order(storeInfo={"mcc": "5942"}).mcc == "5942"
    kept = order(
        userinfo={"reference": "cust-42", "vaultID": "V001", "name": "Mei Chan"},
        paymentMethod={"recurringProcessingModel": "Subscription"},
    )
    assert (kept.user_reference, kept.recurring) == ("cust-42", "Subscription")
    whole = {
        "merchantOrderInfo": {**ORDER["merchantOrderInfo"], "orderType": "Multiple"},
        "tradeInfo": {"tradeType": "Sale of goods", "totalQuantity": 2},
        "transInitiator": {"platform": "WEB"},
        "payerInfo": {"customerName": "Mei", "mail": "mei@shop.example"},
        "deliveryAddress": {"city": "Hong Kong"},
        "somethingNew": True,
    }
    assert order(**whole).multiple is True


def refund(body: dict[str, Any], query: str | None = None) -> ChangePayment:
    return orders.refund_order(a_request(body, query))


def test_a_refund_in_both_dialects() -> None:
    nested = refund({**REFUND, "initiatingReason": "broken", "metadata": "one cup"})
    assert (nested.initiating_reason, nested.metadata) == ("broken", "one cup")
    flat = refund(
        {**FLAT, "reason": "duplicate", "description": "twice", "metadata": {"basket": "17"}}
    )
    assert (flat.initiating_reason, flat.description) == ("duplicate", "twice")
    assert json.loads(flat.labels or "") == {"basket": "17"}
    assert nested.amount == flat.amount
    assert nested.trans_id == flat.trans_id == "lp_ref_1741083000"


def test_the_query_may_name_one_of_the_orders_payments() -> None:
    assert refund(REFUND).payment_trans_id == ""
    assert refund(REFUND, "7a60c5e1").payment_trans_id == "7a60c5e1"
    assert refund(REFUND, "lp_ref_1741083000").payment_trans_id == "", "some clients repeat its id"

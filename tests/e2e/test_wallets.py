"""Payments by wallet over HTTP: redirect, code at the till, QR code; pending is never paid."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.merchant_client import Answer, Merchant, trans_info
from local.operations import Operations
from local.stack import Stack
from tests.e2e import payer
from tests.e2e.conftest import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]
NewId = Callable[[str], str]
IN_STORE = {"platform": "POS", "paymentScenario": "inStore"}
CPM = {**IN_STORE, "inStorePaymentScenario": "CPM"}
MPM = {**IN_STORE, "inStorePaymentScenario": "MPM"}
BACK = "https://shop.example/back"


def pay(
    merchant: Merchant, trans_id: str, wallet: dict[str, str], value: str = "6.40", **more: Any
) -> Answer:
    body = {
        "merchantTransInfo": trans_info(trans_id),
        "transAmount": {"currency": "HKD", "value": value},
        "paymentMethod": {"type": "e-wallet", "e-wallet": wallet},
        "transInitiator": {"platform": "WEB"},
        **more,
    }
    return merchant.call("POST", "payment", body=body)


def status(merchant: Merchant, trans_id: str) -> str:
    return str(merchant.query("payment", trans_id)["payment"]["status"])


def test_a_payer_goes_to_his_wallet_and_comes_back(merchant: Merchant, new_id: NewId) -> None:
    trans_id = new_id("PAYW")
    begun = pay(merchant, trans_id, {"paymentBrand": "alipayhk"}, returnURL=BACK, validTime="30")
    assert begun["payment"]["status"] == "Pending"
    assert begun["action"]["type"] == "redirectUser"
    for kind in ("capture", "refund"):
        assert merchant.change(kind, trans_id, new_id("OP"), "6.40").code == "B0012"
    assert status(merchant, trans_id) == "Pending"
    seen = payer.decide(begun["action"]["redirectData"]["url"])
    assert (seen.status, seen.location) == (303, BACK)
    eventually(lambda: status(merchant, trans_id) == "Captured")
    paid = merchant.query("payment", trans_id)
    assert "action" not in paid.body
    assert paid["paymentMethod"] == {"e-wallet": {"paymentBrand": "AlipayHK"}}
    for value, after in (("2.00", "Partial Refunded"), ("4.40", "Refunded")):
        refund = merchant.change("refund", trans_id, new_id("REF"), value)
        assert (refund["refund"]["status"], refund["payment"]["status"]) == ("Success", after)
    assert merchant.change("refund", trans_id, new_id("REF"), "0.01").code == "B0012"


def test_a_payer_declines(merchant: Merchant, new_id: NewId) -> None:
    trans_id = new_id("PAYW")
    begun = pay(merchant, trans_id, {"paymentBrand": "Alipay"}, returnURL=BACK)
    payer.decide(begun["action"]["redirectData"]["url"], "decline")
    eventually(lambda: status(merchant, trans_id) == "Failed")
    assert merchant.query("payment", trans_id)["payment"]["failureCode"] == "I0093"


@pytest.mark.parametrize(
    ("code", "answer", "state"),
    [
        ("281234567890123456", "S0000", "Captured"),
        ("291234567890123456", "S0000", "Captured"),
        ("281234567890123400", "I0111", "Failed"),
        ("281234567890123451", "I0051", "Failed"),
        ("281234567890123411", "S0000", "Pending"),
    ],
)
def test_a_code_at_the_till(
    merchant: Merchant, new_id: NewId, code: str, answer: str, state: str
) -> None:
    trans_id = new_id("CPM")
    shown = pay(merchant, trans_id, {"paymentCode": code}, "31.00", transInitiator=CPM)
    assert (shown.code, shown["payment"]["status"]) == (answer, state)
    brand = "AlipayHK" if code.startswith("29") else "Alipay"
    assert shown["paymentMethod"]["e-wallet"]["paymentBrand"] == brand
    if state == "Pending":
        assert shown["action"]["type"] == "promptUser"


def test_codes_and_brands_that_do_not_fit(merchant: Merchant, new_id: NewId) -> None:
    strange = {"paymentCode": "991234567890123456"}
    assert pay(merchant, new_id("CPM"), strange, transInitiator=CPM).code == "I0111"
    assert pay(merchant, new_id("CPM"), {}, transInitiator=CPM).code == "V0007"
    assert pay(merchant, new_id("MPM"), {}, transInitiator=MPM).code == "V0007"
    assert pay(merchant, new_id("PAYW"), {"paymentBrand": "Nobody_Pay"}).code == "B0006"
    assert pay(merchant, new_id("PAYW"), {"paymentBrand": "Visa"}).code == "V0008"
    code = {"paymentBrand": "Alipay", "paymentCode": "281234567890123456"}
    assert pay(merchant, new_id("PAYW"), code).code == "V0009"
    assert pay(merchant, new_id("PAYW"), {"paymentBrand": "Alipay"}, "0").code == "B0005"


def test_a_qr_code_is_paid_or_closed(merchant: Merchant, new_id: NewId) -> None:
    paid, closed = new_id("MPM"), new_id("MPM")
    shown = pay(merchant, paid, {"paymentBrand": "Alipay"}, transInitiator=MPM)
    assert shown["action"]["type"] == "presentQRCode"
    payer.decide(shown["action"]["qrData"]["qrCode"])
    eventually(lambda: status(merchant, paid) == "Captured")
    shown = pay(merchant, closed, {"paymentBrand": "Alipay"}, transInitiator=MPM)
    cancel = merchant.change("cancelOrRefund", closed, new_id("COR"))
    assert (cancel["cancel"]["status"], cancel["payment"]["status"]) == ("Success", "Cancelled")
    assert "Thank you" not in payer.get(shown["action"]["qrData"]["qrCode"]).text
    payer.post(shown["action"]["qrData"]["qrCode"], {"do": "pay"}, payer.FORM)
    assert status(merchant, closed) == "Cancelled"


@pytest.mark.parametrize("value", ["10.62", "10.68"])
def test_an_answer_that_was_lost_is_taken_back(
    stack: Stack, merchant: Merchant, new_id: NewId, value: str
) -> None:
    """62: booked and withheld; 68: never arrived. Either way nobody has paid in the end."""
    trans_id = new_id("PAYW")
    unknown = pay(
        merchant, trans_id, {"paymentCode": "281234567890123456"}, value, transInitiator=CPM
    )
    assert unknown.code in {"S0000", "P0098"}
    assert unknown["payment"]["status"] in {"Pending", "Failed"}

    def over() -> bool:
        Operations(stack).invoke("SweepDueFunction", {})
        return status(merchant, trans_id) == "Failed"

    eventually(over, within_s=90, every_s=3)
    evo = merchant.query("payment", trans_id)["payment"]["evoTransInfo"]["evoTransID"]
    orders = json.loads(payer.get(f"{stack.url('alipayplus')}/books").text)["orders"]
    assert [one["status"] for one in orders if one["request_id"] == evo] in ([], ["CANCELLED"])


@pytest.mark.long  # a wallet may hear of a request for 90 seconds after we gave it up
def test_a_refund_whose_answer_was_lost_is_found_again(
    stack: Stack, merchant: Merchant, new_id: NewId
) -> None:
    trans_id = new_id("PAYW")
    pay(merchant, trans_id, {"paymentCode": "281234567890123456"}, "50.00", transInitiator=CPM)
    booked, missed = new_id("REF"), new_id("REF")
    for refund_id, value in ((booked, "10.62"), (missed, "10.68")):
        first = merchant.change("refund", trans_id, refund_id, value)
        assert first["refund"]["status"] in {"Received", "Success", "Failed"}

    def ended() -> bool:
        Operations(stack).invoke("SweepDueFunction", {})
        return all(
            merchant.query("refund", one)["refund"]["status"] != "Received"
            for one in (booked, missed)
        )

    eventually(ended, within_s=150, every_s=3)
    assert merchant.query("refund", booked)["refund"]["status"] == "Success"
    assert merchant.query("refund", missed)["refund"]["status"] == "Failed"
    assert status(merchant, trans_id) == "Partial Refunded"


def test_a_notice_that_anybody_could_have_written(
    stack: Stack, merchant: Merchant, new_id: NewId
) -> None:
    trans_id = new_id("PAYW")
    pay(merchant, trans_id, {"paymentBrand": "Alipay"}, returnURL=BACK)
    url = f"{stack.base_url}/g2/wallets/alipayplus/{merchant.sid}/{trans_id}"
    body = {"notifyType": "PAYMENT_RESULT", "result": {"resultStatus": "S", "resultCode": "OK"}}
    assert payer.post(url, body).status == 400
    assert payer.post(url.replace("alipayplus", "nobody"), body).status == 404
    assert status(merchant, trans_id) == "Pending"

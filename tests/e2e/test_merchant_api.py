"""A merchant drives the gateway over HTTP: every operation, every way it ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from local.merchant_client import Merchant

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
NewId = Callable[[str], str]


def test_authorize_then_capture_in_part_then_refund_in_parts(
    merchant: Merchant, new_id: NewId
) -> None:
    payment, capture = new_id("PAY"), new_id("CAP")
    paid = merchant.payment(payment, "88.00", metadata="basket 17")
    assert paid.code == "S0000", paid.body
    assert paid["payment"]["status"] == "Authorised"
    assert paid["metadata"] == "basket 17"
    assert paid["payment"]["pspTransInfo"]["cvcCheckResult"] == "M"
    assert len(paid["payment"]["evoTransInfo"]["retrievalReferenceNum"]) == 12
    assert paid["paymentMethod"]["card"]["last4No"] == "0043"
    assert paid["pspData"]["name"] == "Visa"

    captured = merchant.change("capture", payment, capture, "80.00")
    assert captured["capture"]["status"] == "Success"
    assert captured["payment"]["status"] == "Captured"
    assert merchant.query("capture", capture)["capture"]["transAmount"]["value"] == "80.00"
    assert (
        merchant.query("capture", payment)["capture"]["merchantTransInfo"]["merchantTransID"]
        == capture
    )

    refund = new_id("REF")
    assert merchant.change("refund", payment, refund, "30.00")["payment"]["status"] == (
        "Partial Refunded"
    )
    assert merchant.change("refund", payment, new_id("REF"), "50.00")["payment"]["status"] == (
        "Refunded"
    )
    assert merchant.query("refund", refund)["refund"]["status"] == "Success"
    assert merchant.change("refund", payment, new_id("REF"), "0.01").code == "B0012"


def test_hours_zero_captures_at_once_over_mastercard(merchant: Merchant, new_id: NewId) -> None:
    paid = merchant.payment(
        new_id("PAY"), "12.30", pan="5120350100064594", expiry="1030", captureAfterHours="0"
    )
    assert paid["payment"]["status"] == "Captured"
    assert paid["pspData"]["name"] == "Mastercard"


def test_cancel_and_cancel_or_refund(merchant: Merchant, new_id: NewId) -> None:
    payment, cancel = new_id("PAY"), new_id("CAN")
    merchant.payment(payment, "15.00")
    cancelled = merchant.change("cancel", payment, cancel)
    assert cancelled["cancel"]["status"] == "Success"
    assert cancelled["payment"]["status"] == "Cancelled"
    assert merchant.query("cancel", cancel)["cancel"]["status"] == "Success"
    assert merchant.change("capture", payment, new_id("CAP"), "15.00").code == "B0012"

    payment, done = new_id("PAY"), new_id("COR")
    merchant.payment(payment, "20.00", captureAfterHours="0")
    answer = merchant.change("cancelOrRefund", payment, done)
    assert answer["refund"]["cancelOrRefund"] == "refund"
    assert answer["refund"]["transAmount"]["value"] == "20.00"
    assert merchant.query("cancelOrRefund", done)["refund"]["status"] == "Success"


@pytest.mark.parametrize(
    ("value", "code", "raw"),
    [
        ("10.05", "I0093", "05"),
        ("10.14", "B0040", "14"),
        ("10.51", "I0051", "51"),
        ("10.54", "I0054", "54"),
        ("10.59", "P0059", "59"),
        ("10.61", "I0061", "61"),
        ("10.91", "P0098", "91"),
        ("10.96", "P0098", "96"),
    ],
)
def test_a_decline_says_why(
    merchant: Merchant, new_id: NewId, value: str, code: str, raw: str
) -> None:
    payment = new_id("PAY")
    declined = merchant.payment(payment, value)
    assert (declined.http_status, declined.code) == (200, code)
    assert declined["result"]["pspResponseCode"] == raw
    assert declined["payment"]["status"] == "Failed"
    assert declined["payment"]["failureCode"] == code
    found = merchant.query("payment", payment)
    assert (found.code, found["payment"]["status"]) == ("S0000", "Failed")


def test_used_ids_are_duplicates_across_all_kinds(merchant: Merchant, new_id: NewId) -> None:
    payment = new_id("PAY")
    merchant.payment(payment, "10.00")
    assert merchant.payment(payment, "10.00").code == "C0009"
    assert merchant.change("capture", payment, payment, "10.00").code == "C0009"
    assert merchant.change("cancel", payment, payment).code == "C0009"


def test_an_idempotency_key_replays_the_answer(merchant: Merchant, new_id: NewId) -> None:
    payment, key = new_id("PAY"), {"Idempotency-Key": new_id("KEY")}
    body = {
        "merchantTransInfo": {
            "merchantTransID": payment,
            "merchantTransTime": "2026-03-04T09:10:11Z",
        },
        "transAmount": {"currency": "HKD", "value": "18.00"},
        "paymentMethod": {
            "type": "card",
            "card": {"cardInfo": {"cardNumber": "4761340000000043", "expiryDate": "1249"}},
        },
    }
    first = merchant.call("POST", "payment", body=body, headers=key)
    again = merchant.call("POST", "payment", body=body, headers=key)
    assert again["payment"] == first["payment"]
    body["transAmount"] = {"currency": "HKD", "value": "19.00"}
    assert merchant.call("POST", "payment", body=body, headers=key).code == "C0011"


@pytest.mark.parametrize("sign_type", ["SHA512", "HMAC-SHA256", "HMAC-SHA512"])
def test_a_downgraded_signature_is_refused(merchant: Merchant, sign_type: str) -> None:
    other = Merchant(merchant.base_url, merchant.sid, merchant.sign_key, sign_type)
    target = f"/g2/v1/payment/mer/{merchant.sid}/payment?merchantTransID=ANY"
    answer, _ = other.send("GET", target, b"", other.headers("GET", target, b""))
    assert answer.code == "V0010"
    assert answer.headers["signtype"] == merchant.sign_type


def test_nothing_but_our_own_fault_is_a_5xx(merchant: Merchant, new_id: NewId) -> None:
    assert merchant.query("payment", "NOBODY-KNOWS").code == "C0004"
    assert merchant.call("POST", "payment", body=b"{").code == "V0005"
    assert merchant.call("POST", "payment", body={}).code == "V0001"
    stranger = Merchant(merchant.base_url, "S999999", merchant.sign_key)
    unknown = stranger.query("payment", "ANY")
    assert (unknown.http_status, unknown.code) == (200, "C0002")
    wrong = Merchant(merchant.base_url, merchant.sid, "x" * 32)
    answer, _ = wrong.send(
        "GET",
        target := f"/g2/v1/payment/mer/{merchant.sid}/payment?merchantTransID=X",
        b"",
        wrong.headers("GET", target, b""),
    )
    assert (answer.http_status, answer.code) == (200, "V0010")
    path = f"/g2/v1/payment/mer/{merchant.sid}/payment"
    answer, _ = merchant.send("DELETE", path, b"", merchant.headers("DELETE", path, b""))
    assert (answer.http_status, answer.code) == (405, "V0006")
    answer, _ = merchant.send("GET", "/g2/v1/nowhere", b"", {})
    assert answer.http_status == 404

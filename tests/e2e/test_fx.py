"""A merchant asks for rates and quotes over HTTP, at the rates that the stack starts with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from local.merchant_client import Answer, Merchant, trans_info

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
NewId = Callable[[str], str]


def inquire(merchant: Merchant, trans_id: str, value: str = "780.00", **more: Any) -> Answer:
    body = {
        "merchantTransInfo": trans_info(trans_id),
        "localAmount": {"currency": "HKD", "value": value},
        "transAmount": {"currency": more.pop("currency", "USD")},
        "metadata": "basket 17",
    }
    return merchant.call("POST", "FXRateInquiry", body=body, **more)


def daily(merchant: Merchant, **query: str) -> Answer:
    return merchant.call("GET", "FXRateInquiry", query=query)


def test_a_quote_is_the_daily_rate_times_the_price(merchant: Merchant, new_id: NewId) -> None:
    found = daily(merchant, baseCurrency="HKD", quoteCurrency="USD")
    assert found.code == "S0000", found.body
    rate = found["fxRateInquiry"]["fxRate"]
    assert (rate["baseCurrency"], rate["quoteCurrency"], rate["source"]) == ("HKD", "USD", "ECB")
    assert date.fromisoformat(rate["date"])

    trans_id = new_id("FX")
    quoted = inquire(merchant, trans_id)
    assert quoted.code == "S0000", quoted.body
    quote = quoted["fxRateInquiry"]
    assert quote["fxRate"] == rate
    assert quote["merchantTransInfo"]["merchantTransID"] == trans_id
    assert quote["localAmount"] == {"currency": "HKD", "value": "780.00"}
    expected = (780 * Decimal(rate["value"])).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert quote["transAmount"] == {"currency": "USD", "value": str(expected)}
    assert quote["expiryTime"].endswith("Z")
    assert quoted["metadata"] == "basket 17"


def test_an_id_is_used_once_over_quotes_and_payments(merchant: Merchant, new_id: NewId) -> None:
    quote, payment = new_id("FX"), new_id("PAY")
    assert inquire(merchant, quote).code == "S0000"
    assert inquire(merchant, quote).code == "C0009"
    assert merchant.payment(quote, "10.00").code == "C0009"
    merchant.payment(payment, "10.00")
    assert inquire(merchant, payment).code == "C0009"


def test_an_idempotency_key_replays_the_quote(merchant: Merchant, new_id: NewId) -> None:
    body = {
        "merchantTransInfo": trans_info(new_id("FX")),
        "localAmount": {"currency": "HKD", "value": "100.00"},
        "transAmount": {"currency": "JPY"},
    }
    key = {"Idempotency-Key": new_id("KEY")}
    first = merchant.call("POST", "FXRateInquiry", body=body, headers=key)
    assert first.code == "S0000", first.body
    again = merchant.call("POST", "FXRateInquiry", body=body, headers=key)
    assert again["fxRateInquiry"] == first["fxRateInquiry"]
    assert "." not in first["fxRateInquiry"]["transAmount"]["value"]
    body["transAmount"] = {"currency": "EUR"}
    assert merchant.call("POST", "FXRateInquiry", body=body, headers=key).code == "C0011"


def test_what_is_asked_wrongly_says_why(merchant: Merchant, new_id: NewId) -> None:
    assert daily(merchant, baseCurrency="HKD", quoteCurrency="MOP").code == "B0035"
    assert daily(merchant, baseCurrency="HKD").code == "V0001"
    assert daily(merchant, baseCurrency="HKD", quoteCurrency="QQQ").code == "B0007"
    assert inquire(merchant, new_id("FX"), currency="MOP").code == "B0035"
    assert inquire(merchant, new_id("FX"), currency="HKD").code == "V0008"
    assert inquire(merchant, new_id("FX"), "0").code == "V0002"
    path = f"/g2/v1/payment/mer/{merchant.sid}/FXRateInquiry"
    answer, _ = merchant.send("PUT", path, b"", merchant.headers("PUT", path, b""))
    assert (answer.http_status, answer.code) == (405, "V0006")

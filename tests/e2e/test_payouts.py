"""Payouts over HTTP: money pushed to a card, refused, and of unknown outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local.merchant_client import Answer, Merchant, trans_info

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]
NewId = Callable[[str], str]


def payout(merchant: Merchant, trans_id: str, value: str, **more: Any) -> Answer:
    card = {"payoutCardInfo": {"cardNumber": more.pop("pan", "4761739999000213")}}
    body = {
        "merchantTransInfo": trans_info(trans_id),
        "transAmount": {"currency": "USD", "value": value},
        "paymentMethod": {"type": "card", "card": card},
        "tradeInfo": {"tradeType": "Funds_Disbursement", "purposeOfPayment": "OCT"},
        "transInitiator": {"platform": "WEB"},
        **more,
    }
    return merchant.call("POST", "payout", body=body)


@pytest.mark.parametrize("pan", ["4761739999000213", "5120350100064594"])
def test_money_is_pushed_to_a_card(merchant: Merchant, new_id: NewId, pan: str) -> None:
    trans_id = new_id("OUT")
    made = payout(merchant, trans_id, "25.00", pan=pan)
    assert (made.code, made["payout"]["status"]) == ("S0000", "Success")
    assert merchant.query("payout", trans_id)["payout"] == made["payout"]
    assert payout(merchant, trans_id, "25.00").code == "C0009"
    assert merchant.query("payment", trans_id).code == "C0004"
    assert merchant.change("refund", trans_id, new_id("REF"), "1.00", currency="USD").code in {
        "B0012",
        "C0004",
    }


def test_a_refused_payout(merchant: Merchant, new_id: NewId) -> None:
    refused = payout(merchant, new_id("OUT"), "25.05")
    assert (refused.code, refused["payout"]["status"]) == ("I0093", "Failed")


def test_an_unknown_payout_is_taken_back(merchant: Merchant, new_id: NewId) -> None:
    trans_id = new_id("OUT")
    unknown = payout(merchant, trans_id, "25.62")
    assert unknown["payout"]["status"] in {"Received", "Failed"}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"tradeInfo": {"tradeType": "Others", "purposeOfPayment": "OCT"}}, "V0002"),
        ({"tradeInfo": {"tradeType": "Funds_Disbursement"}}, "V0001"),
        ({"tradeInfo": None}, "V0001"),
        ({"pan": "4761739999000214"}, "B0040"),
        ({"pan": "6210940000000002"}, "B0040"),
        ({"transAmount": {"currency": "USD", "value": "0"}}, "V0002"),
    ],
)
def test_what_is_wrong_with_a_payout(
    merchant: Merchant, new_id: NewId, more: dict[str, Any], code: str
) -> None:
    assert payout(merchant, new_id("OUT"), "25.00", **more).code == code

"""What answers and lists say of a card's account, on a stack whose ranges were loaded when it
started, and are loaded again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.demo_store import operate
from local.environments import ROOT
from local.merchant_client import Merchant, trans_info
from local.stack import Stack
from tests.e2e.conftest import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
NewId = Callable[[str], str]
UNUSED = "4000230000000005"
"""No other test pays with it: that nothing is known of a card is remembered for an hour."""
CREDIT_OF_HONG_KONG = {"fundingType": "credit", "issuingCountry": "HKG"}


def account(body: Any) -> dict[str, Any]:
    """What ``card`` holds beyond what the number itself tells."""
    card = body["paymentMethod"]["card"]
    return {name: card[name] for name in card if name not in {"first6No", "last4No"}}


def load(stack: Stack, file: Path) -> dict[str, Any]:
    return operate(stack, "card-ranges", "load", "--file", str(file))


def test_the_contracts_test_cards_are_answered_as_it_shows_them(
    merchant: Merchant, new_id: NewId
) -> None:
    def pay(prefix: str) -> tuple[str, dict[str, Any]]:
        trans_id = new_id(prefix)
        paid = merchant.payment(trans_id, "88.00")
        assert paid.code == "S0000", paid.body
        return trans_id, account(paid)

    # A lookup that takes longer than a payment may wait for is left out: not so for ever.
    eventually(lambda: pay("RNG")[1].keys() >= CREDIT_OF_HONG_KONG.keys())
    trans_id, shown = pay("RNG")
    assert shown == {"paymentBrand": "Visa", **CREDIT_OF_HONG_KONG}
    assert account(merchant.query("payment", trans_id)) == shown
    captured = merchant.change("capture", trans_id, new_id("CAP"), "80.00")
    assert account(captured) == shown


def test_a_card_on_file_says_it_too(stack: Stack, merchant: Merchant, new_id: NewId) -> None:
    def keep() -> tuple[str, Any]:
        reference = new_id("cust")
        info = {"cardNumber": "5120350100064594", "expiryDate": "1030", "cvc": "123"}
        body = {
            "merchantTransInfo": trans_info(new_id("TOK")),
            "paymentMethod": {
                "type": "card",
                "card": {"vaultID": stack.store["vaultID"], "cardInfo": info},
            },
            "userInfo": {"reference": reference, "email": "mei@shop.example", "locale": "en_US"},
            "transInitiator": {"platform": "WEB"},
        }
        return reference, merchant.call("POST", "paymentMethod", body=body)

    eventually(lambda: "fundingType" in account(keep()[1]))
    reference, made = keep()
    assert account(made) == {"paymentBrand": "Mastercard", **CREDIT_OF_HONG_KONG}
    listed = merchant.call("GET", "paymentMethod", query={"userReference": reference})
    (card,) = listed["paymentMethodList"]
    assert account({"paymentMethod": card}) == account(made)


def test_the_operator_loads_ranges_into_a_running_stack(
    stack: Stack, merchant: Merchant, new_id: NewId, tmp_path: Path
) -> None:
    demo = ROOT / "local" / "card-ranges.csv"
    assert load(stack, demo)["loaded"] == 3
    assert load(stack, demo)["loaded"] == 3
    file = tmp_path / "ranges.csv"
    header = demo.read_text().splitlines()[0]
    file.write_text(f"{header}\n400023,,Visa,prepaid,SGP,F,true,Bänk 銀行\n")
    assert load(stack, file) == {"loaded": 1, "brands": {"Visa": 1}}

    def pay(pan: str) -> dict[str, Any]:
        return account(merchant.payment(new_id("RNG"), "12.00", pan=pan))

    eventually(lambda: "productID" in pay(UNUSED))
    assert pay(UNUSED) == {
        "paymentBrand": "Visa",
        "fundingType": "prepaid",
        "issuingCountry": "SGP",
        "productID": "F",
        "isCommercial": True,
        "issuingBank": "Bänk 銀行",
    }
    assert pay("4761739999000213") == {"paymentBrand": "Visa"}

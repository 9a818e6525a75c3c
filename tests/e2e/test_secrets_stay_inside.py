"""What must not be said is not said: card numbers nowhere at rest, tokens, codes and cryptograms in
no log, trace, mail or state machine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from local.evidence import Evidence, found_in
from local.merchant_client import Merchant, trans_info
from local.stack import Stack
from tests.e2e import payer

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]
NewId = Callable[[str], str]
CARD = "5431289719925031"
CODE = "281234567890778811"
CPM = {"platform": "POS", "paymentScenario": "inStore", "inStorePaymentScenario": "CPM"}


def test_nothing_is_said_of_cards_tokens_codes_and_cryptograms(
    stack: Stack, merchant: Merchant, new_id: NewId
) -> None:
    info = {"cardNumber": CARD, "expiryDate": "1228", "cvc": "123"}
    kept = merchant.call(
        "POST",
        "paymentMethod",
        body={
            "merchantTransInfo": trans_info(new_id("tok")),
            "paymentMethod": {
                "type": "card",
                "card": {"vaultID": stack.store["vaultID"], "cardInfo": info},
            },
            "userInfo": {"reference": new_id("cust")},
            "transInitiator": {"platform": "WEB"},
            "allowAuthentication": True,
            "returnURL": "https://shop.example/back",
        },
    )
    payer.authenticate(kept["action"]["threeDSData"]["url"])
    sealed = kept["action"]["threeDSData"]["url"].partition("#")[2]
    trans_id = kept["paymentMethod"]["merchantTransInfo"]["merchantTransID"]
    method = merchant.query("paymentMethod", trans_id)["paymentMethod"]
    token, network = method["token"]["value"], method["networkToken"]
    made = merchant.call(
        "POST",
        "cryptogram",
        body={
            "merchantTransInfo": trans_info(new_id("cry")),
            "paymentMethod": {"networkToken": {"tokenID": network["tokenID"]}},
        },
    )["paymentMethod"]["networkToken"]
    names = ("value", "expiryDate", "tokenCryptogram", "eci", "paymentBrand")
    means = (
        {"token": {"value": token}},
        {"token": {"type": "networkToken", **{name: made[name] for name in names}}},
        {"token": {"value": token + "0"}},
        {"type": "card", "card": {"cardInfo": {**info, "expiryDate": "1300"}}},
    )
    for one in means:
        merchant.call(
            "POST",
            "payment",
            body={
                "merchantTransInfo": trans_info(new_id("PAY")),
                "transAmount": {"currency": "HKD", "value": "10.00"},
                "paymentMethod": one,
            },
        )
    merchant.call(
        "POST",
        "payment",
        body={
            "merchantTransInfo": trans_info(new_id("CPM")),
            "transAmount": {"currency": "HKD", "value": "10.00"},
            "paymentMethod": {"type": "e-wallet", "e-wallet": {"paymentCode": CODE}},
            "transInitiator": CPM,
        },
    )
    evidence = Evidence(stack)
    assert found_in(evidence.everywhere(), [CARD, network["value"]]) == []
    secrets = [token, made["tokenCryptogram"], CODE, stack.store["signKey"]]
    assert found_in(evidence.said(), secrets) == []
    assert found_in(evidence.logs(), [sealed]) == []

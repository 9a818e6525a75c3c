"""Tokens over HTTP: made, found, used, changed, ended; network tokens and their cryptograms."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from local.demo_store import operate
from local.merchant_client import Answer, Merchant, trans_info
from local.stack import Stack
from tests.e2e import payer
from tests.e2e.conftest import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]
NewId = Callable[[str], str]
MASTERCARD = "5120350100064594"
USER = {"email": "mei@shop.example", "locale": "en_US"}


@pytest.fixture
def keep(stack: Stack, merchant: Merchant, new_id: NewId) -> Callable[..., Answer]:
    """POST paymentMethod."""

    def tokenize(pan: str = MASTERCARD, user: str | None = None, **more: Any) -> Answer:
        card = {"cardNumber": pan, "expiryDate": "1228", "cvc": "123"}
        vault = more.pop("vaultID", stack.store["vaultID"])
        body = {
            "merchantTransInfo": trans_info(new_id("tok")),
            "paymentMethod": {"type": "card", "card": {"vaultID": vault, "cardInfo": card}},
            "userInfo": {"reference": user or new_id("cust"), **USER},
            "transInitiator": {"platform": "WEB"},
            **more,
        }
        return merchant.call("POST", "paymentMethod", body=body)

    return tokenize


def charge(merchant: Merchant, trans_id: str, method: dict[str, Any], **more: Any) -> Answer:
    body = {
        "merchantTransInfo": trans_info(trans_id),
        "transAmount": {"currency": "HKD", "value": "10.00"},
        "paymentMethod": method,
        "captureAfterHours": "0",
        **more,
    }
    return merchant.call("POST", "payment", body=body)


def test_a_card_is_kept_found_and_charged(
    merchant: Merchant, keep: Callable[..., Answer], new_id: NewId
) -> None:
    user = new_id("cust")
    made = keep(user=user)
    method = made["paymentMethod"]
    assert (made.code, method["status"]) == ("S0000", "Success")
    assert method["networkToken"]["value"].startswith("520473")
    query = merchant.query("paymentMethod", method["merchantTransInfo"]["merchantTransID"])
    assert query["paymentMethod"]["token"] == method["token"]
    by_user = merchant.call("GET", "paymentMethod", query={"userReference": user})
    assert [one["token"]["value"] for one in by_user["paymentMethodList"]] == [
        method["token"]["value"]
    ]
    token = {"type": "token", "token": {"value": method["token"]["value"]}}
    paid = charge(merchant, new_id("PAY"), token)
    assert paid["payment"]["status"] == "Captured"
    assert paid["paymentMethod"]["token"]["value"] == method["token"]["value"]
    assert paid["paymentMethod"]["card"]["last4No"] == MASTERCARD[-4:]


def test_the_merchant_charges_by_itself(
    merchant: Merchant, keep: Callable[..., Answer], new_id: NewId
) -> None:
    value = keep()["paymentMethod"]["token"]["value"]
    # As LinkPay's demo sends it: a token, a model, no type and no initiator.
    by_token = {"token": {"value": value}, "recurringProcessingModel": "Subscription"}
    assert charge(merchant, new_id("MIT"), by_token)["payment"]["status"] == "Captured"
    card = {"cardNumber": MASTERCARD, "expiryDate": "1228", "cvc": "123"}
    first = charge(
        merchant,
        new_id("CIT"),
        {
            "type": "card",
            "card": {"cardInfo": card},
            "recurringProcessingModel": "UnscheduledCardOnFile",
        },
    )
    reference = first["paymentMethod"]["recurringReference"]
    again = {"recurringReference": reference, "recurringProcessingModel": "UnscheduledCardOnFile"}
    assert charge(merchant, new_id("MIT"), again)["payment"]["status"] == "Captured"


def test_a_payment_keeps_its_card(stack: Stack, merchant: Merchant, new_id: NewId) -> None:
    info = {"cardNumber": MASTERCARD, "expiryDate": "1228", "cvc": "123"}
    card = {
        "cardInfo": info,
        "tokenize": True,
        "vaultID": stack.store["vaultID"],
        "userReference": new_id("cust"),
    }
    paid = charge(merchant, new_id("PAY"), {"type": "card", "card": card})
    token = {"type": "token", "token": {"value": paid["paymentMethod"]["token"]["value"]}}
    assert charge(merchant, new_id("PAY"), token)["payment"]["status"] == "Captured"
    del card["vaultID"]
    assert charge(merchant, new_id("PAY"), {"type": "card", "card": card}).code == "V0007"


def test_a_declined_card_is_not_kept(stack: Stack, merchant: Merchant, new_id: NewId) -> None:
    user = new_id("cust")
    card = {
        "cardInfo": {"cardNumber": MASTERCARD, "expiryDate": "1228", "cvc": "123"},
        "tokenize": True,
        "vaultID": stack.store["vaultID"],
        "userReference": user,
    }
    amount = {"currency": "HKD", "value": "10.51"}
    declined = charge(merchant, new_id("PAY"), {"type": "card", "card": card}, transAmount=amount)
    assert declined.code == "I0051"
    assert "token" not in declined["paymentMethod"]
    assert merchant.call("GET", "paymentMethod", query={"userReference": user}).code == "C0007"


def test_a_token_is_renewed_disabled_enabled_and_ended(
    merchant: Merchant, keep: Callable[..., Answer], new_id: NewId
) -> None:
    value = keep()["paymentMethod"]["token"]["value"]

    def change(**method: Any) -> Answer:
        body = {"paymentMethod": method, "metadata": "renewed card"}
        return merchant.call("PUT", "paymentMethod", query={"token": value}, body=body)

    renewed = change(type="card", card={"cardInfo": {"expiryDate": "0131"}})
    assert (renewed.code, renewed["metadata"]) == ("S0000", "renewed card")
    change(token={"status": "disabled"})
    token = {"type": "token", "token": {"value": value}}
    assert charge(merchant, new_id("PAY"), token).code == "C0008"
    change(token={"status": "enabled"})
    assert charge(merchant, new_id("PAY"), token).code == "S0000"
    ended = merchant.call(
        "DELETE",
        "paymentMethod",
        query={"token": value},
        body={"initiatingReason": "deleted via CLI"},
        headers={"Idempotency-Key": new_id("key")},
    )
    assert (ended.http_status, ended.code) == (200, "S0000")
    for answer in (
        merchant.call("DELETE", "paymentMethod", query={"token": value}),
        merchant.call("GET", "paymentMethod", query={"token": value}),
        charge(merchant, new_id("PAY"), token),
    ):
        assert answer.code == "C0008"


def test_what_the_command_line_client_repeats_is_answered_as_before(
    merchant: Merchant, keep: Callable[..., Answer], new_id: NewId
) -> None:
    method = keep()["paymentMethod"]
    value = method["token"]["value"]

    def end(query: dict[str, str], key: str, reason: str = "deleted via CLI") -> str:
        body, headers = {"initiatingReason": reason}, {"Idempotency-Key": key}
        return merchant.call(
            "DELETE", "paymentMethod", query=query, body=body, headers=headers
        ).code

    network = {"networkTokenID": method["networkToken"]["tokenID"]}
    first, second = new_id("key"), new_id("key")
    assert [end(network, first), end(network, first), end(network, second)] == [
        "S0000",
        "S0000",
        "C0008",
    ]
    left = merchant.call("GET", "paymentMethod", query={"token": value})["paymentMethodList"][0]
    assert left["token"]["status"] == "enabled"
    assert "networkToken" not in left
    token, third = {"token": value}, new_id("key")
    assert [end(token, third), end(token, third), end(token, third, "other")] == [
        "S0000",
        "S0000",
        "C0011",
    ]


def test_a_network_token_alone(
    merchant: Merchant, keep: Callable[..., Answer], new_id: NewId
) -> None:
    method = keep(networkTokenOnly=True)["paymentMethod"]
    assert "token" not in method
    assert method["networkToken"]["expiryDate"]
    refused = keep(networkTokenOnly=True, userInfo={"reference": "cust-1"})
    assert refused.code == "V0007"
    ungranted = keep(pan="4761730000000011", networkTokenOnly=True)
    assert ungranted["paymentMethod"]["status"] == "Failed"


def test_a_cryptogram_is_good_for_one_payment_with_its_own_token(
    merchant: Merchant, keep: Callable[..., Answer], new_id: NewId
) -> None:
    mine, other = keep()["paymentMethod"], keep(pan="4761340000000043")["paymentMethod"]
    crypto_id = new_id("crypto")
    query = {"merchantTransID": mine["merchantTransInfo"]["merchantTransID"]}
    body = {
        "merchantTransInfo": trans_info(crypto_id),
        "paymentMethod": {
            "type": "networkToken",
            "networkToken": {"tokenID": mine["networkToken"]["tokenID"]},
        },
    }
    made = merchant.call("POST", "cryptogram", query=query, body=body)
    token = made["paymentMethod"]["networkToken"]
    assert merchant.query("cryptogram", crypto_id)["paymentMethod"]["networkToken"] == token
    assert merchant.call("POST", "cryptogram", query=query, body=body).code == "C0009"

    def pay(number: str, brand: str) -> Answer:
        shown = {
            "type": "networkToken",
            "value": number,
            "expiryDate": token["expiryDate"],
            "tokenCryptogram": token["tokenCryptogram"],
            "eci": token["eci"],
            "paymentBrand": brand,
        }
        return charge(merchant, new_id("ntpay"), {"type": "token", "token": shown})

    foreign = pay(other["networkToken"]["value"], "Visa")
    assert foreign.code == "P0059"
    paid = pay(token["value"], "Mastercard")
    assert paid["payment"]["status"] == "Captured"
    assert paid["paymentMethod"]["isNetworkToken"] is True
    assert pay(token["value"], "Mastercard").code == "P0059"
    assert pay(token["value"], "Visa").code == "V0008"


def test_a_card_is_kept_after_its_holder_was_authenticated(
    merchant: Merchant, keep: Callable[..., Answer]
) -> None:
    begun = keep(
        pan="5120350002000001", allowAuthentication=True, returnURL="https://shop.example/back"
    )
    method = begun["paymentMethod"]
    assert method["status"] == "Verifying"
    assert "token" not in method
    payer.authenticate(begun["action"]["threeDSData"]["url"])
    found = merchant.query("paymentMethod", method["merchantTransInfo"]["merchantTransID"])
    assert found["paymentMethod"]["status"] == "Success"
    assert found["paymentMethod"]["token"]["value"].startswith("pmt_")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"token": "pmt_" + "0" * 32}, "C0008"),
        ({"token": "nothing"}, "C0008"),
        ({"userReference": "nobody"}, "C0007"),
        ({"merchantTransID": "nothing"}, "C0004"),
        ({"cardBIN": "47x"}, "V0000"),
        ({"tokenize": "perhaps"}, "V0002"),
    ],
)
def test_what_is_not_there(merchant: Merchant, query: dict[str, str], code: str) -> None:
    assert merchant.call("GET", "paymentMethod", query=query).code == code


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Visa", "Mastercard", "Alipay", "AlipayHK"]),
        ({"paymentBrand": "VISA"}, ["Visa"]),
        ({"cardBIN": "512035", "paymentBrand": "Visa"}, ["Mastercard"]),
        ({"tokenize": "true"}, ["Visa", "Mastercard"]),
        ({"currency": "HKD", "paymentBrand": "AlipayHK"}, ["AlipayHK"]),
        ({"currency": "XAF"}, []),
    ],
)
def test_brands_that_the_store_takes(
    merchant: Merchant, query: dict[str, str], names: list[str]
) -> None:
    found = merchant.call("GET", "paymentMethod", query=query)
    brands = found["paymentMethod"]["paymentBrandList"]
    assert [one["brandName"] for one in brands] == names
    for one in brands:
        picture = payer.get(one["brandImage"])
        assert picture.status == 200
        assert "<svg" in picture.text


def test_a_foreign_vault(keep: Callable[..., Answer]) -> None:
    assert keep(vaultID="SOMEBODY-ELSES").code == "C0006"


def test_the_merchant_is_told_of_a_kept_card(
    stack: Stack, keep: Callable[..., Answer], new_id: NewId
) -> None:
    path = f"/webhook/{new_id('kept')}"
    value = keep(webhook=stack.url("merchant") + path)["paymentMethod"]["token"]["value"]

    def told() -> bool:
        received = payer.get(f"{stack.url('merchant')}/received?path={path}").text
        return '\\"eventCode\\":\\"PaymentMethod\\"' in received and value in received

    eventually(told)


def test_a_card_that_only_our_key_opens(stack: Stack, merchant: Merchant, new_id: NewId) -> None:
    pem = operate(stack, "card-info-key")["publicKey"]
    info = {"cardNumber": MASTERCARD, "expiryDate": "1228", "cvc": "123"}
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, RSAPublicKey)
    sealed = key.encrypt(json.dumps(info).encode(), OAEP(MGF1(SHA256()), SHA256(), None))
    card = {"encryptedCardInfo": base64.b64encode(sealed).decode()}
    paid = charge(merchant, new_id("PAY"), {"type": "card", "card": card})
    assert (paid.code, paid["payment"]["status"]) == ("S0000", "Captured")
    assert paid["payment"]["pspTransInfo"]["cvcCheckResult"] == "M"

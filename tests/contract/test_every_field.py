"""Every field of the contract's request tables beside those of test_bad_input: what is missing,
of a wrong type, too long or out of a list is refused by name (contract, sections 2.2 to 2.15)."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract import wire
from tests.contract.bodies import ABSENT, JSON, changed, no_encryption
from tests.support.gateway import Gateway
from tests.support.memory import VISA_CARD
from tidegate.api.evocloud.envelope import error_body
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import requests, tokens
from tidegate.domain.errors import InvalidValue, TidegateError
from tidegate.services.commands import CreatePayment, PayByNetworkToken

TODAY = date(2026, 11, 23)
INFO = {"merchantTransID": "TOK-1", "merchantTransTime": "2025-03-04T09:10:00Z"}
CRYPTOGRAM = "QUJDREVGR0hJSktMTU5PUFFSU1Q="
TOKEN = "paymentMethod.token"
WALLET = "paymentMethod.e-wallet"
HALF_KANJI = "港" * 22  # 22 characters, 66 bytes

Parse = Callable[[Request], Any]


def payment(request: Request) -> CreatePayment:
    return requests.create_payment(request, TODAY, no_encryption)


def tokenization(request: Request) -> CreatePayment:
    return tokens.tokenize(request, wire.store(), TODAY, no_encryption)


def change_of_token(request: Request) -> Any:
    return tokens.change_token(request, TODAY, no_encryption)


def payout(request: Request) -> CreatePayment:
    return tokens.payout(request, TODAY, no_encryption)


CARD = {"cardNumber": VISA_CARD, "expiryDate": "1249", "cvc": "123"}
USER = {"reference": "cust-42", "email": "mei@shop.example", "locale": "en_US"}
BODIES: dict[Parse, dict[str, Any]] = {
    tokenization: {
        "merchantTransInfo": INFO,
        "paymentMethod": {"type": "card", "card": {"vaultID": "VAULT-T1", "cardInfo": CARD}},
        "userInfo": USER,
        "transInitiator": {"platform": "WEB"},
    },
    tokens.cryptogram: {
        "merchantTransInfo": INFO,
        "paymentMethod": {"type": "networkToken", "networkToken": {"tokenID": "nt-5b7e0d1c"}},
    },
    payout: {
        "merchantTransInfo": INFO,
        "transAmount": {"currency": "USD", "value": "25.00"},
        "paymentMethod": {"type": "card", "card": {"payoutCardInfo": {"cardNumber": VISA_CARD}}},
        "tradeInfo": {"tradeType": "Funds_Disbursement", "purposeOfPayment": "OCT"},
        "transInitiator": {"platform": "WEB"},
        "recipientInfo": {"name": {"firstName": "Mei", "lastName": "Chan"}},
    },
    change_of_token: {
        "paymentMethod": {"type": "card", "card": {"cardInfo": {"expiryDate": "0131"}}},
        "metadata": "renewed card",
    },
    requests.additional_info: {
        "authentication": {"threeDS": {"redirectData": {"threeDSFinished": "Y"}}}
    },
}


def body_of(parse: Parse) -> dict[str, Any]:
    return wire.a_payment_body() if parse is payment else copy.deepcopy(BODIES[parse])


ROWS: list[tuple[Parse, str, Any, str]] = [
    (payment, "transInitiator.platform", ABSENT, "V0001"),
    (payment, "transInitiator.userCreateIP", HALF_KANJI, "V0002"),
    (payment, "transInitiator.deviceType", "Toaster", "V0002"),
    (payment, "transInitiator.spec", "x" * 31, "V0002"),
    (payment, "transInitiator.appVersion", "x" * 21, "V0002"),
    (payment, "transInitiator.osVersion", "x" * 21, "V0002"),
    (payment, "transInitiator.browserInfo", "Firefox", "V0000"),
    (payment, "storeInfo", "5942", "V0000"),
    (payment, "storeInfo.MCC", 5942, "V0000"),
    (payment, "storeInfo.MCC", "594x", "V0000"),
    (payment, "storeInfo.MCC", "59420", "V0002"),
    (payment, "tradeInfo", [], "V0000"),
    (payment, "tradeInfo.tradeType", "Barter", "V0002"),
    (payment, "tradeInfo.goodsName", "x" * 129, "V0002"),
    (payment, "tradeInfo.goodsDescription", "港" * 86, "V0002"),
    (payment, "tradeInfo.totalQuantity", "0", "V0002"),
    (payment, "tradeInfo.totalQuantity", 100, "V0002"),
    (payment, "tradeInfo.totalQuantity", "some", "V0000"),
    (payment, "tradeInfo.hotelName", "x" * 129, "V0002"),
    (payment, "tradeInfo.flightNumber", "x" * 31, "V0002"),
    (payment, "userInfo", "cust-42", "V0000"),
    (payment, "userInfo.reference", HALF_KANJI, "V0002"),
    (payment, "userInfo.email", "x" * 255, "V0002"),
    (payment, "userInfo.name", 7, "V0000"),
    (payment, "userInfo.mobilePhone", "85212345678", "V0000"),
    (payment, "userInfo.billingAddress", "1 Queen's Road", "V0000"),
    (payment, "userInfo.billingAddress.city", "x" * 51, "V0002"),
    (payment, "userInfo.billingAddress.country", "HK", "V0000"),
    (payment, "userInfo.billingAddress.postalCode", "x" * 17, "V0002"),
    (payment, "userInfo.deliveryAddress.addressLine3", "x" * 51, "V0002"),
    (payment, "subMerchantInfo", "none", "V0000"),
    (payment, "senderInfo", "Mei", "V0000"),
    (payment, "recipientInfo.name", "Mei", "V0000"),
    (payment, "allowAvsCheck", "Y", "V0000"),
    (payment, "enhanceMonitoring", 1, "V0000"),
    (payment, "extendAuthorizationDateIndicator", "N", "V0002"),
    (payment, "validTime", "0", "V0002"),
    (payment, "validTime", "a while", "V0000"),
    (payment, "returnURL", "shop.example", "V0002"),
    (payment, f"{WALLET}.subOpenID", HALF_KANJI, "V0002"),
    (payment, f"{WALLET}.subAppID", HALF_KANJI, "V0002"),
    (payment, f"{WALLET}.paymentBrand", "x" * 33, "V0002"),
    (payment, "localAmount", "88.00", "V0000"),
    (payment, "authentication.threeDS.mpiData.cavv", "x" * 29, "V0002"),
    (payment, "authentication.threeDS.shopperIP", "x" * 65, "V0002"),
    (payment, "authentication.browserInfo.language", "x" * 9, "V0002"),
    (payment, "authentication.type", "fingerprint", "V0002"),
    (tokenization, "merchantTransInfo", ABSENT, "V0001"),
    (tokenization, "paymentMethod", ABSENT, "V0001"),
    (tokenization, "transInitiator", ABSENT, "V0001"),
    (tokenization, "transInitiator.platform", "web", "V0002"),
    (tokenization, "paymentMethod.card.cardInfo.cardNumber", ABSENT, "V0001"),
    (tokenization, "paymentMethod.card.cardInfo.expiryDate", ABSENT, "V0001"),
    (tokenization, "paymentMethod.card.vaultID", ABSENT, "V0007"),
    (tokenization, "paymentMethod.card.vaultID", "x" * 37, "V0002"),
    (tokenization, "userInfo.reference", ABSENT, "V0007"),
    (tokenization, "networkTokenOnly", "true", "V0000"),
    (tokenization, "paymentMethod.type", "e-wallet", "B0032"),
    (tokenization, "paymentMethod.type", "bankTransfer", "B0005"),
    (tokenization, "transAmount.currency", "HK", "V0000"),
    (tokenization, "metadata", "x" * 513, "V0002"),
    (tokens.cryptogram, "paymentMethod.networkToken.tokenID", ABSENT, "V0001"),
    (tokens.cryptogram, "paymentMethod.networkToken.tokenID", "x" * 65, "V0002"),
    (tokens.cryptogram, "paymentMethod.type", "card", "V0002"),
    (tokens.cryptogram, "merchantTransInfo.merchantTransTime", ABSENT, "V0001"),
    (payout, "transInitiator", ABSENT, "V0001"),
    (payout, "transAmount", ABSENT, "V0001"),
    (payout, "transAmount.value", "0.00", "V0002"),
    (payout, "tradeInfo.tradeType", ABSENT, "V0001"),
    (payout, "tradeInfo.tradeType", "Hotel", "V0002"),
    (payout, "tradeInfo.purposeOfPayment", ABSENT, "V0001"),
    (payout, "tradeInfo.purposeOfPayment", "AFT", "V0002"),
    (payout, "paymentMethod.card.payoutCardInfo.cardNumber", ABSENT, "V0001"),
    (payout, "paymentMethod.type", "token", "B0005"),
    (payout, "recipientInfo.name.firstName", 1, "V0000"),
    (payout, "senderInfo.address", "Hong Kong", "V0000"),
    (change_of_token, "paymentMethod.card.cardInfo.expiryDate", "1399", "V0002"),
    (change_of_token, "paymentMethod.token.status", "enable", "V0002"),
    (change_of_token, "userInfo.email", "x" * 255, "V0002"),
    (requests.additional_info, "authentication", ABSENT, "V0001"),
    (requests.additional_info, "authentication.threeDS.redirectData", ABSENT, "V0007"),
    (
        requests.additional_info,
        "authentication.threeDS.redirectData.threeDSFinished",
        ABSENT,
        "V0007",
    ),
    (requests.additional_info, "authentication.threeDS.redirectData.threeDSFinished", "J", "V0002"),
    (requests.additional_info, "authentication.type", "SecurePlus", "B0011"),
]


@pytest.mark.parametrize(("parse", "path", "value", "code"), ROWS)
def test_a_field_is_refused_by_name(parse: Parse, path: str, value: Any, code: str) -> None:
    event = wire.event(body=changed(path, value, body_of(parse)))
    with pytest.raises(TidegateError) as refused:
        parse(Request.of(event))
    assert (refused.value.code, refused.value.field) == (code, path)


@pytest.mark.parametrize("parse", [payment, *BODIES])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_value_anywhere_is_taken_or_refused_by_name(parse: Parse, data: st.DataObject) -> None:
    body: Any = body_of(parse)
    paths = [row[1] for row in ROWS if row[0] is parse]
    for path in data.draw(st.lists(st.sampled_from(paths), min_size=1, max_size=3)):
        try:
            body = changed(path, data.draw(JSON), body)
        except (TypeError, AttributeError):
            continue  # a parent is no object any more
    refused: TidegateError | None = None
    try:
        parse(Request.of(wire.event(body=body)))
    except TidegateError as error:
        refused = error
    if refused is not None:
        assert refused.code[0] in "VBC"
        assert VISA_CARD not in json.dumps(error_body(refused)) + repr(refused)


@pytest.mark.parametrize("parse", BODIES)
def test_the_body_that_the_rows_change_is_good(parse: Parse) -> None:
    assert parse(Request.of(wire.event(body=body_of(parse))))


def a_network_token(**changes: Any) -> dict[str, Any]:
    token = {
        "type": "networkToken",
        "value": "5204730000001235",
        "expiryDate": "1128",
        "tokenCryptogram": CRYPTOGRAM,
        "eci": "06",
        "paymentBrand": "Mastercard",
        "walletIdentifiers": "MDESForMerchants",
    }
    method = {"type": "token", "token": token | changes}
    return wire.a_payment_body() | {"paymentMethod": method}


def test_a_network_token_with_its_cryptogram() -> None:
    means = payment(Request.of(wire.event(body=a_network_token()))).means
    assert isinstance(means, PayByNetworkToken)
    assert (means.token.expiry, means.cryptogram) == ("2811", CRYPTOGRAM)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("value", None, "V0001"),
        ("value", "nt-5b7e0d1c", "V0002"),
        ("expiryDate", None, "V0007"),
        ("expiryDate", "1399", "V0002"),
        ("tokenCryptogram", None, "V0007"),
        ("tokenCryptogram", "abc", "V0002"),
        ("tokenCryptogram", "QUJD", "V0002"),
        ("tokenCryptogram", "x" * 65, "V0002"),
        ("eci", None, "V0007"),
        ("eci", "6", "V0002"),
        ("paymentBrand", None, "V0007"),
        ("walletIdentifiers", "Purse", "V0002"),
        ("type", "tokenOfMine", "V0002"),
    ],
)
def test_a_network_token_is_refused_by_field(name: str, value: Any, code: str) -> None:
    with pytest.raises(TidegateError) as refused:
        payment(Request.of(wire.event(body=a_network_token(**{name: value}))))
    assert (refused.value.code, refused.value.field) == (code, f"{TOKEN}.{name}")


def test_names_are_taken_in_every_spelling_that_clients_use() -> None:
    body = wire.a_payment_body() | {
        "userinfo": {"reference": "cust-42", "name": "Mei Chan"},
        "returnUrl": "https://shop.example/back",
        "storeInfo": {"mcc": "5942"},
    }
    body["transInitiator"]["userCreateIp"] = "203.0.113.7"
    command = payment(Request.of(wire.event(body=body)))
    assert command.user_reference == "cust-42"
    assert command.return_url == "https://shop.example/back"
    assert command.mcc == "5942"
    done = {"authentication": {"threeDS": {"redirectData": {"threeDSComplnd": "N"}}}}
    info = requests.additional_info(Request.of(wire.event(body=done)))
    assert info.method_completed == "N"


def test_a_fields_own_name_goes_before_its_other_spelling() -> None:
    addresses = {"returnUrl": "https://shop.example/b", "returnURL": "https://shop.example/a"}
    command = payment(Request.of(wire.event(body=wire.a_payment_body() | addresses)))
    assert command.return_url == "https://shop.example/a"


def test_what_the_command_line_client_sends_for_a_wallet_is_enough() -> None:
    body = wire.a_payment_body() | {
        "paymentMethod": {"type": "e-wallet", "e-wallet": {"paymentBrand": "Alipay"}},
        "tradeInfo": {"tradeType": "Sale of goods"},
    }
    assert payment(Request.of(wire.event(body=body)))


def test_a_store_has_no_trade_but_its_own() -> None:
    gateway = Gateway()
    assert gateway.pay(mcc="5942").failure_code is None
    with pytest.raises(InvalidValue) as refused:
        gateway.pay("PAY-2", mcc="7995")
    assert refused.value.field == "storeInfo.MCC"
    assert len(gateway.visa.authorizations) == 1

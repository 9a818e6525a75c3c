"""Bad input of any kind gets the documented code and names the field; it is never our fault."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract import wire
from tests.contract.bodies import ABSENT, JSON, changed, no_encryption
from tests.support.memory import VISA_CARD
from tidegate.api.evocloud.envelope import error_body
from tidegate.api.evocloud.request import MAX_BODY_BYTES, Request
from tidegate.api.evocloud.schemas import requests
from tidegate.domain.errors import TidegateError
from tidegate.domain.message import Card

TODAY = date(2026, 11, 23)
CARD = "paymentMethod.card.cardInfo"
INFO = "merchantTransInfo"
QUERY = {"merchantTransID": ["PAY-A1"]}


def create(request: Request) -> Any:
    return requests.create_payment(request, TODAY, no_encryption)


def refusal_of(body: Any, *, parse: Callable[[Request], Any] = create) -> tuple[str, str, str]:
    """Code, field and the text that the merchant reads."""
    event = wire.event(body=body, query=None if parse is create else QUERY)
    with pytest.raises(TidegateError) as refused:
        parse(Request.of(event))
    message = error_body(refused.value)["result"]["message"]
    return refused.value.code, refused.value.field or "", message


PAYMENT_ROWS: list[tuple[str, Any, str]] = [
    # mandatory, wholly or partly absent
    (INFO, ABSENT, "V0001"),
    (f"{INFO}.merchantTransID", ABSENT, "V0001"),
    (f"{INFO}.merchantTransID", None, "V0001"),
    (f"{INFO}.merchantTransID", "", "V0001"),
    (f"{INFO}.merchantTransTime", ABSENT, "V0001"),
    ("transAmount", ABSENT, "V0001"),
    ("transAmount", None, "V0001"),
    ("transAmount.currency", ABSENT, "V0001"),
    ("transAmount.value", ABSENT, "V0001"),
    ("transAmount.value", "", "V0001"),
    ("paymentMethod", ABSENT, "V0001"),
    (f"{CARD}.cardNumber", ABSENT, "V0001"),
    (f"{CARD}.cardNumber", "", "V0001"),
    (f"{CARD}.expiryDate", None, "V0001"),
    # wrong JSON types, at every depth
    (INFO, "x", "V0000"),
    (INFO, [], "V0000"),
    (f"{INFO}.merchantTransID", 17, "V0000"),
    (f"{INFO}.merchantTransID", {"a": 1}, "V0000"),
    (f"{INFO}.merchantTransTime", 1741079411, "V0000"),
    ("transAmount", "88.00", "V0000"),
    ("transAmount", ["88.00"], "V0000"),
    ("transAmount.currency", 344, "V0000"),
    ("transAmount.value", 88, "V0000"),
    ("transAmount.value", 88.0, "V0000"),
    ("transAmount.value", True, "V0000"),
    ("transAmount.value", {"amount": "1"}, "V0000"),
    ("paymentMethod", "card", "V0000"),
    ("paymentMethod.type", 1, "V0000"),
    ("paymentMethod.card", "4761340000000043", "V0000"),
    ("paymentMethod.card.cardInfo", [1], "V0000"),
    (f"{CARD}.cardNumber", 4761340000000043, "V0000"),
    (f"{CARD}.expiryDate", 1249, "V0000"),
    (f"{CARD}.cvc", 321, "V0000"),
    ("paymentMethod.card.tokenize", "yes", "V0000"),
    ("transInitiator", "WEB", "V0000"),
    ("transInitiator.platform", 1, "V0000"),
    ("metadata", {"basket": 17}, "V0000"),
    ("metadata", 17, "V0000"),
    ("metadata", int("1" * 60), "V0000"),
    ("webhook", True, "V0000"),
    ("captureAfterHours", True, "V0000"),
    ("captureAfterHours", 1.5, "V0000"),
    ("captureAfterHours", ["0"], "V0000"),
    ("allowAuthentication", "true", "V0000"),
    ("authenticationOnly", 1, "V0000"),
    # formats
    (f"{INFO}.merchantTransTime", "yesterday", "V0000"),
    (f"{INFO}.merchantTransTime", "2025-03-04", "V0000"),
    (f"{INFO}.merchantTransTime", "2025-13-04T09:10:11Z", "V0000"),
    ("transAmount.currency", "hkd", "V0000"),
    ("transAmount.currency", "HKDX", "V0000"),
    ("transAmount.value", "1e3", "V0000"),
    ("transAmount.value", "-1.00", "V0000"),
    ("transAmount.value", "+1.00", "V0000"),
    ("transAmount.value", "1,00", "V0000"),
    ("transAmount.value", " 1", "V0000"),
    ("transAmount.value", "1.", "V0000"),
    ("transAmount.value", ".5", "V0000"),
    ("transAmount.value", "NaN", "V0000"),
    ("transAmount.value", "١٢", "V0000"),
    ("transAmount.value", "1234567890123", "V0000"),
    (f"{CARD}.cardNumber", "4761 3400 0000 0043", "V0000"),
    (f"{CARD}.cardNumber", "４７６１３４００００００００４３", "V0000"),
    (f"{CARD}.expiryDate", "12/4", "V0000"),
    (f"{CARD}.cvc", "12a", "V0000"),
    ("captureAfterHours", "soon", "V0000"),
    ("captureAfterHours", "-1", "V0000"),
    ("metadata", "\ud800", "V0000"),
    # values, and lengths in bytes
    (f"{INFO}.merchantTransID", "PAY A1", "V0002"),
    (f"{INFO}.merchantTransID", "PAY-é", "V0002"),
    (f"{INFO}.merchantTransID", "x" * 33, "V0002"),
    (f"{INFO}.merchantOrderReference", "x" * 33, "V0002"),
    (f"{INFO}.merchantOrderReference", "港" * 11, "V0002"),
    ("metadata", "港" * 171, "V0002"),
    ("webhook", "ftp://shop.example/hook", "V0002"),
    ("webhook", "https://" + "x" * 300, "V0002"),
    ("webhook", "https://shop.example/café", "V0002"),
    ("webhook", "https://shop.example/a b", "V0002"),
    ("returnURL", "x" * 301, "V0002"),
    ("transInitiator.platform", "web", "V0002"),
    ("transInitiator.paymentScenario", "outStore", "V0002"),
    ("transAmount.value", "1.234", "V0002"),
    ("captureAfterHours", "169", "V0002"),
    ("captureAfterHours", 169, "V0002"),
    ("paymentMethod.type", "cheque", "V0002"),
    (f"{CARD}.cardNumber", "4" * 20, "V0002"),
    (f"{CARD}.cardNumber", "42", "V0002"),
    (f"{CARD}.expiryDate", "1399", "V0002"),
    (f"{CARD}.cvc", "12345", "V0002"),
    # what the contract knows and this version does not take
    (f"{CARD}.cardNumber", "4761340000000044", "B0040"),
    ("transAmount.currency", "XQX", "B0007"),
    ("paymentMethod.type", "onlineBanking", "B0005"),
    ("paymentMethod.type", "cash", "B0005"),
    ("authentication.type", "SecurePlus", "B0011"),
]


@pytest.mark.parametrize(("path", "value", "code"), PAYMENT_ROWS)
def test_a_payment_names_the_field(path: str, value: Any, code: str) -> None:
    got, field, message = refusal_of(changed(path, value, wire.a_payment_body()))
    assert (got, field) == (code, path)
    assert path in message
    assert VISA_CARD not in message


CHANGE_ROWS: list[tuple[str, Any, str]] = [
    ("transAmount", ABSENT, "V0001"),
    (INFO, None, "V0001"),
    ("transAmount.value", 1, "V0000"),
    ("initiatingReason", "x" * 65, "V0002"),
    ("initiatingReason", 1, "V0000"),
    ("webhook", "shop.example", "V0002"),
    ("transAmount.value", "0", "V0002"),
    ("transAmount.value", "0.00", "V0002"),
]


@pytest.mark.parametrize(("path", "value", "code"), CHANGE_ROWS)
def test_a_capture_or_refund_names_the_field(path: str, value: Any, code: str) -> None:
    body = changed(path, value, wire.a_change_body())
    got, field, _ = refusal_of(body, parse=requests.capture_or_refund)
    assert (got, field) == (code, path)


BODIES: dict[str, str] = {
    "empty": "",
    "cut short": '{"a":',
    "two values": "{}{}",
    "trailing comma": '{"a":1,}',
    "single quotes": "{'a':1}",
    "comment": "{}//",
    "byte order mark": "\ufeff{}",
    "list": "[]",
    "string": '"card"',
    "null": "null",
    "NaN": '{"a":NaN}',
    "Infinity": '{"a":-Infinity}',
    "key twice": '{"transAmount":{"value":"1","value":"2"}}',
    "deep lists": '{"a":' + "[" * 40 + "]" * 40 + "}",
    "very deep": "[" * 200_000,
    "control character": '{"a":"\n"}',
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_json_object_is_v0005(name: str) -> None:
    code, _, _ = refusal_of(BODIES[name])
    assert code == "V0005"


def test_bytes_that_are_not_utf_8_are_v0005() -> None:
    event = wire.event() | {
        "body": base64.b64encode(b'{"a":"\xff"}').decode(),
        "isBase64Encoded": True,
    }
    with pytest.raises(TidegateError) as refused:
        requests.create_payment(Request.of(event), TODAY, no_encryption)
    assert refused.value.code == "V0005"


def test_a_huge_body_is_refused_before_it_is_parsed() -> None:
    body = wire.a_payment_body() | {"unknown": "x" * MAX_BODY_BYTES}
    code, field, _ = refusal_of(body)
    assert (code, field) == ("V0002", "body")


def test_numbers_of_any_size_are_no_fault_of_ours() -> None:
    text = json.dumps(wire.a_payment_body())[:-1] + ', "x": 1e999, "y": ' + "9" * 9000 + "}"
    assert (
        requests.create_payment(Request.of(wire.event(body=text)), TODAY, no_encryption).trans_id
        == "PAY-A1"
    )


def test_a_shop_needs_its_scenario() -> None:
    body = changed("transInitiator.paymentScenario", "inStore", wire.a_payment_body())
    code, field, _ = refusal_of(body)
    assert (code, field) == ("V0007", "transInitiator.inStorePaymentScenario")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (None, "V0001"),
        ({"merchantTransID": [""]}, "V0001"),
        ({"merchantTransID": ["A", "B"]}, "V0002"),
    ],
)
def test_a_change_needs_one_payment_in_its_query(query: Any, code: str) -> None:
    with pytest.raises(TidegateError) as refused:
        requests.capture_or_refund(Request.of(wire.event(body=wire.a_change_body(), query=query)))
    assert (refused.value.code, refused.value.field) == (code, "merchantTransID")


def test_a_payment_names_one_quote_or_none() -> None:
    query = {"merchantTransID": ["FX-1", "FX-2"]}
    with pytest.raises(TidegateError) as refused:
        create(Request.of(wire.event(body=wire.a_payment_body(), query=query)))
    assert (refused.value.code, refused.value.field) == ("V0002", "merchantTransID")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("1249", "4912"), ("4912", "4912"), ("2810", "2810"), ("1126", "2611"), ("1128", "2811")],
)
def test_an_expiry_date_is_kept_as_yymm(sent: str, kept: str) -> None:
    body = changed(f"{CARD}.expiryDate", sent, wire.a_payment_body())
    command = requests.create_payment(Request.of(wire.event(body=body)), TODAY, no_encryption)
    assert isinstance(command.means, Card)
    assert command.means.expiry == kept


@pytest.mark.parametrize(
    ("sent", "hours"), [("0", 0), (0, 0), ("168", 168), (24, 24), (None, None)]
)
def test_hours_come_as_text_or_number(sent: Any, hours: int | None) -> None:
    body = changed("captureAfterHours", sent, wire.a_payment_body())
    command = requests.create_payment(Request.of(wire.event(body=body)), TODAY, no_encryption)
    assert command.capture_after_hours == hours


def test_a_good_payment_survives_what_clients_add() -> None:
    body = wire.a_payment_body() | {"unknown": [1, {"a": None}], "webhook": "", "tradeInfo": None}
    del body["paymentMethod"]["type"]
    command = requests.create_payment(Request.of(wire.event(body=body)), TODAY, no_encryption)
    assert isinstance(command.means, Card)
    assert (command.means.pan, command.amount.minor, command.webhook) == (VISA_CARD, 8800, None)
    assert VISA_CARD not in repr(command)


def test_a_cancel_ignores_an_amount() -> None:
    body = wire.a_change_body() | {"transAmount": "anything"}
    assert requests.cancel_payment(Request.of(wire.event(body=body, query=QUERY))).amount is None


PARSERS = {
    "payment": create,
    "capture": requests.capture_or_refund,
    "cancel": requests.cancel_payment,
    "cancelOrRefund": requests.change_payment,
}
PATHS = sorted({row[0] for row in PAYMENT_ROWS})


@pytest.mark.parametrize("operation", PARSERS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_json_is_parsed_or_refused_by_name(operation: str, data: st.DataObject) -> None:
    body: Any = wire.a_payment_body()
    for path in data.draw(st.lists(st.sampled_from(PATHS), max_size=4)):
        try:
            body = changed(path, data.draw(JSON), body)
        except (TypeError, AttributeError):
            continue  # a parent is no object any more
    body = data.draw(st.just(body) | JSON)
    refused: TidegateError | None = None
    try:
        PARSERS[operation](Request.of(wire.event(body=body, query=QUERY)))
    except TidegateError as error:
        refused = error
    if refused is not None:
        assert VISA_CARD not in json.dumps(error_body(refused)) + repr(refused)
        assert refused.code[0] in "VBC"


@given(raw=st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(raw: bytes) -> None:
    body = {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}
    with pytest.raises(TidegateError):
        requests.create_payment(Request.of(wire.event() | body), TODAY, no_encryption)

"""What a merchant hears: bodies, headers, signatures, HTTP status, notifications."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract import wire
from tests.support.gateway import Gateway
from tests.support.memory import VISA_CARD
from tidegate.api.evocloud import responses
from tidegate.api.evocloud.authenticate import authenticate
from tidegate.api.evocloud.envelope import refused, signed
from tidegate.api.evocloud.notifications import notification_body, notification_headers
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.result_codes import PSP_MESSAGES, RESULT_CODES, message_of
from tidegate.domain import errors
from tidegate.domain.declines import decline_code
from tidegate.domain.errors import TidegateError
from tidegate.domain.events import events_of
from tidegate.domain.message import NetworkAnswer
from tidegate.domain.store import SignKey

NOW = 1_741_079_413.0
STAMPED = "2025-03-04T17:10:13+08:00"
ALL_ERRORS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, TidegateError)
]


def signature_of(answer: dict[str, Any], target: str, method: str = "GET") -> str:
    headers = answer["headers"]
    return wire.hashed(
        headers["SignType"],
        wire.KEY,
        method,
        target,
        headers["DateTime"],
        wire.KEY,
        headers["MsgID"],
        answer["body"],
    )


def test_an_answer_is_signed_over_what_it_carries() -> None:
    event = wire.event(
        "GET",
        query={"merchantTransID": ["PAY-1"]},
        signed_query="merchantTransID=PAY-1",
        headers={"KeyID": "k1"},
    )
    request = Request.of(event)
    caller = authenticate(request, wire.store(), NOW)
    body = {"result": {"code": "S0000", "message": "Success"}, "metadata": "海/港"}
    answer = signed(request, caller, body, NOW)
    headers = answer["headers"]
    assert answer["statusCode"] == 200
    assert answer["body"] == '{"result":{"code":"S0000","message":"Success"},"metadata":"海/港"}'
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert (headers["DateTime"], headers["MsgID"]) == (STAMPED, wire.MSG_ID)
    assert (headers["SignType"], headers["KeyID"]) == ("SHA256", "k1")
    target = f"{wire.BASE}/payment?merchantTransID=PAY-1"
    assert headers["X-Evo-Signature"] == signature_of(answer, target)


@pytest.mark.parametrize("kind", ALL_ERRORS)
@pytest.mark.parametrize("proven", [True, False])
def test_every_error_is_an_answer_with_code_and_message(
    kind: type[TidegateError], proven: bool
) -> None:
    request, store = Request.of(wire.event("GET")), wire.store()
    caller = authenticate(request, store, NOW) if proven else None
    answer = refused(request, kind("the reason", field="a.field"), NOW, store, caller)
    result = json.loads(answer["body"])["result"]
    assert result["code"] == kind.code
    assert message_of(kind.code) in result["message"]
    if kind.code.startswith("E"):
        assert answer["statusCode"] == 500
        assert "reason" not in result["message"]
    else:
        special = {errors.MethodNotSupported: 405, errors.TooManyRequests: 429}
        assert answer["statusCode"] == special.get(kind, 200)
        assert "a.field" in result["message"]
    assert answer["headers"]["X-Evo-Signature"] == signature_of(answer, f"{wire.BASE}/payment")


def test_strangers_and_probes_get_no_signature() -> None:
    request = Request.of(wire.event("GET"))
    unknown = refused(request, errors.StoreUnknown(), NOW, None, None)
    probe = Request.of(wire.event("GET", headers={"Authorization": ""}))
    unsigned = refused(probe, errors.SignatureRejected(), NOW, wire.store(), None)
    for answer in (unknown, unsigned):
        assert "X-Evo-Signature" not in answer["headers"]
        assert answer["headers"]["MsgID"] == wire.MSG_ID


@pytest.mark.parametrize(
    ("sent", "returned"), [("tr-1", "tr-1"), ("", None), ("x" * 129, None), ("tr\u00e9", None)]
)
def test_a_trace_id_passes_through(sent: str, returned: str | None) -> None:
    request = Request.of(wire.event("GET", headers={"X-Trace-Id": sent}))
    answer = refused(request, TidegateError(), NOW, wire.store(), None)
    assert answer["headers"].get("X-Trace-Id") == returned


def test_a_wrong_signature_is_answered_under_the_key_that_was_named() -> None:
    store = wire.store(sign_keys=(SignKey("k0", "a" * 32), SignKey("k1", wire.KEY)))
    headers: dict[str, str | list[str]] = {"KeyID": "k1", "Authorization": "00"}
    request = Request.of(wire.event("GET", headers=headers))
    answer = refused(request, errors.SignatureRejected(), NOW, store, None)
    assert answer["headers"]["X-Evo-Signature"] == signature_of(answer, f"{wire.BASE}/payment")


def test_the_life_of_a_payment_as_the_merchant_reads_it() -> None:
    gateway = Gateway()
    body = responses.created(gateway.pay())
    assert body["result"] == {
        "code": "S0000",
        "message": "Success",
        "pspResponseCode": "00",
        "pspMessage": "Approved",
    }
    payment = body["payment"]
    assert payment["status"] == "Authorised"
    assert payment["transAmount"] == {"currency": "HKD", "value": "100.00"}
    assert payment["merchantTransInfo"]["merchantTransTime"] == "2025-03-04T09:10:11Z"
    assert payment["evoTransInfo"]["retrievalReferenceNum"].endswith(
        payment["evoTransInfo"]["traceNum"]
    )
    assert payment["pspTransInfo"]["authorizationCode"] == "77Q2K1"
    card = body["paymentMethod"]["card"]
    assert card == {"first6No": "476134", "last4No": "0043", "paymentBrand": "Visa"}
    assert (body["pspData"], body["metadata"]) == ({"name": "Visa"}, "basket 17")

    captured = responses.changed(gateway.change("capture", "CAP-1", 8_000))
    assert captured["capture"]["status"] == "Success"
    assert captured["capture"]["transAmount"]["value"] == "80.00"
    assert captured["payment"]["status"] == "Captured"
    refunded = responses.changed(gateway.change("refund", "REF-1", 3_000))
    assert refunded["refund"]["merchantTransInfo"]["merchantTransID"] == "REF-1"
    assert refunded["payment"]["status"] == "Partial Refunded"
    rest = responses.changed(gateway.change("cancel_or_refund", "COR-1"))
    assert rest["refund"]["cancelOrRefund"] == "refund"
    assert rest["payment"]["status"] == "Refunded"
    assert VISA_CARD not in json.dumps([body, captured, refunded, rest])


def test_a_cancel_has_no_amount() -> None:
    gateway = Gateway()
    gateway.pay()
    body = responses.changed(gateway.change("cancel", "CAN-1"))
    assert body["cancel"]["status"] == "Success"
    assert "transAmount" not in body["cancel"]
    assert body["payment"]["status"] == "Cancelled"


def test_a_decline_is_the_code_on_post_and_a_success_on_get() -> None:
    gateway = Gateway()
    gateway.visa.replies.append(NetworkAnswer("51"))
    payment = gateway.pay()
    posted, got = responses.created(payment), responses.found(payment)
    assert posted["result"]["code"] == "I0051"
    assert posted["result"]["pspResponseCode"] == "51"
    assert got["result"] == {"code": "S0000", "message": "Success"}
    assert posted["payment"] == got["payment"]
    assert got["payment"]["status"] == "Failed"
    assert got["payment"]["failureCode"] == "I0051"
    assert got["payment"]["failureReason"]


def test_what_is_not_known_is_pending_and_no_failure() -> None:
    gateway = Gateway()
    gateway.visa.replies.append(errors.Unanswered())
    gateway.visa.reversal_replies.append(errors.Unanswered())
    body = responses.created(gateway.pay())
    assert (body["result"]["code"], body["payment"]["status"]) == ("S0000", "Pending")
    assert "failureCode" not in body["payment"]


def test_every_documented_code_has_its_text() -> None:
    documented = {
        "S0000",
        "S0003",
        "S0004",
        "S0005",
        "S0006",
        "S0007",
        "V0000",
        "V0001",
        "V0002",
        "V0003",
        "V0004",
        "V0005",
        "V0006",
        "V0007",
        "V0008",
        "V0009",
        "V0010",
        "C0000",
        "C0001",
        "C0002",
        "C0003",
        "C0004",
        "C0005",
        "C0006",
        "C0007",
        "C0008",
        "C0009",
        "C0010",
        "C0011",
        "C0012",
        "B0000",
        "B0001",
        "B0002",
        "B0003",
        "B0004",
        "B0005",
        "B0006",
        "B0007",
        "B0008",
        "B0009",
        "B0011",
        "B0012",
        "B0013",
        "B0014",
        "B0019",
        "B0021",
        "B0032",
        "B0033",
        "B0035",
        "B0040",
        "I0051",
        "I0054",
        "I0093",
        "I0111",
        "P0000",
        "P0059",
        "P0098",
        "E0000",
        "E0004",
    }
    assert documented <= set(RESULT_CODES)
    assert {kind.code for kind in ALL_ERRORS} <= set(RESULT_CODES)
    for response_code in PSP_MESSAGES.keys() - {"00"}:
        assert message_of(decline_code(response_code)) != message_of("E0000")
    assert message_of("I0057") == "Declined by the issuer"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://shop.example/hook", "/hook"),
        ("https://shop.example", "/"),
        ("https://shop.example:8443/a%20b?x=1&a=2#part", "/a%20b?x=1&a=2"),
    ],
)
def test_a_notification_is_compact_and_signed_over_the_webhooks_own_path(
    url: str, target: str
) -> None:
    gateway = Gateway()
    gateway.pay(hours=0)
    change = gateway.change("refund", "REF-1", 3_000)
    event = events_of(change.payment, change.payment.version - 1)[-1]
    body = notification_body(event, change.operation)
    parsed = json.loads(body)
    assert parsed["eventCode"] == "Refund"
    assert parsed["refund"]["status"] == "Success"
    assert "result" not in parsed
    assert body == json.dumps(parsed, separators=(",", ":"), ensure_ascii=False)

    store = wire.store(sign_type="HMAC-SHA512")
    headers = notification_headers(store, url, event, body, NOW)
    msg_id = headers["MsgID"]
    assert headers["Authorization"] == wire.hashed(
        "HMAC-SHA512", wire.KEY, "POST", target, STAMPED, wire.KEY, msg_id, body
    )
    assert headers["x-evo-signature"] == wire.hashed("HMAC-SHA256", wire.KEY, f"{STAMPED}.{body}")

    later = notification_headers(store, url, event, body, NOW + 60)
    assert later["MsgID"] == msg_id
    assert later["Authorization"] != headers["Authorization"]


def test_one_request_too_many_says_when_to_come_again() -> None:
    request = Request.of(wire.event("GET"))
    caller = authenticate(request, wire.store(), NOW)
    answer = refused(request, errors.TooManyRequests(retry_after_s=7), NOW, wire.store(), caller)
    assert answer["statusCode"] == 429
    assert answer["headers"]["Retry-After"] == "7"
    assert json.loads(answer["body"])["result"]["code"] == "B0033"
    assert answer["headers"]["X-Evo-Signature"] == signature_of(answer, f"{wire.BASE}/payment")

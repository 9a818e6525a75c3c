"""Who may pass: the contract's signature vectors, and what real clients do with them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract import wire
from tidegate.api.evocloud.authenticate import authenticate
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.signature import sign, verified_target
from tidegate.domain.errors import SignatureRejected
from tidegate.domain.store import SignKey

NOW = 1_741_079_411.0
REFUND = (
    '{"merchantTransInfo":{"merchantTransID":"DOC0001","merchantTransTime":"2025-03-04T09:10:11Z"}'
    ',"transAmount":{"currency":"HKD","value":"12.30"}}'
)
VECTOR_A = {
    "SHA256": "03f82aecbb87fdec807ce8e128d5548b7d815cd8806773629b34384626201969",
    "SHA512": (
        "4f7ad7109a3de1a7e78017b1dc790990b8d0519b57f4c32edca667795ca3ceae"
        "5023fa6e16d020b89726db6b77903cb16d0fe9bce7a70d52537413743d46da8e"
    ),
    "HMAC-SHA256": "c717a89f9abfaa4bf1616c13310307f700b989730d89503ff988253d8a0d3521",
    "HMAC-SHA512": (
        "748683e248fa08ea4d31af7efd69ea50b4e57ace488dcb2995347cbb1a54ce15"
        "33a6764206c14a912f934894c47ac896be7346566a4b7ccdbe1295e16b9c51ba"
    ),
}


@pytest.mark.parametrize("sign_type", VECTOR_A)
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_vector_a_a_refund_in_all_four_algorithms(sign_type: str, case: Any) -> None:
    event = wire.event(
        operation="refund",
        query={"merchantTransID": ["DOC0000"]},
        body=REFUND,
        headers={"SignType": sign_type, "Authorization": case(VECTOR_A[sign_type])},
    )
    caller = authenticate(Request.of(event), wire.store(sign_type=sign_type), NOW)
    assert caller.target == f"{wire.BASE}/refund?merchantTransID=DOC0000"


def test_vector_b_the_query_is_sorted_before_it_is_signed() -> None:
    target = verified_target(
        "df433e5f7d1aba3fc19606ebd5e3e983d6a821510df0bd41ded77b90b8488703",
        sign_type="SHA256",
        key=wire.KEY,
        method="GET",
        path=f"{wire.BASE}/paymentMethod",
        query=[("paymentBrand", "Visa"), ("currency", "HKD")],
        stamp="2025-03-04T17:10:12+08:00",
        msg_id="aa000000000000000000000000000001",
        body="",
    )
    assert target == f"{wire.BASE}/paymentMethod?currency=HKD&paymentBrand=Visa"


def test_vector_c_the_answer_is_signed_over_the_request_as_it_was_signed() -> None:
    assert (
        sign(
            "SHA256",
            wire.KEY,
            "GET",
            f"{wire.BASE}/paymentMethod?currency=HKD&paymentBrand=Visa",
            "2025-03-04T17:10:13+08:00",
            "aa000000000000000000000000000001",
            '{"result":{"code":"S0000","message":"Success"}}',
        )
        == "e53ea5c4f81a6124c061f86212398a998bfb577bc161957e3324af64d0dce32e"
    )


def test_vector_d_a_cryptogram_is_signed_without_its_query() -> None:
    body = (
        '{"merchantTransInfo":{"merchantTransID":"CRY0001",'
        '"merchantTransTime":"2025-03-04T09:10:14Z"},'
        '"paymentMethod":{"networkToken":{"tokenID":"nt-77"},"type":"networkToken"}}'
    )
    target = verified_target(
        "8acbd100892b24a70e247388a522d2479ccb76a8a7bfab8f0851131e1b6ef76c",
        sign_type="SHA256",
        key=wire.KEY,
        method="POST",
        path=f"{wire.BASE}/cryptogram",
        query=[("merchantTransID", "TOK0001")],
        stamp="2025-03-04T17:10:14+08:00",
        msg_id="aa000000000000000000000000000002",
        body=body,
    )
    assert target == f"{wire.BASE}/cryptogram"


@pytest.mark.parametrize(
    "signed_query",
    ["a=x%20y%2F&b=1", "a=x+y%2F&b=1", "b=1&a=x%20y%2F", "a=x y/&b=1"],
)
def test_any_spelling_of_a_decoded_query_passes(signed_query: str) -> None:
    event = wire.event("GET", query={"b": ["1"], "a": ["x y/"]}, signed_query=signed_query)
    caller = authenticate(Request.of(event), wire.store(), NOW)
    assert caller.target.endswith(signed_query)


@pytest.mark.parametrize("name", ["DateTime", "MsgID", "SignType", "Authorization"])
def test_a_missing_header_is_named(name: str) -> None:
    with pytest.raises(SignatureRejected, match=name) as refused:
        authenticate(Request.of(wire.event("GET", headers={name: ""})), wire.store(), NOW)
    assert refused.value.field == name


@pytest.mark.parametrize("name", ["Authorization", "DateTime", "MsgID", "SignType", "KeyID"])
def test_a_header_with_half_a_character_is_refused(name: str) -> None:
    with pytest.raises(SignatureRejected):
        authenticate(Request.of(wire.event("GET", headers={name: "\udcb4"})), wire.store(), NOW)


@pytest.mark.parametrize("name", ["Authorization", "DateTime", "MsgID", "SignType", "KeyID"])
def test_a_header_given_twice_is_refused(name: str) -> None:
    with pytest.raises(SignatureRejected, match="more than once"):
        Request.of(wire.event("GET", headers={name: ["one", "two"]}))
    in_two_cases = wire.event("GET", headers={name.upper(): "one", name.lower(): "two"})
    with pytest.raises(SignatureRejected, match="more than once"):
        Request.of(in_two_cases)


@pytest.mark.parametrize(
    "change",
    [
        {"path": f"{wire.BASE}/refund"},
        {"httpMethod": "PUT"},
        {"body": REFUND.replace("12.30", "12.31")},
        {"multiValueQueryStringParameters": {"merchantTransID": ["OTHER"]}},
    ],
)
def test_whatever_is_changed_breaks_the_signature(change: dict[str, Any]) -> None:
    event = wire.event(operation="capture", body=REFUND) | change
    with pytest.raises(SignatureRejected):
        authenticate(Request.of(event), wire.store(), NOW)


def test_a_weaker_algorithm_than_the_stores_is_refused() -> None:
    event = wire.event("GET", sign_type="SHA256")
    with pytest.raises(SignatureRejected) as refused:
        authenticate(Request.of(event), wire.store(sign_type="HMAC-SHA512"), NOW)
    assert refused.value.field == "SignType"


def test_both_live_keys_pass_and_a_key_id_selects_one() -> None:
    new = SignKey("k2", "b" * 32)
    store = wire.store(sign_keys=(SignKey("k1", wire.KEY), new))
    assert authenticate(Request.of(wire.event("GET", key=new.secret)), store, NOW).key == new
    chosen = Request.of(wire.event("GET", key=new.secret, headers={"KeyID": "k2"}))
    assert authenticate(chosen, store, NOW).key == new
    other = Request.of(wire.event("GET", key=new.secret, headers={"KeyID": "k1"}))
    with pytest.raises(SignatureRejected):
        authenticate(other, store, NOW)
    unknown = Request.of(wire.event("GET", headers={"KeyID": "k9"}))
    with pytest.raises(SignatureRejected):
        authenticate(unknown, store, NOW)


@pytest.mark.parametrize(
    ("stamp", "passes"),
    [
        ("2025-03-04T17:10:11+08:00", True),
        ("2025-03-04T17:10:11+0800", True),
        ("20250304171011+0800", True),
        ("2025-03-04T09:10:11.123Z", True),
        ("2025-03-04T17:30:11+08:00", False),
        ("2025-03-04T09:10:11+08:00", False),
        ("yesterday", False),
    ],
)
def test_the_clock_counts_only_where_a_limit_is_set(stamp: str, passes: bool) -> None:
    lines = ("GET", f"{wire.BASE}/payment", stamp, wire.KEY, wire.MSG_ID)
    headers: dict[str, str | list[str]] = {
        "DateTime": stamp,
        "Authorization": wire.hashed("SHA256", wire.KEY, *lines),
    }
    request = Request.of(wire.event("GET", headers=headers))
    authenticate(request, wire.store(), NOW)
    limited = wire.store(max_skew_s=900)
    if passes:
        authenticate(request, limited, NOW)
    else:
        with pytest.raises(SignatureRejected) as refused:
            authenticate(request, limited, NOW)
        assert refused.value.field == "DateTime"


def test_a_refusal_of_ours_cannot_be_sent_back_as_a_request() -> None:
    # A stranger obtains a signed refusal and plays it back under the same headers.
    refusal = '{"result":{"code":"V0010","message":"Signature error"}}'
    with pytest.raises(SignatureRejected, match="GET takes no body"):
        authenticate(Request.of(wire.event("GET", body=refusal)), wire.store(), NOW)
    request = Request.of(wire.event("POST", body=refusal))
    authenticate(request, wire.store(), NOW)
    with pytest.raises(SignatureRejected):
        request.body()

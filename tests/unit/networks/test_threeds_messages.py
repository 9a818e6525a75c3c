"""3-D Secure as the 3DS Server speaks it: what is asked, and which answers count."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.threeds import check
from tests.unit.networks.threeds_samples import ACS, ARES, CAVV, DS, OTHERS, OURS, PAN, REQUEST
from tidegate.domain.authentication import AuthenticationAnswer
from tidegate.domain.errors import InvalidValue, MalformedBody
from tidegate.domain.money import Money
from tidegate.networks.threeds import messages

CHALLENGE = "https://acs.example/challenge"
RREQ = ARES | {"messageType": "RReq"}
WITHOUT_DS = {name: value for name, value in ARES.items() if name != "dsTransID"}

NO_MESSAGE = [
    b"",
    b"{",
    b"\xff\xfe",
    b"[]",
    b'"ARes"',
    b"null",
    b"[" * 60_000,
    b"{}",
    json.dumps(ARES | {"messageType": "Erro", "errorDetail": PAN}).encode(),
    json.dumps(ARES | {"cardholderInfo": " " * messages.MAX_BYTES}).encode(),
]
WRONG_FIELDS: list[tuple[str, Any]] = [
    ("transStatus", "D"),
    ("transStatus", "y"),
    ("transStatus", ""),
    ("transStatus", None),
    ("transStatus", ["Y"]),
    ("dsTransID", None),
    ("dsTransID", 7),
    ("dsTransID", DS[:-1]),
    ("acsTransID", ""),
    ("acsTransID", ACS.replace("d", "g")),
    ("messageVersion", 2.2),
    ("eci", 5),
    ("eci", "005"),
    ("authenticationValue", CAVV + "="),
    ("authenticationValue", {"value": CAVV}),
    ("transStatusReason", "001"),
    ("cardholderInfo", "x" * 129),
    ("acsURL", 443),
]


def read(**changed: Any) -> AuthenticationAnswer:
    """What is read out of the ARes with other fields."""
    return messages.read_authentication_response(json.dumps(ARES | changed).encode(), OURS)


class TestTheRequest:
    def test_for_a_payment(self) -> None:
        assert messages.authentication_request(REQUEST) == {
            "messageType": "AReq",
            "messageVersion": "2.2.0",
            "threeDSServerTransID": OURS,
            "threeDSServerURL": "https://pay.example/results",
            "threeDSCompInd": "Y",
            "threeDSRequestorAuthenticationInd": "01",
            "notificationURL": "https://pay.example/result",
            "deviceChannel": "02",
            "messageCategory": "01",
            "dsReferenceNumber": "VISA",
            "acctNumber": PAN,
            "cardExpiryDate": "3112",
            "acquirerBIN": "400552",
            "acquirerMerchantID": "TIDEGATE0000001",
            "merchantName": "Harbour Books",
            "mcc": "5999",
            "merchantCountryCode": "344",
            "browserAcceptHeader": "text/html",
            "browserColorDepth": "30",
            "browserJavaEnabled": True,
            "browserJavascriptEnabled": True,
            "browserLanguage": "zh-HK",
            "browserScreenHeight": "900",
            "browserScreenWidth": "1440",
            "browserTZ": "-480",
            "browserUserAgent": "Browser/1",
            "purchaseAmount": "12300",
            "purchaseCurrency": "840",
            "purchaseExponent": "2",
            "purchaseDate": "20261123093015",
        }

    @pytest.mark.parametrize(
        ("currency", "number", "exponent"), [("JPY", "392", "0"), ("KWD", "414", "3")]
    )
    def test_says_how_many_decimals_the_amount_has(
        self, currency: str, number: str, exponent: str
    ) -> None:
        made = messages.authentication_request(replace(REQUEST, amount=Money(12_300, currency)))
        shown = [made[f"purchase{name}"] for name in ("Amount", "Currency", "Exponent")]
        assert shown == ["12300", number, exponent]

    def test_without_a_payment_names_no_purchase(self) -> None:
        made = messages.authentication_request(replace(REQUEST, without_payment=True))
        assert (made["messageCategory"], made["threeDSRequestorAuthenticationInd"]) == ("02", "04")
        assert not [name for name in made if name.startswith("purchase")]

    def test_tells_address_and_email_only_where_they_are_known(self) -> None:
        known = replace(
            REQUEST, email="a@example.com", browser=replace(REQUEST.browser, ip="192.0.2.7")
        )
        added = {"email": "a@example.com", "browserIP": "192.0.2.7"}
        plain = messages.authentication_request(REQUEST)
        assert messages.authentication_request(known) == plain | added

    @pytest.mark.parametrize(
        ("brand", "name"), [("Mastercard", "MASTERCARD"), ("UnionPay", "UNIONPAY")]
    )
    def test_names_the_scheme(self, brand: str, name: str) -> None:
        made = messages.authentication_request(replace(REQUEST, brand=brand))
        assert made["dsReferenceNumber"] == name

    @pytest.mark.parametrize("without_payment", [False, True])
    def test_is_all_that_a_directory_server_wants(self, without_payment: bool) -> None:
        check(messages.authentication_request(replace(REQUEST, without_payment=without_payment)))

    def test_never_holds_the_security_code(self) -> None:
        assert "737" not in json.dumps(messages.authentication_request(REQUEST))


class TestTheResponse:
    @pytest.mark.parametrize(("status", "eci"), [("Y", "05"), ("A", "06")])
    def test_of_a_success_brings_the_proof(self, status: str, eci: str) -> None:
        answer = read(transStatus=status, eci=eci)
        assert (answer.status, answer.eci, answer.value) == (status, eci, CAVV)
        assert (answer.ds_trans_id, answer.acs_trans_id, answer.version) == (DS, ACS, "2.2.0")
        assert CAVV not in repr(answer)

    @pytest.mark.parametrize("status", ["N", "U", "R"])
    def test_of_a_failure_brings_the_reason(self, status: str) -> None:
        answer = read(
            transStatus=status,
            eci="07",
            authenticationValue=None,
            transStatusReason="11",
            cardholderInfo="Please call your bank.",
        )
        assert (answer.status, answer.value, answer.reason) == (status, None, "11")
        assert answer.cardholder_info == "Please call your bank."

    def test_of_a_challenge_brings_its_address(self) -> None:
        answer = read(transStatus="C", eci=None, authenticationValue=None, acsURL=CHALLENGE)
        assert (answer.status, answer.challenge_url) == ("C", CHALLENGE)
        assert (answer.eci, answer.value) == (None, None)

    @pytest.mark.parametrize("url", [None, "", "acs.example", "javascript:alert(1)"])
    def test_of_a_challenge_without_an_address_is_refused(self, url: str | None) -> None:
        with pytest.raises(InvalidValue) as refused:
            read(transStatus="C", acsURL=url)
        assert refused.value.field == "acsURL"

    def test_says_nothing_by_empty_texts_and_may_leave_out_its_version(self) -> None:
        answer = read(eci="", authenticationValue="", messageVersion="")
        assert (answer.eci, answer.value, answer.version) == (None, None, "2.2.0")

    @pytest.mark.parametrize("trans_id", [OTHERS, OURS.upper(), "", None, 7])
    def test_to_another_request_does_not_count(self, trans_id: Any) -> None:
        with pytest.raises(MalformedBody, match="another request"):
            read(threeDSServerTransID=trans_id)

    @pytest.mark.parametrize(("name", "value"), WRONG_FIELDS)
    def test_with_a_wrong_field_is_refused_by_its_name(self, name: str, value: Any) -> None:
        with pytest.raises(InvalidValue) as refused:
            read(**{name: value})
        assert refused.value.field == name

    def test_lacking_a_transaction_id_is_refused(self) -> None:
        with pytest.raises(InvalidValue) as refused:
            messages.read_authentication_response(json.dumps(WITHOUT_DS).encode(), OURS)
        assert refused.value.field == "dsTransID"

    @pytest.mark.parametrize("raw", NO_MESSAGE, ids=lambda raw: raw[:12].decode("latin-1"))
    def test_that_is_no_such_message_is_malformed_and_not_quoted(self, raw: bytes) -> None:
        with pytest.raises(MalformedBody) as refused:
            messages.read_authentication_response(raw, OURS)
        assert PAN not in str(refused.value)

    @given(
        st.dictionaries(
            st.sampled_from([*ARES, "acsURL", "transStatusReason", "cardholderInfo"]),
            st.none() | st.booleans() | st.integers() | st.text(max_size=40) | st.lists(st.text()),
        )
    )
    def test_is_read_or_refused_whatever_its_fields_are(self, changed: dict[str, Any]) -> None:
        try:
            answer = read(**changed)
        except (InvalidValue, MalformedBody):
            return
        assert answer.status in messages.STATUSES


class TestWhatTheBrowserCarries:
    def test_a_challenge_request_is_base64url_without_padding(self) -> None:
        carried = messages.challenge_request(OURS, ACS, "2.1.0")
        assert "=" not in carried
        assert json.loads(base64.urlsafe_b64decode(carried + "=" * (-len(carried) % 4))) == {
            "messageType": "CReq",
            "messageVersion": "2.1.0",
            "threeDSServerTransID": OURS,
            "acsTransID": ACS,
            "challengeWindowSize": "05",
        }

    def test_a_challenge_of_an_unnamed_version_is_one_of_ours(self) -> None:
        carried = messages.challenge_request(OURS, ACS, "")
        assert messages.decoded(carried)["messageVersion"] == "2.2.0"

    def test_method_data_says_where_the_frame_reports(self) -> None:
        assert messages.decoded(messages.method_data(OURS, "https://pay.example/method")) == {
            "threeDSServerTransID": OURS,
            "threeDSMethodNotificationURL": "https://pay.example/method",
        }

    @pytest.mark.parametrize("padding", ["", "=", "=="])
    def test_a_result_is_read_with_and_without_padding(self, padding: str) -> None:
        result = {"messageType": "CRes", "transStatus": "Y", "note": "x" * (2 + len(padding))}
        carried = base64.urlsafe_b64encode(json.dumps(result).encode()).decode()
        assert messages.decoded(carried) == messages.decoded(carried.rstrip("=")) == result

    @given(st.dictionaries(st.text(max_size=8), st.text(max_size=32), max_size=4))
    def test_any_message_comes_back(self, message: dict[str, str]) -> None:
        carried = messages.encoded(message)
        assert messages.decoded(carried) == message
        assert carried.replace("-", "").replace("_", "").isalnum()

    @pytest.mark.parametrize(
        "carried", ["", "A", "é", "!!!!", messages.encoded({})[:-1], "W10", "bnVsbA"]
    )
    def test_anything_else_is_malformed(self, carried: str) -> None:
        with pytest.raises(MalformedBody):
            messages.decoded(carried)


class TestTheResult:
    def test_names_our_transaction_and_how_the_challenge_ended(self) -> None:
        trans_id, answer = messages.read_results_request(json.dumps(RREQ).encode())
        assert (trans_id, answer.status, answer.value) == (OURS, "Y", CAVV)
        assert (answer.ds_trans_id, answer.acs_trans_id) == (DS, ACS)

    def test_is_acknowledged_by_its_own_ids(self) -> None:
        assert messages.results_response(
            json.dumps(RREQ | {"messageVersion": "2.1.0"}).encode()
        ) == {
            "messageType": "RRes",
            "messageVersion": "2.1.0",
            "threeDSServerTransID": OURS,
            "acsTransID": ACS,
            "dsTransID": DS,
            "resultsStatus": "01",
        }

    @pytest.mark.parametrize("reader", [messages.read_results_request, messages.results_response])
    @pytest.mark.parametrize("name", ["threeDSServerTransID", "acsTransID", "dsTransID"])
    def test_needs_all_three_ids(self, reader: Callable[[bytes], object], name: str) -> None:
        with pytest.raises(InvalidValue) as refused:
            reader(json.dumps(RREQ | {name: None}).encode())
        assert refused.value.field == name

    @pytest.mark.parametrize("reader", [messages.read_results_request, messages.results_response])
    def test_is_no_other_message(self, reader: Callable[[bytes], object]) -> None:
        for raw in (json.dumps(ARES).encode(), b"no JSON"):
            with pytest.raises(MalformedBody):
                reader(raw)

    def test_with_an_unknown_status_is_refused(self) -> None:
        with pytest.raises(InvalidValue, match="Y, N, U, A, C, R"):
            messages.read_results_request(json.dumps(RREQ | {"transStatus": "Z"}).encode())


class TestCardRanges:
    def test_only_those_with_a_method_are_kept(self) -> None:
        ranges = [
            {"startRange": "41", "endRange": "42", "threeDSMethodURL": "https://a.example"},
            {"startRange": "43", "endRange": "44"},
            {"startRange": "45", "endRange": "46", "threeDSMethodURL": "ftp://a.example"},
        ]
        raw = json.dumps({"messageType": "PRes", "cardRangeData": ranges}).encode()
        assert messages.read_preparation_response(raw) == [("41", "42", "https://a.example")]

    def test_there_may_be_none(self) -> None:
        assert messages.read_preparation_response(b'{"messageType": "PRes"}') == []

    @pytest.mark.parametrize(
        "ranges", ["all", {}, [7], [{"startRange": "41"}], [{"startRange": 41, "endRange": 42}]]
    )
    def test_of_another_form_are_refused(self, ranges: Any) -> None:
        with pytest.raises(InvalidValue) as refused:
            messages.read_preparation_response(
                json.dumps({"messageType": "PRes", "cardRangeData": ranges}).encode()
            )
        assert refused.value.field == "cardRangeData"

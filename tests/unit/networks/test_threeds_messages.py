"""3-D Secure as the 3DS Server speaks it: what is asked, and which answers count."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.acs import AccessControl
from sandbox.threeds import Authentications, check
from tests.unit.networks.samples import ACCEPTOR, MOMENT
from tidegate.domain.authentication import AuthenticationAnswer, AuthenticationRequest, BrowserInfo
from tidegate.domain.errors import InvalidValue, MalformedBody, NotSent, Unanswered
from tidegate.domain.message import Card
from tidegate.domain.money import Money
from tidegate.networks.http import HttpAnswer
from tidegate.networks.threeds import directory, messages
from tidegate.networks.threeds.directory import RANGES_S, HttpDirectoryServers

OURS, OTHERS = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e", "8a880dc0-d2d2-4067-bcb1-000000000000"
DS, ACS = "f25084f0-5b16-4c0a-ae5d-b24808a95e4b", "d7c1ee99-9478-44a6-b1f2-391e29c6b340"
CAVV = base64.b64encode(b"twenty bytes of CAVV").decode()
CHALLENGE = "https://acs.example/challenge"
PAN = "4111111111111111"
METHOD_CARD, SILENT_CARD = "4761340000000043", "4761340007000004"
ADDRESS = "https://ds.example"
PATIENCE_S = 5.0

REQUEST = AuthenticationRequest(
    server_trans_id=OURS,
    brand="Visa",
    card=Card(PAN, "3112", "737"),
    amount=Money(12_300, "USD"),
    acceptor=ACCEPTOR,
    acquirer_id="400552",
    browser=BrowserInfo(
        accept_header="text/html",
        color_depth=30,
        java_enabled=True,
        language="zh-HK",
        screen_height=900,
        screen_width=1440,
        time_zone_offset=-480,
        user_agent="Browser/1",
    ),
    method_completed="Y",
    notification_url="https://pay.example/result",
    results_url="https://pay.example/results",
    purchase_at=int(MOMENT),
)
ARES: dict[str, Any] = {
    "messageType": "ARes",
    "messageVersion": "2.2.0",
    "threeDSServerTransID": OURS,
    "dsTransID": DS,
    "acsTransID": ACS,
    "transStatus": "Y",
    "eci": "05",
    "authenticationValue": CAVV,
}
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


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HttpDirectoryServers]:
    """The sandbox's directory server, over HTTP."""
    authentications = Authentications(tmp_path)
    running = AccessControl(authentications, 0)
    running.start()
    yield HttpDirectoryServers(f"http://127.0.0.1:{running.port}/")
    running.stop()
    authentications.close()


class TestTheDirectoryServer:
    def test_authenticates(self, server: HttpDirectoryServers) -> None:
        answer = server.authenticate(REQUEST, timeout_s=PATIENCE_S)
        assert (answer.status, answer.eci, len(answer.value or "")) == ("Y", "05", 28)

    def test_knows_whose_issuer_wants_to_see_the_browser(
        self, server: HttpDirectoryServers
    ) -> None:
        found = server.method_url("Visa", METHOD_CARD, timeout_s=PATIENCE_S)
        assert found is not None
        assert found.endswith("/acs/method")
        assert server.method_url("Visa", PAN, timeout_s=PATIENCE_S) is None

    def test_that_goes_away_has_not_answered(self, server: HttpDirectoryServers) -> None:
        with pytest.raises(Unanswered):
            server.authenticate(
                replace(REQUEST, card=Card(SILENT_CARD, "3112")), timeout_s=PATIENCE_S
            )

    def test_that_reports_an_error_has_not_answered(self, server: HttpDirectoryServers) -> None:
        nameless = replace(REQUEST, acceptor=replace(ACCEPTOR, name=""))
        with pytest.raises(Unanswered, match="cannot be read"):
            server.authenticate(nameless, timeout_s=PATIENCE_S)

    def test_that_nobody_runs_was_not_asked(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(NotSent):
            HttpDirectoryServers(url).authenticate(REQUEST, timeout_s=PATIENCE_S)


class ScriptedWire:
    """Takes the place of HTTP: says what a test wrote down, keeps what it was asked."""

    def __init__(self, status: int = 200, **answer: Any) -> None:
        self.status = status
        self.answer = answer
        self.asked: list[tuple[str, dict[str, Any], float]] = []

    def __call__(
        self, url: str, method: str, body: bytes, headers: object, *, timeout_s: float
    ) -> HttpAnswer:
        assert method == "POST"
        self.asked.append((url, json.loads(body), timeout_s))
        return HttpAnswer(self.status, {}, json.dumps(self.answer).encode())


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> ScriptedWire:
    scripted = ScriptedWire()
    monkeypatch.setattr(directory, "exchange", scripted)
    return scripted


class TestAnAnswer:
    def test_is_asked_for_with_the_whole_request(self, wire: ScriptedWire) -> None:
        wire.answer = ARES
        HttpDirectoryServers(ADDRESS).authenticate(REQUEST, timeout_s=3.0)
        sent = messages.authentication_request(REQUEST)
        assert wire.asked == [(f"{ADDRESS}/ds/authenticate", sent, 3.0)]

    @pytest.mark.parametrize("status", [201, 302, 400, 500])
    def test_counts_only_with_status_200(self, wire: ScriptedWire, status: int) -> None:
        wire.status, wire.answer = status, ARES
        with pytest.raises(Unanswered, match="refused"):
            HttpDirectoryServers(ADDRESS).authenticate(REQUEST, timeout_s=3.0)

    @pytest.mark.parametrize(
        "changed", [{"threeDSServerTransID": OTHERS}, {"transStatus": "D"}, {"messageType": "Erro"}]
    )
    def test_that_cannot_be_used_is_none(self, wire: ScriptedWire, changed: dict[str, str]) -> None:
        wire.answer = ARES | changed
        with pytest.raises(Unanswered, match="cannot be read"):
            HttpDirectoryServers(ADDRESS).authenticate(REQUEST, timeout_s=3.0)


class TestTheRanges:
    @pytest.fixture
    def wire(self, wire: ScriptedWire) -> ScriptedWire:
        one = {"startRange": "4100000000000000", "endRange": "4199999999999999"}
        wire.answer = {
            "messageType": "PRes",
            "cardRangeData": [one | {"threeDSMethodURL": "https://issuer.example/method"}],
        }
        return wire

    @pytest.mark.parametrize(
        ("pan", "inside"),
        [
            ("4100000000000000", True),
            (PAN, True),
            ("4199999999999999", True),
            ("4199999999999", True),
            ("4200000000000000", False),
            ("4099999999999999", False),
        ],
    )
    def test_hold_their_first_and_last_number(
        self, wire: ScriptedWire, pan: str, inside: bool
    ) -> None:
        found = HttpDirectoryServers(ADDRESS).method_url("Visa", pan, timeout_s=3.0)
        assert found == ("https://issuer.example/method" if inside else None)

    def test_are_asked_for_once_an_hour(self, wire: ScriptedWire) -> None:
        moment = [100.0]
        servers = HttpDirectoryServers(ADDRESS, now=lambda: moment[0])
        for now, asked in ((100.0, 1), (99.9 + RANGES_S, 1), (100.0 + RANGES_S, 2)):
            moment[0] = now
            assert servers.method_url("Visa", PAN, timeout_s=3.0)
            assert len(wire.asked) == asked
        url, message, timeout_s = wire.asked[0]
        assert (url, timeout_s) == (f"{ADDRESS}/ds/prepare", 3.0)
        assert (message["messageType"], message["messageVersion"]) == ("PReq", "2.2.0")
        ids = {message["threeDSServerTransID"] for _, message, _ in wire.asked}
        assert len(ids) == 2

    def test_that_cannot_be_read_are_asked_for_again(self, wire: ScriptedWire) -> None:
        servers = HttpDirectoryServers(ADDRESS)
        right, wire.answer = wire.answer, {"messageType": "PRes", "cardRangeData": "none"}
        with pytest.raises(Unanswered, match="ranges"):
            servers.method_url("Visa", PAN, timeout_s=3.0)
        wire.answer = right
        assert servers.method_url("Visa", PAN, timeout_s=3.0)

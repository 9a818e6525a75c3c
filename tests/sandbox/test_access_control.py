"""The directory and access control server, over HTTP: what each card brings, what a browser goes
through, and what the 3DS Server is told (docs/three-d-secure.md)."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.threeds import CODE
from tests.sandbox.process import SandboxProcess
from tests.sandbox.requestor import SESSION, Requestor, carried, opened

PLAIN = {"Visa": "4111111111111111", "Mastercard": "5555555555554444"}
CHALLENGED, STUBBORN = "4761340002000009", "4761340003000008"
NOBODY = "http://127.0.0.1:9/results"


@pytest.fixture(scope="module")
def acs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess("acs", tmp_path_factory.mktemp("acs")) as process:
        yield process


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """The 3DS Server's side: keeps what is posted to any of its paths."""
    with SandboxProcess("merchant", tmp_path_factory.mktemp("shop")) as process:
        yield process


@pytest.fixture
def requestor(acs: SandboxProcess, shop: SandboxProcess) -> Requestor:
    return Requestor(acs, shop)


class TestWithoutAChallenge:
    @pytest.mark.parametrize(
        ("pan", "status", "eci"),
        [
            (PLAIN["Visa"], "Y", "05"),
            ("4761340001000000", "A", "06"),
            (PLAIN["Mastercard"], "Y", "02"),
            ("2223001870064586", "Y", "02"),
            ("5120350001000002", "A", "01"),
        ],
    )
    def test_a_success_brings_a_value_of_the_issuers(
        self, requestor: Requestor, pan: str, status: str, eci: str
    ) -> None:
        ares = requestor.authenticate(pan)
        assert (ares["messageType"], ares["threeDSServerTransID"]) == ("ARes", requestor.trans_id)
        assert (ares["transStatus"], ares["eci"]) == (status, eci)
        assert len(base64.b64decode(ares["authenticationValue"])) == 20
        assert requestor.verifies(ares, pan)
        assert "acsURL" not in ares
        assert "transStatusReason" not in ares

    @pytest.mark.parametrize(
        ("pan", "status", "eci", "reason"),
        [
            ("4761340004000007", "N", "07", "01"),
            ("4761340005000006", "U", "07", "22"),
            ("4761340006000005", "R", "07", "11"),
            ("5120350004000009", "N", "00", "01"),
            ("5120350005000008", "U", "00", "22"),
            ("5120350006000007", "R", "00", "11"),
        ],
    )
    def test_a_failure_brings_a_reason_instead(
        self, requestor: Requestor, pan: str, status: str, eci: str, reason: str
    ) -> None:
        ares = requestor.authenticate(pan)
        found = (ares["transStatus"], ares["eci"], ares["transStatusReason"])
        assert found == (status, eci, reason)
        assert "authenticationValue" not in ares
        assert ("cardholderInfo" in ares) is (status == "R")

    @pytest.mark.parametrize("pan", ["4761340007000004", "5120350007000006"])
    def test_some_are_never_answered(self, requestor: Requestor, pan: str) -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            requestor.authenticate(pan)

    def test_no_result_follows_and_no_challenge_is_open(self, requestor: Requestor) -> None:
        for pan in (PLAIN["Visa"], "4761340001000000", "4761340004000007"):
            assert requestor.open(requestor.authenticate(pan)).status_code == 404
        assert requestor.results == []

    def test_a_value_is_good_for_what_was_authenticated(self, requestor: Requestor) -> None:
        ares = requestor.authenticate(PLAIN["Visa"])
        again = requestor.authenticate(PLAIN["Visa"])
        assert again["dsTransID"] != ares["dsTransID"]
        assert again["authenticationValue"] != ares["authenticationValue"]
        assert not requestor.verifies(ares, PLAIN["Mastercard"])
        assert not requestor.verifies(ares, PLAIN["Visa"], amount="12301")
        assert not requestor.verifies(ares, PLAIN["Visa"], currency="978")
        assert not requestor.verifies(ares, PLAIN["Visa"], dsTransID=again["dsTransID"])


class TestAChallenge:
    @pytest.mark.parametrize("pan", [CHALLENGED, "5120350002000001", STUBBORN, "5120350003000000"])
    def test_is_announced_without_a_result(self, requestor: Requestor, pan: str) -> None:
        ares = requestor.authenticate(pan)
        address = f"http://127.0.0.1:{requestor.acs.ports['http']}/acs/challenge"
        assert (ares["transStatus"], ares["acsURL"]) == ("C", address)
        assert not {"eci", "authenticationValue", "transStatusReason"} & ares.keys()

    def test_shows_the_cardholder_what_he_agrees_to(self, requestor: Requestor) -> None:
        name = "Harbour <Books> & 'Sons'"
        page = requestor.open(requestor.authenticate(CHALLENGED, merchantName=name))
        assert page.status_code == 200
        assert html.escape(name) in page.text
        for shown in ("USD 123.00", "476134******0009"):
            assert shown in page.text
        assert "<Books>" not in page.text
        assert CHALLENGED not in page.text

    @pytest.mark.parametrize(
        ("amount", "shown"),
        [
            (("500", "392", "0"), "JPY 500"),
            (("5", "840", "2"), "USD 0.05"),
            (("1500", "414", "3"), "414 1.500"),
        ],
    )
    def test_shows_the_amount_with_its_decimals(
        self, requestor: Requestor, amount: tuple[str, str, str], shown: str
    ) -> None:
        names = ("purchaseAmount", "purchaseCurrency", "purchaseExponent")
        given = dict(zip(names, amount, strict=True))
        page = requestor.open(requestor.authenticate(CHALLENGED, **given))
        assert f"<dd>{shown}</dd>" in page.text

    def test_that_pays_nothing_is_a_card_check(self, requestor: Requestor) -> None:
        names = ("purchaseAmount", "purchaseCurrency", "purchaseExponent", "purchaseDate")
        ares = requestor.authenticate(
            CHALLENGED, messageCategory="02", **dict.fromkeys(names, None)
        )
        assert "card check" in requestor.open(ares).text

    @pytest.mark.parametrize(("pan", "eci"), [(CHALLENGED, "05"), ("5120350002000001", "02")])
    def test_passed_is_told_to_the_3ds_server_and_then_brought_back(
        self, requestor: Requestor, pan: str, eci: str
    ) -> None:
        ares = requestor.authenticate(pan)
        page = requestor.answer(requestor.open(ares), CODE)

        [rreq] = requestor.results  # before the browser has left
        assert (rreq["messageType"], rreq["transStatus"], rreq["eci"]) == ("RReq", "Y", eci)
        for name in ("threeDSServerTransID", "dsTransID", "acsTransID"):
            assert rreq[name] == ares[name]
        assert rreq["interactionCounter"] == "01"
        assert requestor.verifies(rreq, pan)

        requestor.go_back(page)
        [body] = requestor.received("back")
        fields = httpx.QueryParams(body)
        assert fields["threeDSSessionData"] == SESSION
        assert opened(fields["cres"]) == {
            "messageType": "CRes",
            "messageVersion": "2.2.0",
            "threeDSServerTransID": requestor.trans_id,
            "acsTransID": ares["acsTransID"],
            "challengeCompletionInd": "Y",
            "transStatus": "Y",
        }

    @pytest.mark.parametrize(
        ("pan", "code", "action"),
        [
            (STUBBORN, CODE, "submit"),
            ("5120350003000000", CODE, "submit"),
            (CHALLENGED, CODE, "cancel"),
            (CHALLENGED, "", "cancel"),
        ],
    )
    def test_failed_or_cancelled_brings_no_value(
        self, requestor: Requestor, pan: str, code: str, action: str
    ) -> None:
        page = requestor.answer(requestor.open(requestor.authenticate(pan)), code, action)
        requestor.go_back(page)
        [rreq] = requestor.results
        assert (rreq["transStatus"], rreq["transStatusReason"]) == ("N", "01")
        assert rreq["eci"] == ("07" if pan.startswith("4") else "00")
        assert "authenticationValue" not in rreq
        [body] = requestor.received("back")
        assert opened(httpx.QueryParams(body)["cres"])["transStatus"] == "N"

    def test_forgives_two_wrong_codes(self, requestor: Requestor) -> None:
        page = requestor.open(requestor.authenticate(CHALLENGED))
        for wrong in ("000000", ""):
            page = requestor.answer(page, wrong)
            assert "The code is wrong." in page.text
            assert requestor.results == []
        requestor.answer(page, f" {CODE} ")
        [rreq] = requestor.results
        assert (rreq["transStatus"], rreq["interactionCounter"]) == ("Y", "03")

    def test_ends_with_the_third_wrong_code(self, requestor: Requestor) -> None:
        first = page = requestor.open(requestor.authenticate(CHALLENGED))
        for _ in range(3):
            page = requestor.answer(page, "654321")
        requestor.go_back(page)
        assert [one["transStatus"] for one in requestor.results] == ["N"]
        assert requestor.answer(first, CODE).status_code == 404

    @pytest.mark.parametrize("first", ["submit", "cancel"])
    @pytest.mark.parametrize("second", ["submit", "cancel"])
    def test_cannot_be_finished_twice(self, requestor: Requestor, first: str, second: str) -> None:
        ares = requestor.authenticate(CHALLENGED)
        page = requestor.open(ares)
        requestor.answer(page, CODE, first)
        again = requestor.answer(page, CODE, second)
        assert (again.status_code, again.json()) == (404, {"error": "No challenge is open here."})
        assert requestor.open(ares).status_code == 404
        assert [one["transStatus"] for one in requestor.results] == [
            "Y" if first == "submit" else "N"
        ]

    def test_can_be_shown_again_as_long_as_it_is_open(self, requestor: Requestor) -> None:
        ares = requestor.authenticate(CHALLENGED)
        shown = [requestor.open(ares), requestor.open(ares, session="")]
        assert [page.status_code for page in shown] == [200, 200]
        requestor.go_back(requestor.answer(shown[1], CODE))
        assert "threeDSSessionData" not in httpx.QueryParams(requestor.received("back")[0])

    @pytest.mark.parametrize("heard", [False, True])
    def test_ends_for_the_browser_though_nobody_takes_the_result(
        self, requestor: Requestor, heard: bool
    ) -> None:
        failing = f"http://127.0.0.1:{requestor.shop.ports['http']}/fail"
        address = failing if heard else NOBODY
        ares = requestor.authenticate(CHALLENGED, threeDSServerURL=address)
        requestor.go_back(requestor.answer(requestor.open(ares), CODE))
        [body] = requestor.received("back")
        assert opened(httpx.QueryParams(body)["cres"])["transStatus"] == "Y"
        assert requestor.open(ares).status_code == 404

    def test_survives_the_servers_end(self, tmp_path: Path, shop: SandboxProcess) -> None:
        """Open ones stay open, ended ones stay ended."""
        with SandboxProcess("acs", tmp_path) as process:
            left, done = Requestor(process, shop), Requestor(process, shop)
            waits, ended = left.authenticate(CHALLENGED), done.authenticate(CHALLENGED)
            done.answer(done.open(ended), CODE)
            left.answer(left.open(waits), "000000")
            assert process.stop() == (0, "")
            process.start()
            assert done.open(ended).status_code == 404
            assert "The code is wrong." in left.answer(left.open(waits), "000000").text
            left.answer(left.open(waits), CODE)
            assert left.verifies(left.results[0], CHALLENGED)
            assert CHALLENGED.encode() not in b"".join(
                one.read_bytes() for one in tmp_path.iterdir()
            )


class TestTheMethod:
    @pytest.mark.parametrize("pan", [CHALLENGED, "5120359999999999"])
    def test_is_in_the_ranges_of_issuers_that_have_one(
        self, requestor: Requestor, pan: str
    ) -> None:
        asked = {"messageType": "PReq", "threeDSServerTransID": requestor.trans_id}
        pres = requestor.acs.http("POST", "/ds/prepare", json=asked).json()
        assert pres["messageType"] == "PRes"
        assert pres["threeDSServerTransID"] == requestor.trans_id
        assert [
            one["threeDSMethodURL"].rpartition("/acs")[2]
            for one in pres["cardRangeData"]
            if one["startRange"] <= pan <= one["endRange"]
        ] == ["/method"]

    def test_reports_to_the_shops_frame(self, requestor: Requestor) -> None:
        back = requestor.request(CHALLENGED)["notificationURL"]
        data = {
            "threeDSServerTransID": requestor.trans_id,
            "threeDSMethodNotificationURL": back,
        }
        page = requestor.acs.http("POST", "/acs/method", data={"threeDSMethodData": carried(data)})
        requestor.go_back(page)
        [body] = requestor.received("back")
        told = opened(httpx.QueryParams(body)["threeDSMethodData"])
        assert told == {"threeDSServerTransID": requestor.trans_id}


class TestBrokenInput:
    @pytest.mark.parametrize(
        ("changed", "code", "detail"),
        [
            ({"messageType": "PReq"}, "101", "messageType"),
            ({"messageType": None}, "101", "messageType"),
            ({"messageVersion": "1.0.2"}, "102", "2.1.0, 2.2.0"),
            ({"messageVersion": None}, "102", "2.1.0, 2.2.0"),
            ({"mcc": None, "merchantName": ""}, "201", "merchantName, mcc"),
            ({"purchaseAmount": None}, "201", "purchaseAmount"),
            ({"threeDSServerTransID": None}, "201", "threeDSServerTransID"),
            ({"acctNumber": "4111 1111 1111 1111"}, "203", "acctNumber"),
            ({"acctNumber": 4111111111111111}, "203", "acctNumber"),
            ({"purchaseCurrency": "USD"}, "203", "purchaseCurrency"),
            ({"deviceChannel": "01"}, "203", "deviceChannel"),
            ({"threeDSCompInd": "X"}, "203", "threeDSCompInd"),
        ],
    )
    def test_an_areq_is_answered_with_what_is_wrong(
        self, requestor: Requestor, changed: dict[str, Any], code: str, detail: str
    ) -> None:
        erro = requestor.authenticate(PLAIN["Visa"], **changed)
        assert (erro["messageType"], erro["errorCode"], erro["errorDetail"]) == (
            "Erro",
            code,
            detail,
        )
        assert "4111" not in json.dumps(erro)

    @pytest.mark.parametrize("path", ["/ds/authenticate", "/ds/prepare", "/issuer/verify"])
    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
    def test_no_json_is_refused(self, acs: SandboxProcess, path: str, body: bytes) -> None:
        assert acs.http("POST", path, content=body).status_code == 400

    @pytest.mark.parametrize("given", ["", "A", "e30", "bnVsbA", "%C3%A9"])
    def test_no_creq_opens_nothing(self, acs: SandboxProcess, given: str) -> None:
        answer = acs.http("POST", "/acs/challenge", content=f"creq={given}".encode())
        assert answer.status_code == (404 if given == "e30" else 400)

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/ds/authenticate"),
            ("GET", "/acs/challenge"),
            ("POST", "/acs/answer"),
            ("POST", "/health"),
            ("GET", "/"),
        ],
    )
    def test_there_is_nothing_else(self, acs: SandboxProcess, method: str, path: str) -> None:
        assert acs.http(method, path).status_code == 404

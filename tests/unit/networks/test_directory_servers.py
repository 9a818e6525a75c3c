"""What comes of asking a directory server: an answer, or the knowledge that there is none."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.acs import AccessControl
from sandbox.threeds import Authentications
from tests.unit.networks.samples import ACCEPTOR
from tests.unit.networks.threeds_samples import ARES, OTHERS, PAN, REQUEST
from tidegate.domain.errors import NotSent, Unanswered
from tidegate.domain.message import Card
from tidegate.networks.http import HttpAnswer
from tidegate.networks.threeds import directory, messages
from tidegate.networks.threeds.directory import RANGES_S, HttpDirectoryServers

METHOD_CARD, SILENT_CARD = "4761340000000043", "4761340007000004"
ADDRESS = "https://ds.example"
PATIENCE_S = 5.0


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

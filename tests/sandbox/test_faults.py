"""A link's faults can be switched on, so that unknown outcomes can be provoked."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.sandbox.process import SandboxProcess
from tests.sandbox.terminal import Sent, Terminal, booked, connected


@pytest.fixture(autouse=True)
def sound_again(host: SandboxProcess) -> Iterator[None]:
    yield
    assert host.http("POST", "/faults", json={}).status_code == 204


def test_so_many_answers_are_lost_after_booking(host: SandboxProcess, terminal: Terminal) -> None:
    host.http("POST", "/faults", json={"drop_next_answers": 2})
    sent = Sent(host.name)
    assert terminal.manage("301") == "00"  # network management is left alone
    terminal.send(sent.message)
    terminal.send(sent.reversal())
    assert terminal.hears_nothing()
    [row] = booked(host, sent)
    assert row["reversed"] is True
    assert terminal.ask(Sent(host.name).message).elements[39] == "00"


def test_answers_can_be_late_and_then_overtake_each_other(
    host: SandboxProcess, terminal: Terminal
) -> None:
    slow, quick = Sent(host.name), Sent(host.name)
    host.http("POST", "/faults", json={"delay_ms": 400})
    began = time.monotonic()
    terminal.send(slow.message)
    assert booked_soon(host, slow)
    host.http("POST", "/faults", json={})
    assert terminal.ask(quick.message).elements[39] == "00"
    assert time.monotonic() - began < 0.4
    assert terminal.receive().elements[37] == slow.identity[37]
    assert time.monotonic() - began >= 0.4


def booked_soon(host: SandboxProcess, sent: Sent) -> bool:
    return any(booked(host, sent) for _ in range(20))


def test_a_link_that_is_down_breaks_and_refuses_until_it_is_up(host: SandboxProcess) -> None:
    port = host.ports["iso"]
    with connected(host) as terminal:
        for _ in range(2):
            assert (
                host.http("POST", "/faults", json={"refuse_connections": True}).status_code == 204
            )
        assert terminal.is_closed()
    with pytest.raises(ConnectionRefusedError):
        Terminal(host.name, port)
    host.http("POST", "/faults", json={})
    with connected(host) as terminal:
        assert terminal.ask(Sent(host.name).message).elements[39] == "00"


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{", '{"delay_ms":"1"}', '{"delay_ms":-1}', '{"loss":1}', '{"delay_ms":true}'],
)
def test_senseless_faults_are_refused(host: SandboxProcess, body: str) -> None:
    response = host.http("POST", "/faults", content=body)
    assert response.status_code == 422
    assert response.json()["error"].endswith((".", "000000."))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/cut"),
        ("POST", "/settlement"),
        ("GET", "/settlement/none"),
        ("DELETE", "/books"),
        ("POST", "/clearing/a"),
    ],
)
def test_there_is_nothing_else(host: SandboxProcess, method: str, path: str) -> None:
    assert host.http(method, path).status_code == 404

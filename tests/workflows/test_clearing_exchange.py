"""A day's files: what was approved online is presented, what was presented is settled."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sandbox.process import SandboxProcess
from tests.unit.networks.samples import (
    ACQUIRERS,
    DAY,
    PANS,
    a_presentment,
    a_purchase,
    a_refund,
)
from tidegate.domain.clearing import Presentment, SettledRecord
from tidegate.domain.errors import FileRejected
from tidegate.domain.message import AuthorizationRequest, NetworkAnswer
from tidegate.domain.money import Money
from tidegate.networks import LINKS
from tidegate.networks.clearing import format_of
from tidegate.networks.iso8583.client import HostClient

PATIENCE_S = 5.0


@pytest.fixture(params=["visa", "mastercard"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SandboxProcess]:
    with SandboxProcess(request.param, tmp_path) as process:
        yield process


@pytest.fixture
def client(host: SandboxProcess) -> Iterator[HostClient]:
    made = HostClient(LINKS[host.name](), "127.0.0.1", host.ports["iso"])
    yield made
    made.close()


@pytest.fixture
def presented(host: SandboxProcess, client: HostClient) -> list[Presentment]:
    """A sale, half of a sale, a refund; all approved online."""
    whole, partly, refund = (
        a_purchase(host.name),
        a_purchase(host.name, minor=9_900),
        a_refund(host.name),
    )
    return [
        a_presentment(host.name, whole, approved(client, whole)),
        a_presentment(host.name, partly, approved(client, partly), minor=4_950),
        a_presentment(host.name, refund, approved(client, refund)),
    ]


def test_what_was_presented_is_settled(host: SandboxProcess, presented: list[Presentment]) -> None:
    assert delivered(host, "TG-1", presented) == (201, 3, 0)
    settled = cut(host)
    assert [(s.acquirer_reference_number, s.kind, s.amount) for s in settled] == [
        (p.acquirer_reference_number, p.kind, p.amount) for p in presented
    ]
    rate = {"visa": 1.10, "mastercard": 1.30}[host.name]
    assert [s.interchange_minor for s in settled] == [
        pytest.approx(sign * p.amount.minor * rate / 100, abs=0.5)
        for p, sign in zip(presented, (1, 1, -1), strict=True)
    ]


def test_a_file_delivered_twice_is_taken_once(
    host: SandboxProcess, presented: list[Presentment]
) -> None:
    assert delivered(host, "TG-1", presented)[0] == 201
    assert delivered(host, "TG-1", presented)[0] == 200
    assert delivered(host, "TG-1", presented[1:])[0] == 409
    assert len(cut(host)) == 3
    assert host.http("POST", "/cut").status_code == 204


def test_what_was_never_authorized_is_not_settled(
    host: SandboxProcess, presented: list[Presentment]
) -> None:
    too_much = replace(presented[1], amount=Money(9_901, "USD"))
    stranger = replace(presented[0], authorization_code="ZZZZZZ")
    assert delivered(host, "TG-1", [too_much, stranger, presented[2]]) == (201, 1, 2)
    assert [s.kind for s in cut(host)] == ["refund"]


def test_a_late_arrival_is_settled_a_day_later(
    host: SandboxProcess, client: HostClient, presented: list[Presentment]
) -> None:
    request = a_purchase(host.name, minor=10_077)
    late = a_presentment(host.name, request, approved(client, request))
    delivered(host, "TG-1", [*presented, late])
    assert len(cut(host)) == 3
    assert [s.acquirer_reference_number for s in cut(host)] == [late.acquirer_reference_number]


def test_a_tampered_settlement_file_is_rejected(
    host: SandboxProcess, presented: list[Presentment]
) -> None:
    delivered(host, "TG-1", presented)
    content = cut_file(host)
    encoding = "ascii" if host.name == "visa" else "cp500"
    amount, other = (f"{minor:012d}".encode(encoding) for minor in (12_300, 12_301))
    assert amount in content
    with pytest.raises(FileRejected, match="amount total"):
        read(host.name, content.replace(amount, other, 1))
    with pytest.raises(FileRejected):
        read(host.name, content[:-1])


def test_the_settlement_file_holds_no_card_number(
    host: SandboxProcess, presented: list[Presentment]
) -> None:
    delivered(host, "TG-1", presented)
    content = cut_file(host)
    pan = PANS[host.name]
    assert pan.encode("ascii") not in content
    assert pan.encode("cp500") not in content


def approved(client: HostClient, request: AuthorizationRequest) -> NetworkAnswer:
    answer = client.authorize(request, timeout_s=PATIENCE_S)
    assert answer.approved
    return answer


def delivered(
    host: SandboxProcess, file_id: str, presentments: list[Presentment]
) -> tuple[int, int, int]:
    """Status, accepted, rejected."""
    pieces = format_of(host.name).write_clearing(file_id, ACQUIRERS[host.name], DAY, presentments)
    answer = host.http("PUT", f"/clearing/{file_id}", content=b"".join(pieces))
    body = answer.json() if answer.status_code in {200, 201} else {}
    return answer.status_code, body.get("accepted", 0), body.get("rejected", 0)


def cut_file(host: SandboxProcess) -> bytes:
    answer = host.http("POST", "/cut")
    assert answer.status_code == 200
    return host.http("GET", f"/settlement/{answer.json()['file_id']}").content


def cut(host: SandboxProcess) -> list[SettledRecord]:
    return read(host.name, cut_file(host))


def read(network: str, content: bytes) -> list[SettledRecord]:
    return list(format_of(network).read_settlement(io.BytesIO(content)))

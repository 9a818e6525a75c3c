"""Our links and the sandbox hosts, over real sockets: their books are what we believe they are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.sandbox.process import SandboxProcess
from tests.unit.networks.samples import (
    ACQUIRERS,
    a_purchase,
    a_refund,
    a_reversal,
)
from tidegate.domain.errors import NotSent, Unanswered
from tidegate.domain.message import AuthorizationRequest, NetworkAnswer
from tidegate.domain.money import Money
from tidegate.networks import LINKS
from tidegate.networks.iso8583.client import HostClient

PATIENCE_S = 5.0
SHORT_S = 0.4


@pytest.fixture
def client(host: SandboxProcess) -> Iterator[HostClient]:
    made = linked(host)
    yield made
    made.close()


def linked(host: SandboxProcess) -> HostClient:
    return HostClient(LINKS[host.name](), "127.0.0.1", host.ports["iso"])


def with_faults(host: SandboxProcess, **faults: object) -> None:
    assert host.http("POST", "/faults", json=faults).status_code == 204


def booked(host: SandboxProcess, request: AuthorizationRequest) -> list[dict[str, object]]:
    rows = host.http("GET", "/books").json()["authorizations"]
    return [row for row in rows if row["rrn"] == request.identity.rrn]


def approved(client: HostClient, request: AuthorizationRequest) -> NetworkAnswer:
    answer = client.authorize(request, timeout_s=PATIENCE_S)
    assert answer.approved
    return answer


def reversed_by(client: HostClient, request: AuthorizationRequest) -> None:
    reversal = a_reversal(request, None)
    assert client.reverse(reversal, timeout_s=PATIENCE_S).approved


class TestAuthorizations:
    def test_an_approval_is_booked_once(self, host: SandboxProcess, client: HostClient) -> None:
        request = a_purchase(host.name)
        answer = approved(client, request)
        assert len(answer.authorization_code or "") == 6
        assert len(answer.scheme_reference or "") == (15 if host.name == "visa" else 12)
        assert approved(client, request) == answer
        assert len(booked(host, request)) == 1

    @pytest.mark.parametrize("code", ["05", "14", "51", "54", "59", "61", "91", "96"])
    def test_a_decline_is_not_booked(
        self, host: SandboxProcess, client: HostClient, code: str
    ) -> None:
        request = a_purchase(host.name, minor=10_000 + int(code))
        answer = client.authorize(request, timeout_s=PATIENCE_S)
        assert (answer.response_code, answer.authorization_code) == (code, None)
        assert booked(host, request) == []

    @pytest.mark.parametrize(("cvc", "result"), [("123", "M"), ("999", "N"), (None, "P")])
    def test_the_security_code_is_compared(
        self, host: SandboxProcess, client: HostClient, cvc: str | None, result: str
    ) -> None:
        assert approved(client, a_purchase(host.name, cvc=cvc)).cvc_result == result

    def test_a_refund_has_a_reference_of_its_own(
        self, host: SandboxProcess, client: HostClient
    ) -> None:
        purchase = approved(client, a_purchase(host.name))
        request = replace(a_refund(host.name), scheme_reference=purchase.scheme_reference)
        refund = approved(client, request)
        assert refund.scheme_reference not in {None, purchase.scheme_reference}
        assert [row["kind"] for row in booked(host, request)] == ["refund"]

    def test_a_used_identity_with_another_amount_is_refused(
        self, host: SandboxProcess, client: HostClient
    ) -> None:
        request = a_purchase(host.name)
        approved(client, request)
        other = replace(request, amount=Money(12_400, "USD"))
        assert client.authorize(other, timeout_s=PATIENCE_S).response_code == "94"

    def test_an_odd_acquirer_id_travels_both_ways(
        self, host: SandboxProcess, client: HostClient
    ) -> None:
        request = a_purchase(host.name)
        identity = replace(request.identity, acquirer_id="40055200017")
        approved(client, replace(request, identity=identity))
        assert client.dropped == 0

    def test_the_echo_is_answered(self, host: SandboxProcess, client: HostClient) -> None:
        client.echo(ACQUIRERS[host.name])


class TestUnknownOutcomes:
    def test_silence_of_a_host_that_booked_is_reversed(
        self, host: SandboxProcess, client: HostClient
    ) -> None:
        request = a_purchase(host.name, minor=12_362)
        with pytest.raises(Unanswered):
            client.authorize(request, timeout_s=SHORT_S)
        assert [row["remaining_minor"] for row in booked(host, request)] == [12_362]
        reversed_by(client, request)
        assert [row["remaining_minor"] for row in booked(host, request)] == [0]

    def test_silence_of_a_host_that_booked_nothing_is_reversed_alike(
        self, host: SandboxProcess, client: HostClient
    ) -> None:
        request = a_purchase(host.name, minor=12_368)
        with pytest.raises(Unanswered):
            client.authorize(request, timeout_s=SHORT_S)
        reversed_by(client, request)
        assert booked(host, request) == []

    def test_an_answer_that_comes_too_late_is_nobodys(
        self, host: SandboxProcess, client: HostClient
    ) -> None:
        late, next_one = a_purchase(host.name), a_purchase(host.name, minor=777)
        client.echo(ACQUIRERS[host.name])
        with_faults(host, delay_ms=700)
        try:
            with pytest.raises(Unanswered):
                client.authorize(late, timeout_s=SHORT_S)
        finally:
            with_faults(host)
        approved(client, next_one)
        time.sleep(0.5)  # the late answer falls due
        reversed_by(client, late)
        assert [row["remaining_minor"] for row in booked(host, late)] == [0]
        assert [row["remaining_minor"] for row in booked(host, next_one)] == [777]

    def test_a_reversal_is_repeated_until_it_is_acknowledged(
        self, host: SandboxProcess, client: HostClient
    ) -> None:
        request = a_purchase(host.name)
        first = a_reversal(request, approved(client, request))
        with_faults(host, drop_next_answers=1)
        with pytest.raises(Unanswered):
            client.reverse(first, timeout_s=SHORT_S)
        fresh = replace(first.identity, transmitted_at="1123093046")
        repeat = replace(first, identity=fresh, repeat=True)
        assert client.reverse(repeat, timeout_s=PATIENCE_S).approved
        assert [row["remaining_minor"] for row in booked(host, request)] == [0]

    def test_an_original_that_its_reversal_overtook_is_not_booked(
        self, host: SandboxProcess, client: HostClient
    ) -> None:
        request = a_purchase(host.name)
        reversed_by(client, request)
        assert client.authorize(request, timeout_s=PATIENCE_S).response_code == "96"
        assert [row for row in booked(host, request) if row["remaining_minor"]] == []

    def test_a_partial_reversal_leaves_the_rest(
        self, host: SandboxProcess, client: HostClient
    ) -> None:
        request = a_purchase(host.name)
        whole = a_reversal(request, approved(client, request))
        partial = replace(whole, remaining=Money(7_500, "USD"))
        assert client.reverse(partial, timeout_s=PATIENCE_S).approved
        assert [row["remaining_minor"] for row in booked(host, request)] == [7_500]

    def test_a_refund_is_reversed_as_a_refund(
        self, host: SandboxProcess, client: HostClient
    ) -> None:
        request = a_refund(host.name, minor=5_062)
        with pytest.raises(Unanswered):
            client.authorize(request, timeout_s=SHORT_S)
        reversed_by(client, request)
        assert [row["remaining_minor"] for row in booked(host, request)] == [0]


class TestTheConnection:
    def test_a_host_that_refuses_connections_was_sent_nothing(
        self, host: SandboxProcess, client: HostClient
    ) -> None:
        approved(client, a_purchase(host.name))
        request = a_purchase(host.name)
        with_faults(host, refuse_connections=True)
        try:
            with pytest.raises(NotSent):
                client.authorize(request, timeout_s=PATIENCE_S)
        finally:
            with_faults(host)
        assert booked(host, request) == []
        approved(client, request)

    def test_a_restarted_host_is_found_again(self, host: SandboxProcess) -> None:
        with SandboxProcess(host.name, host.state_dir / "restarted") as first:
            client, request = linked(first), a_purchase(host.name)
            answer = approved(client, request)
            port = first.ports["iso"]
        again = SandboxProcess(host.name, first.state_dir, "--iso-port", str(port))
        with again:
            assert approved(client, request) == answer  # booked before, answered the same
        client.close()

    def test_a_host_that_takes_no_more_sessions_was_sent_nothing(
        self, host: SandboxProcess
    ) -> None:
        with SandboxProcess(host.name, host.state_dir / "narrow", "--sessions", "1") as narrow:
            first, second = linked(narrow), linked(narrow)
            approved(first, a_purchase(host.name))
            with pytest.raises(NotSent):
                second.authorize(a_purchase(host.name), timeout_s=PATIENCE_S)
            first.close()

    def test_a_message_that_the_host_cannot_process_is_not_booked(
        self, host: SandboxProcess, client: HostClient
    ) -> None:
        """Visa sends it back (nothing was sent, so to say), Mastercard declines it."""
        request = a_purchase(host.name)
        broken = replace(request, card=replace(request.card, pan="47617390000"))
        if host.name == "visa":
            with pytest.raises(NotSent):
                client.authorize(broken, timeout_s=PATIENCE_S)
        else:
            assert client.authorize(broken, timeout_s=PATIENCE_S).response_code == "30"
        assert booked(host, request) == []

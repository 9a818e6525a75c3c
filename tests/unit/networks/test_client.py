"""What a host may do to us, and what becomes of it: an answer, NotSent or Unanswered."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import pytest

from sandbox.iso8583 import Message
from tests.unit.networks.samples import ACQUIRERS, PANS, a_purchase, a_reversal
from tests.unit.networks.scripted_host import ScriptedHost, answer_to, approving
from tidegate.domain.errors import NotSent, Unanswered
from tidegate.domain.message import NetworkAnswer
from tidegate.networks import LINKS, connect
from tidegate.networks.iso8583 import client as client_module
from tidegate.networks.iso8583.client import HostClient

PATIENCE_S = 5.0
SHORT_S = 0.3
LAYER = Path(__file__).parents[3] / "layers" / "tidegate"


@pytest.fixture(params=["visa", "mastercard"])
def host(request: pytest.FixtureRequest) -> Iterator[ScriptedHost]:
    with ScriptedHost(request.param) as scripted:
        yield scripted


@pytest.fixture
def client(host: ScriptedHost) -> Iterator[HostClient]:
    made = HostClient(LINKS[host.network](), "127.0.0.1", host.port)
    yield made
    made.close()


def authorize(client: HostClient, timeout_s: float = PATIENCE_S) -> NetworkAnswer:
    return client.authorize(a_purchase(client.name), timeout_s=timeout_s)


class TestTheConnection:
    def test_is_opened_and_signed_on_once(self, host: ScriptedHost, client: HostClient) -> None:
        for _ in range(3):
            assert authorize(client).approved
        assert host.connections == 1
        assert [(m.mti, m.elements.get(70)) for m in host.received] == [
            ("0800", "001"),
            *[("0100", None)] * 3,
        ]

    def test_is_not_opened_before_it_is_used(self, host: ScriptedHost) -> None:
        connect({host.network: _Address("127.0.0.1", host.port)})[host.network]
        assert host.connections == 0

    def test_is_opened_anew_when_it_was_idle(
        self, host: ScriptedHost, client: HostClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authorize(client)
        started = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: started + 19.9)
        authorize(client)
        assert host.connections == 1
        monkeypatch.setattr(time, "monotonic", lambda: started + 19.9 + 20.1)
        authorize(client)
        assert host.connections == 2
        assert host.received[-2].elements[70] == "001"

    def test_that_the_host_closed_is_noticed_before_anything_is_sent(
        self, host: ScriptedHost, client: HostClient
    ) -> None:
        authorize(client)
        host.hang_up()
        assert authorize(client).approved
        assert host.connections == 2

    def test_that_refuses_the_first_byte_is_replaced_once(
        self, host: ScriptedHost, client: HostClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authorize(client)
        host.hang_up()
        monkeypatch.setattr(HostClient, "_closed_by_host", _hung_up_a_moment_later)
        assert authorize(client).approved
        assert host.connections == 2
        assert len(host.requests) == 2

    def test_is_closed_after_silence(self, host: ScriptedHost, client: HostClient) -> None:
        host.script = lambda m: [] if m.mti == "0100" else approving(m)
        with pytest.raises(Unanswered):
            authorize(client, SHORT_S)
        host.script = approving
        assert authorize(client).approved
        assert host.connections == 2

    def test_can_be_tried_with_an_echo(self, host: ScriptedHost, client: HostClient) -> None:
        client.echo(ACQUIRERS[host.network])
        assert [m.elements[70] for m in host.received] == ["001", "301"]
        host.script = lambda m: [None]
        with pytest.raises(Unanswered):
            client.echo(ACQUIRERS[host.network])

    def test_serves_one_request_at_a_time(self, host: ScriptedHost, client: HostClient) -> None:
        answers: list[NetworkAnswer] = []
        threads = [Thread(target=lambda: answers.append(authorize(client))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [answer.approved for answer in answers] == [True] * 8
        assert host.connections == 1

    def test_that_is_taken_is_waited_for_no_longer_than_the_time_allows(
        self, host: ScriptedHost, client: HostClient
    ) -> None:
        taken, done = Event(), Event()

        def slow(request: Message) -> Iterable[Message]:
            if request.mti == "0100":
                taken.set()
                done.wait(PATIENCE_S)
            return approving(request)

        host.script = slow
        first = Thread(target=authorize, args=(client,))
        first.start()
        assert taken.wait(PATIENCE_S)
        with pytest.raises(NotSent, match="busy"):
            authorize(client, SHORT_S)
        done.set()
        first.join()
        assert len(host.requests) == 1


class TestNotSent:
    def test_when_nobody_listens(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        client = HostClient(LINKS["visa"](), "127.0.0.1", port)
        with pytest.raises(NotSent, match="visa cannot be reached"):
            authorize(client)

    @pytest.mark.parametrize("refusal", ["declined", "silent", "hung up", "garbage"])
    def test_when_the_sign_on_fails(
        self, host: ScriptedHost, client: HostClient, refusal: str
    ) -> None:
        says: dict[str, list[Message | bytes | None]] = {
            "silent": [],
            "hung up": [None],
            "garbage": [b"\xff" * 64],
        }
        host.script = lambda m: [answer_to(m, "91")] if refusal == "declined" else says[refusal]
        with pytest.raises(NotSent):
            authorize(client, SHORT_S)
        assert host.requests == []
        host.script = approving
        assert authorize(client).approved

    def test_when_the_time_is_up_already(self, host: ScriptedHost, client: HostClient) -> None:
        authorize(client)
        for timeout_s in (0.0, -1.0):
            with pytest.raises(NotSent):
                authorize(client, timeout_s)
        assert len(host.requests) == 1

    def test_when_a_visa_host_sends_our_message_back(self) -> None:
        with ScriptedHost("visa") as host:
            host.script = lambda m: [host.rejected(m)] if m.mti == "0100" else approving(m)
            client = HostClient(LINKS["visa"](), "127.0.0.1", host.port)
            with pytest.raises(NotSent, match="rejected"):
                authorize(client)
            client.close()

    def test_when_the_message_cannot_be_built(self, host: ScriptedHost, client: HostClient) -> None:
        with pytest.raises(NotSent, match="security code"):
            client.authorize(a_purchase(host.network, cvc="12345"), timeout_s=PATIENCE_S)
        with pytest.raises(NotSent, match="element 4 "):
            client.authorize(a_purchase(host.network, minor=10**12), timeout_s=PATIENCE_S)
        assert host.connections == 0


class TestUnanswered:
    def test_when_the_host_hangs_up(self, host: ScriptedHost, client: HostClient) -> None:
        host.script = lambda m: [None] if m.mti == "0100" else approving(m)
        with pytest.raises(Unanswered):
            authorize(client)
        assert len(host.requests) == 1  # never sent twice

    def test_when_the_answer_breaks_off(self, host: ScriptedHost, client: HostClient) -> None:
        host.script = lambda m: (
            [host.framed(answer_to(m))[:-3], None] if m.mti == "0100" else approving(m)
        )
        with pytest.raises(Unanswered):
            authorize(client)

    def test_when_the_answer_never_comes_to_an_end(
        self, host: ScriptedHost, client: HostClient
    ) -> None:
        """A trickle of foreign messages does not stretch the time."""

        def endless(request: Message) -> Iterator[Message]:
            if request.mti == "0800":
                yield answer_to(request)
            while request.mti == "0100":
                time.sleep(0.02)
                yield answer_to(request, de_37="632717999999")

        host.script = endless
        started = time.monotonic()
        with pytest.raises(Unanswered):
            authorize(client, SHORT_S)
        assert time.monotonic() - started < SHORT_S + 1
        assert client.dropped > 3

    def test_when_the_frames_cannot_be_followed(
        self, host: ScriptedHost, client: HostClient
    ) -> None:
        host.script = lambda m: [b"\xff" * 64] if m.mti == "0100" else approving(m)
        started = time.monotonic()
        with pytest.raises(Unanswered):
            authorize(client)
        assert time.monotonic() - started < PATIENCE_S / 2

    def test_when_private_elements_of_an_approval_cannot_be_read(
        self, host: ScriptedHost, client: HostClient
    ) -> None:
        broken = {"de_62": "40" * 12} if host.network == "visa" else {"de_48": "T87XXM"}
        host.script = lambda m: [answer_to(m, **broken if m.mti == "0100" else {})]
        with pytest.raises(Unanswered):
            authorize(client)


class TestWhatIsNoAnswerToUs:
    @pytest.mark.parametrize(
        "changed",
        [
            {"de_7": "1123093016"},
            {"de_11": "999999"},
            {"de_32": "400553"},
            {"de_37": "632717999999"},
            {"de_41": "TG000002"},
        ],
        ids=lambda changed: next(iter(changed)),
    )
    def test_one_other_element_of_identity(
        self, host: ScriptedHost, client: HostClient, changed: dict[str, str]
    ) -> None:
        host.script = lambda m: (
            [answer_to(m, "05", **changed), answer_to(m)] if m.mti == "0100" else approving(m)
        )
        assert authorize(client).approved
        assert client.dropped == 1

    def test_a_late_answer_to_an_earlier_request(
        self, host: ScriptedHost, client: HostClient
    ) -> None:
        earlier: list[Message] = []

        def late(request: Message) -> Iterable[Message]:
            if request.mti == "0800":
                return approving(request)
            earlier.append(answer_to(request, "51" if not earlier else "00"))
            return [earlier[0], earlier[-1]]

        host.script = late
        assert authorize(client).response_code == "51"  # its repetition is still in the air
        assert authorize(client).approved
        assert client.dropped == 2

    def test_our_own_message_come_back(self, host: ScriptedHost, client: HostClient) -> None:
        host.script = lambda m: [m, answer_to(m)] if m.mti == "0100" else approving(m)
        assert authorize(client).approved
        assert client.dropped == 1

    def test_an_answer_to_another_class_of_message(
        self, host: ScriptedHost, client: HostClient
    ) -> None:
        def confused(request: Message) -> Iterable[Message]:
            other = Message("0410", answer_to(request, "05").elements)
            return [other, answer_to(request)] if request.mti == "0100" else approving(request)

        host.script = confused
        assert authorize(client).approved
        assert client.dropped == 1

    def test_an_answer_without_response_code(self, host: ScriptedHost, client: HostClient) -> None:
        """It must not pass for a decline: the host may have booked."""

        def silent(request: Message) -> Iterable[Message]:
            answer = answer_to(request)
            if request.mti == "0100":
                del answer.elements[39]
            return [answer]

        host.script = silent
        with pytest.raises(Unanswered):
            authorize(client, SHORT_S)
        assert client.dropped == 1

    def test_a_frame_that_cannot_be_decoded(self, host: ScriptedHost, client: HostClient) -> None:
        junk = b"\x00\x05\x00\x00junk!" if host.network == "visa" else b"\x00\x05junk!"
        host.script = lambda m: [junk, *approving(m)]
        assert authorize(client).approved
        assert client.dropped == 2

    def test_a_visa_reject_of_somebody_elses_message(self) -> None:
        """Taking it for ours would send a payment down a second route that the host had booked."""
        with ScriptedHost("visa") as host:

            def mixed_up(request: Message) -> Iterable[Message | bytes]:
                if request.mti == "0800":
                    return approving(request)
                other = Message(request.mti, request.elements | {11: "999999"})
                return [host.rejected(other), answer_to(request)]

            host.script = mixed_up
            client = HostClient(LINKS["visa"](), "127.0.0.1", host.port)
            assert authorize(client).approved
            assert client.dropped == 1
            client.close()


def test_a_reversal_and_its_repeat_are_acknowledged_alike(
    host: ScriptedHost, client: HostClient
) -> None:
    reversal = a_reversal(a_purchase(host.network), None)
    assert client.reverse(reversal, timeout_s=PATIENCE_S) == NetworkAnswer("00")
    assert host.requests[0].mti == "0400"
    assert 38 not in host.requests[0].elements


def test_no_card_data_in_what_is_raised_or_printed(host: ScriptedHost, client: HostClient) -> None:
    request = a_purchase(host.network, cvc="738")
    raised: list[BaseException] = []
    host.script = lambda m: [None] if m.mti == "0100" else approving(m)
    for one in (request, a_purchase(host.network, minor=10**12, cvc="738")):
        with pytest.raises((NotSent, Unanswered)) as caught:
            client.authorize(one, timeout_s=PATIENCE_S)
        error: BaseException | None = caught.value
        while error is not None:
            raised.append(error)
            error = error.__context__
    shown = " ".join(f"{error} {error!r} {vars(error)}" for error in raised)
    shown += f"{request!r} {a_reversal(request, None)!r} {client!r} {NetworkAnswer('00')!r}"
    assert PANS[host.network] not in shown
    assert "738" not in shown


def test_the_links_load_nothing_that_a_payment_does_not_need() -> None:
    probe = "import sys, tidegate.networks; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=LAYER
    ).stdout.split()
    assert "tidegate.networks.iso8583.visa" in loaded
    assert not {"cardutil", "boto3", "pydantic", "pynamodb"} & set(loaded)


@dataclass(frozen=True)
class _Address:
    host: str
    port: int


def _hung_up_a_moment_later(client: HostClient) -> bool:
    """Stands in for a host that hangs up between our look and our first byte."""
    assert client._socket is not None
    client._socket.shutdown(socket.SHUT_WR)
    return False


def test_the_idle_limit_is_the_documented_one() -> None:
    assert client_module.IDLE_S == 20

"""Whatever arrives, a host says so in its network's way or hangs up, books nothing, serves on."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from sandbox.iso8583 import Message
from tests.sandbox.process import SandboxProcess
from tests.sandbox.terminal import Sent, Terminal, booked, connected


@pytest.fixture(autouse=True)
def still_serving(host: SandboxProcess) -> Iterator[None]:
    """Each test ends with a new connection that pays."""
    yield
    with connected(host) as other:
        assert other.ask(Sent(host.name).message).elements[39] == "00"


def refusal(terminal: Terminal) -> str:
    """What a host says to an unknown format: a reject code, or DE 39."""
    if terminal.network == "mastercard":
        return terminal.receive().elements[39]
    frame = terminal.receive_frame()
    assert frame[4] == 26
    return frame[4 + 24 : 4 + 26].hex()


def without(message: Message, *numbers: int) -> Message:
    kept = {de: value for de, value in message.elements.items() if de not in numbers}
    return Message(message.mti, kept)


@pytest.mark.parametrize(
    ("mti", "number"),
    [("0100", 2), ("0100", 4), ("0100", 37), ("0100", 42), ("0400", 90), ("0400", 49)],
)
def test_a_missing_element_is_an_unknown_format(
    host: SandboxProcess, terminal: Terminal, mti: str, number: int
) -> None:
    sent = Sent(host.name)
    message = sent.message if mti == "0100" else sent.reversal()
    terminal.send(without(message, number))
    assert refusal(terminal) in {"0008", "30"}
    assert booked(host, sent) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {3: "090000"},
        {70: "999"},
        {22: "000", 25: "00"},
        {90: "0200" + "0" * 38},
        {95: "0" * 41 + "1"},
    ],
    ids=["processing code", "network management code", "entry mode", "original", "replacement"],
)
def test_an_element_with_a_senseless_value_is_an_unknown_format(
    host: SandboxProcess, terminal: Terminal, wrong: dict[int, str]
) -> None:
    sent = Sent(host.name)
    if 70 in wrong:
        message = Message("0800", sent.identity)
    else:
        message = sent.reversal() if 90 in wrong or 95 in wrong else sent.message
    fields = terminal.codec.fields
    message.elements |= {
        de: value.rjust(fields[de].size, "0") for de, value in wrong.items() if de in fields
    }
    terminal.send(message)
    assert refusal(terminal) in {"0008", "30"}
    assert booked(host, sent) == []


def test_an_unserved_message_type_is_an_unknown_format(
    host: SandboxProcess, terminal: Terminal
) -> None:
    terminal.send(Message("0200", Sent(host.name).message.elements))
    assert refusal(terminal) in {"0008", "30"}


def test_a_message_cut_short_inside_its_frame_is_an_unknown_format(
    host: SandboxProcess, terminal: Terminal
) -> None:
    sent = Sent(host.name)
    body = terminal.codec.encode(sent.message)
    for size in (len(body) - 1, len(body) // 2, 12):
        terminal.send_bytes(terminal.framed(body[:size]))
        assert refusal(terminal) in {"0008", "30"}
    terminal.send_bytes(terminal.framed(body + b"\0"))
    assert refusal(terminal) in {"0008", "30"}
    assert booked(host, sent) == []


@pytest.mark.parametrize("host", ["mastercard"], indirect=True, scope="module")
def test_mastercard_tells_which_message_it_could_not_read(host: SandboxProcess) -> None:
    sent = Sent(host.name)
    with connected(host) as terminal:
        message = sent.message
        message.elements[48] = "T4299"
        answer = terminal.ask(message)  # checks that the identity came back
    assert (answer.mti, answer.elements[39]) == ("0110", "30")


@pytest.mark.parametrize("host", ["visa"], indirect=True, scope="module")
def test_a_visa_reject_carries_the_request_unchanged(host: SandboxProcess) -> None:
    with connected(host) as terminal:
        frame = terminal.framed(terminal.codec.encode(without(Sent("visa").message, 4)))
        terminal.send_bytes(frame)
        assert terminal.receive_frame()[4 + 26 :] == frame[4:]


def test_a_frame_that_cannot_be_followed_ends_the_connection(host: SandboxProcess) -> None:
    body = "0200" + "00" * 40
    frames = {
        "visa": [
            "0016 0001" + body,  # reserved bytes in the prefix
            "0010 0000" + body,  # shorter than a header
            "FFFF 0000" + body,  # longer than any message
            "0020 0000 150102 0020" + body,  # no 22-byte header
            "0020 0000 160102 0021" + body,  # lengths differ
        ],
        "mastercard": ["0000" + body, "FFFF" + body, "0014 4040 4040" + body],
    }[host.name]
    for frame in frames:
        with connected(host) as terminal:
            terminal.send_bytes(bytes.fromhex(frame.replace(" ", "")))
            assert terminal.is_closed()


def test_a_frame_that_breaks_off_is_not_booked(host: SandboxProcess) -> None:
    sent = Sent(host.name)
    with connected(host) as terminal:
        whole = terminal.framed(terminal.codec.encode(sent.message))
        terminal.send_bytes(whole[:-1])
    assert booked(host, sent) == []


def test_a_frame_may_arrive_in_pieces(host: SandboxProcess, terminal: Terminal) -> None:
    sent = Sent(host.name)
    for byte in terminal.framed(terminal.codec.encode(sent.message)):
        terminal.send_bytes(bytes([byte]))
    assert terminal.receive().elements[39] == "00"


def test_noise_breaks_nothing(host: SandboxProcess) -> None:
    random = Random(20261123)
    for _ in range(30):
        with connected(host) as terminal:
            terminal.send_bytes(random.randbytes(random.randint(1, 300)))


def test_a_message_with_any_byte_changed_is_answered_or_refused(host: SandboxProcess) -> None:
    """One bit flipped anywhere behind the message type; the host must stay on its feet."""
    random = Random(7)
    for _ in range(60):
        with connected(host) as terminal:
            body = bytearray(terminal.codec.encode(Sent(host.name).message))
            body[random.randrange(2, len(body))] ^= 1 << random.randrange(8)
            terminal.send_bytes(terminal.framed(bytes(body)))
            terminal.hears_nothing(0.02)

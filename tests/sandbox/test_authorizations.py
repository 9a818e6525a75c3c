"""A host answers authorizations by the rules of docs/networks.md, over a real socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.iso8583 import Message
from tests.sandbox.process import SandboxProcess
from tests.sandbox.terminal import OTHER_CARDS, Sent, Terminal, booked, connected


def reference(answer: Message) -> str:
    return answer.elements[62 if 62 in answer.elements else 63]


def security_result(answer: Message) -> str:
    return answer.elements[44 if 44 in answer.elements else 48][-1]


@pytest.mark.parametrize("ending", ["05", "14", "51", "54", "59", "61", "91", "96"])
def test_an_amount_with_a_special_ending_is_declined_and_not_booked(
    host: SandboxProcess, terminal: Terminal, ending: str
) -> None:
    sent = Sent(host.name, amount_minor=int(f"100{ending}"))
    answer = terminal.ask(sent.message)
    assert answer.mti == "0110"
    assert answer.elements[39] == ending
    assert 38 not in answer.elements
    assert booked(host, sent) == []


@pytest.mark.parametrize("amount_minor", [100, 12_300, 4_177, 999_999_999_999])
def test_any_other_amount_is_approved_and_booked(
    host: SandboxProcess, terminal: Terminal, amount_minor: int
) -> None:
    sent = Sent(host.name, amount_minor)
    answer = terminal.ask(sent.message)
    assert answer.elements[39] == "00"
    [row] = booked(host, sent)
    assert row["amount_minor"] == row["remaining_minor"] == amount_minor
    assert row["authorization_code"] == answer.elements[38]
    assert (row["kind"], row["currency"], row["reversed"]) == ("purchase", "840", False)
    assert (row["pan_first6"], row["pan_last4"]) == (
        sent.message.elements[2][:6],
        sent.message.elements[2][-4:],
    )


def test_68_is_neither_answered_nor_booked(host: SandboxProcess, terminal: Terminal) -> None:
    sent = Sent(host.name, amount_minor=5_068)
    for _ in range(2):
        terminal.send(sent.message)
        assert terminal.hears_nothing()
    assert booked(host, sent) == []
    assert terminal.manage("301") == "00"  # the connection lives on


def test_62_is_booked_once_but_never_answered(host: SandboxProcess, terminal: Terminal) -> None:
    sent = Sent(host.name, amount_minor=5_062)
    for _ in range(2):
        terminal.send(sent.message)
        assert terminal.hears_nothing()
    [row] = booked(host, sent)
    assert row["answer_withheld"] is True


@pytest.mark.parametrize("amount_minor", [12_300, 12_351])
def test_a_duplicate_is_answered_the_same_and_booked_once(
    host: SandboxProcess, amount_minor: int
) -> None:
    sent = Sent(host.name, amount_minor)
    with connected(host) as one, connected(host) as another:
        first, second = one.ask(sent.message), another.ask(sent.message)
    assert first == second
    assert len(booked(host, sent)) == (1 if amount_minor == 12_300 else 0)


@pytest.mark.parametrize("difference", ["amount_minor", "pan", "kind", "currency"])
def test_a_used_identity_with_another_content_is_refused(
    host: SandboxProcess, terminal: Terminal, difference: str
) -> None:
    sent = Sent(host.name)
    first = terminal.ask(sent.message)
    changed = {
        "amount_minor": 12_400,
        "pan": OTHER_CARDS[host.name],
        "kind": "refund",
        "currency": "978",
    }[difference]
    second = terminal.ask(sent.but(**{difference: changed}).message)
    assert (first.elements[39], second.elements[39]) == ("00", "94")
    assert 38 not in second.elements
    [row] = booked(host, sent)
    assert row["amount_minor"] == 12_300


@pytest.mark.parametrize(
    "other", [{"transmitted_at": "1123093016"}, {"stan": 999_998}], ids=["DE 7", "DE 11"]
)
def test_another_identity_is_another_authorization(
    host: SandboxProcess, terminal: Terminal, other: dict[str, object]
) -> None:
    sent = Sent(host.name)
    first, second = terminal.ask(sent.message), terminal.ask(sent.but(**other).message)
    assert reference(first) != reference(second)


@pytest.mark.parametrize(
    ("code", "result"), [("123", "M"), ("1234", "M"), ("999", "N"), (None, "P")]
)
def test_the_security_code_has_a_result_and_declines_nothing(
    host: SandboxProcess, terminal: Terminal, code: str | None, result: str
) -> None:
    answer = terminal.ask(Sent(host.name, security_code=code).message)
    assert security_result(answer) == result
    assert answer.elements[39] == "00"


def test_a_refund_is_booked_as_one_with_a_reference_of_its_own(
    host: SandboxProcess, terminal: Terminal
) -> None:
    purchase = Sent(host.name)
    paid = terminal.ask(purchase.message)
    refund = Sent(host.name, amount_minor=5_000, kind="refund")
    de = 62 if host.name == "visa" else 63
    refund_message = refund.message
    refund_message.elements[de] = reference(paid)
    answer = terminal.ask(refund_message)
    assert answer.elements[39] == "00"
    assert reference(answer) != reference(paid)
    [row] = booked(host, refund)
    assert (row["kind"], row["amount_minor"]) == ("refund", 5_000)


def test_a_refund_follows_the_amount_rule_too(host: SandboxProcess, terminal: Terminal) -> None:
    refund = Sent(host.name, amount_minor=5_051, kind="refund")
    assert terminal.ask(refund.message).elements[39] == "51"
    assert booked(host, refund) == []


def test_nothing_but_a_sign_on_is_served_before_it(host: SandboxProcess) -> None:
    sent = Sent(host.name)
    with connected(host, signed_on=False) as terminal:
        assert terminal.manage("301") == "91"
        for message in (sent.message, sent.reversal()):
            assert terminal.ask(message).elements[39] == "91"
        assert booked(host, sent) == []
        assert [terminal.manage(code) for code in ("001", "301", "002", "301")] == [
            "00",
            "00",
            "00",
            "91",
        ]
        assert terminal.ask(sent.message).elements[39] == "91"


def test_a_sign_on_counts_for_its_own_connection_only(host: SandboxProcess) -> None:
    with connected(host), connected(host, signed_on=False) as other:
        assert other.ask(Sent(host.name).message).elements[39] == "91"


def test_one_connection_carries_many_requests_at_once(
    host: SandboxProcess, terminal: Terminal
) -> None:
    many = [Sent(host.name) for _ in range(50)]
    terminal.send_bytes(b"".join(terminal.framed(terminal.codec.encode(s.message)) for s in many))
    answered = {terminal.receive().elements[11] for _ in many}
    assert answered == {s.identity[11] for s in many}


@pytest.mark.parametrize("network", ["visa", "mastercard"])
def test_connections_beyond_the_session_limit_are_closed(network: str, tmp_path: Path) -> None:
    with SandboxProcess(network, tmp_path, "--sessions", "2") as host:
        with connected(host) as first, connected(host):
            with connected(host, signed_on=False) as third:
                assert third.is_closed()
            assert first.manage("301") == "00"
        for _ in range(50):  # the host learns of the end of a connection a moment later
            with connected(host, signed_on=False) as next_one:
                next_one.send(Message("0800", Sent(network).identity | {70: "001"}))
                try:
                    assert next_one.receive().elements[39] == "00"
                    break
                except (EOFError, ConnectionError):
                    continue
        else:
            pytest.fail("a place that became free was not given again")

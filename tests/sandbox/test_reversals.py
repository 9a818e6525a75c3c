"""Reversals are always acknowledged, applied once, and remembered before their original."""

from __future__ import annotations

import pytest

from tests.sandbox.process import SandboxProcess
from tests.sandbox.terminal import OTHER_CARDS, Sent, Terminal, booked


def reversals(host: SandboxProcess, sent: Sent) -> list[dict[str, object]]:
    rows = host.http("GET", "/books").json()["reversals"]
    return [row for row in rows if row["rrn"] == sent.identity[37]]


def test_a_reversal_takes_back_all(host: SandboxProcess, terminal: Terminal) -> None:
    sent = Sent(host.name)
    terminal.ask(sent.message)
    answer = terminal.ask(sent.reversal())
    assert (answer.mti, answer.elements[39]) == ("0410", "00")
    [row] = booked(host, sent)
    assert (row["remaining_minor"], row["reversed"]) == (0, True)


def test_a_repeat_is_acknowledged_and_counted_not_booked_again(
    host: SandboxProcess, terminal: Terminal
) -> None:
    sent = Sent(host.name)
    terminal.ask(sent.message)
    reversal = sent.reversal()
    stan = int(reversal.elements[11])
    for message in (
        reversal,
        sent.reversal(repeat=True, stan=stan),
        sent.reversal(repeat=True, stan=stan, changed={7: "1123094500"}),
    ):
        answer = terminal.ask(message)
        assert (answer.mti, answer.elements[39]) == ("0410", "00")
    [row] = reversals(host, sent)
    assert (row["received"], row["original"]) == (3, "booked")


def test_a_lost_authorization_is_taken_back(host: SandboxProcess, terminal: Terminal) -> None:
    sent = Sent(host.name, amount_minor=7_062)
    terminal.send(sent.message)
    assert terminal.hears_nothing()
    assert terminal.ask(sent.reversal()).elements[39] == "00"
    [row] = booked(host, sent)
    assert row["reversed"] is True


@pytest.mark.parametrize("remaining_minor", [None, 5_000])
def test_a_reversal_before_its_original_is_remembered(
    host: SandboxProcess, terminal: Terminal, remaining_minor: int | None
) -> None:
    sent = Sent(host.name)
    reversal = sent.reversal(remaining_minor=remaining_minor)
    assert terminal.ask(reversal).elements[39] == "00"
    for _ in range(2):
        late = terminal.ask(sent.message)
        assert late.elements[39] == "96"
        assert 38 not in late.elements
    assert booked(host, sent) == []
    assert [row["original"] for row in reversals(host, sent)] == ["unseen"]


def test_an_unanswered_request_that_arrives_again_after_its_reversal_is_refused(
    host: SandboxProcess, terminal: Terminal
) -> None:
    sent = Sent(host.name, amount_minor=8_068)
    terminal.send(sent.message)
    assert terminal.hears_nothing()
    terminal.ask(sent.reversal())
    assert terminal.ask(sent.message).elements[39] == "96"


def test_a_reversed_authorization_is_not_approved_again(
    host: SandboxProcess, terminal: Terminal
) -> None:
    sent = Sent(host.name)
    terminal.ask(sent.message)
    terminal.ask(sent.reversal())
    assert terminal.ask(sent.message).elements[39] == "96"
    [row] = booked(host, sent)
    assert row["reversed"] is True


def test_a_partial_reversal_leaves_the_rest_authorized(
    host: SandboxProcess, terminal: Terminal
) -> None:
    sent = Sent(host.name)
    first = terminal.ask(sent.message)
    assert terminal.ask(sent.reversal(remaining_minor=7_500)).elements[39] == "00"
    [row] = booked(host, sent)
    assert (row["remaining_minor"], row["reversed"]) == (7_500, False)
    assert terminal.ask(sent.message) == first  # the original still stands


def test_partial_reversals_never_raise_what_remains(
    host: SandboxProcess, terminal: Terminal
) -> None:
    sent = Sent(host.name)
    terminal.ask(sent.message)
    for remaining_minor in (7_500, 9_000, 2_000, 7_500):
        assert terminal.ask(sent.reversal(remaining_minor=remaining_minor)).elements[39] == "00"
    [row] = booked(host, sent)
    assert row["remaining_minor"] == 2_000
    terminal.ask(sent.reversal())
    terminal.ask(sent.reversal(remaining_minor=1_000))
    [row] = booked(host, sent)
    assert (row["remaining_minor"], row["reversed"]) == (0, True)


def test_a_refund_is_reversed_like_a_purchase(host: SandboxProcess, terminal: Terminal) -> None:
    refund = Sent(host.name, kind="refund")
    terminal.ask(refund.message)
    assert terminal.ask(refund.reversal()).elements[39] == "00"
    [row] = booked(host, refund)
    assert (row["kind"], row["reversed"]) == ("refund", True)


@pytest.mark.parametrize(
    "contradiction",
    ["de4", "de49", "de3", "de2"],
)
def test_a_reversal_that_contradicts_its_original_changes_nothing(
    host: SandboxProcess, terminal: Terminal, contradiction: str
) -> None:
    sent = Sent(host.name)
    terminal.ask(sent.message)
    value = {
        "de4": "000000012400",
        "de49": "978",
        "de3": "200000",
        "de2": OTHER_CARDS[host.name],
    }[contradiction]
    assert terminal.ask(sent.reversal(changed={int(contradiction[2:]): value})).elements[39] == "12"
    [row] = booked(host, sent)
    assert (row["remaining_minor"], row["reversed"]) == (12_300, False)
    assert reversals(host, sent) == []


def test_more_than_the_original_cannot_remain(host: SandboxProcess, terminal: Terminal) -> None:
    sent = Sent(host.name)
    terminal.ask(sent.message)
    assert terminal.ask(sent.reversal(remaining_minor=12_301)).elements[39] == "12"


def test_a_reversal_of_another_terminals_message_leaves_it_alone(
    host: SandboxProcess, terminal: Terminal
) -> None:
    sent = Sent(host.name)
    terminal.ask(sent.message)
    assert terminal.ask(sent.reversal(changed={41: "TG000002"})).elements[39] == "00"
    [row] = booked(host, sent)
    assert row["reversed"] is False

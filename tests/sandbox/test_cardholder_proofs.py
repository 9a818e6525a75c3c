"""A soft decline ends when the cardholder is authenticated, and a proof that says nothing sensible
is no message."""

from __future__ import annotations

import pytest

from tests.sandbox.process import SandboxProcess
from tests.sandbox.proofs import CAVV, ECIS, NetworkToken, paying
from tests.sandbox.terminal import APPROVED, Sent, Terminal, booked, pushed

SOFT_DECLINES = {"visa": "1A", "mastercard": "65"}


class TestSoftDeclines:
    """Of an amount that ends in 65."""

    def test_ask_for_the_cardholder_and_book_nothing(
        self, host: SandboxProcess, terminal: Terminal
    ) -> None:
        sent = Sent(host.name, 4_065)
        answer = terminal.ask(sent.message)
        assert answer.elements[39] == SOFT_DECLINES[host.name]
        assert 38 not in answer.elements
        assert booked(host, sent) == []

    @pytest.mark.parametrize("outcome", [0, 1], ids=["authenticated", "attempted"])
    def test_end_with_his_authentication_in_a_second_message(
        self, host: SandboxProcess, terminal: Terminal, outcome: int
    ) -> None:
        eci = ECIS[host.name][outcome]
        first, second = Sent(host.name, 4_065), Sent(host.name, 4_065)
        assert terminal.ask(first.message).elements[39] == SOFT_DECLINES[host.name]
        answer = terminal.ask(paying(second, eci=eci, value=CAVV))
        assert answer.elements[39] == APPROVED
        assert (len(booked(host, first)), len(booked(host, second))) == (0, 1)

    def test_stay_what_they_are_under_the_same_identity(
        self, host: SandboxProcess, terminal: Terminal
    ) -> None:
        sent = Sent(host.name, 4_065)
        first = terminal.ask(sent.message)
        assert terminal.ask(paying(sent, eci=ECIS[host.name][0], value=CAVV)) == first

    @pytest.mark.parametrize("outcome", [0, 1, 2])
    def test_do_not_end_with_an_eci_alone(
        self, host: SandboxProcess, terminal: Terminal, outcome: int
    ) -> None:
        message = paying(Sent(host.name, 4_065), eci=ECIS[host.name][outcome])
        assert terminal.ask(message).elements[39] == SOFT_DECLINES[host.name]

    def test_do_not_end_with_a_tokens_cryptogram(
        self, terminal: Terminal, token: NetworkToken
    ) -> None:
        value = token.cryptogram()
        declined = terminal.ask(token.payment(value, amount_minor=4_065))
        assert declined.elements[39] == SOFT_DECLINES[token.host.name]
        assert terminal.ask(token.payment(value)).elements[39] == APPROVED  # it was not used up

    @pytest.mark.parametrize(
        ("on_file", "outcomes"),
        [
            ("merchant", {"visa": "00", "mastercard": "00"}),
            # Visa's message does not say who uses the card (docs/networks.md).
            ("holder", {"visa": "00", "mastercard": "65"}),
        ],
    )
    def test_spare_what_the_merchant_initiates(
        self, host: SandboxProcess, terminal: Terminal, on_file: str, outcomes: dict[str, str]
    ) -> None:
        message = paying(Sent(host.name, 4_065), on_file=on_file)
        assert terminal.ask(message).elements[39] == outcomes[host.name]

    def test_are_for_those_who_pay(self, host: SandboxProcess, terminal: Terminal) -> None:
        """Nobody has to prove himself to be given money."""
        for message in (
            Sent(host.name, 4_065, kind="refund").message,
            pushed(Sent(host.name, 4_065, kind="payout")),
        ):
            assert terminal.ask(message).elements[39] == APPROVED


SENSELESS: dict[str, list[dict[int, str]]] = {
    "visa": [
        {60: "0000000105"},
        {60: "00000000AB"},
        {126: f"0080000000000000{'00' * 19}"},
        {126: f"0080000000000000{'00' * 21}"},
        {126: "0001000000000000C3"},
        {126: "0008000000000000D4"},
        {126: "00080000"},
    ],
    "mastercard": [
        {48: ""},
        {48: "T"},
        {48: "T42070103299"},
        {48: "T420701032124328AB"},
        {48: "T42070103212430412AB"},
        {48: "T22080504X10142070103211"},
    ],
}


def test_a_senseless_proof_is_an_unknown_format(host: SandboxProcess, terminal: Terminal) -> None:
    for change in SENSELESS[host.name]:
        sent = Sent(host.name)
        message = sent.message
        message.elements |= change
        terminal.send(message)
        if host.name == "mastercard":
            assert terminal.receive().elements[39] == "30", change
        else:
            assert terminal.receive_frame()[4] == 26, change  # a reject header
        assert booked(host, sent) == []
    assert terminal.ask(Sent(host.name).message).elements[39] == APPROVED

"""Network tokens pay with their cryptogram, each of them once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.books import Books
from sandbox.link import Proof
from sandbox.token_check import checked
from sandbox.tokens import CRYPTOGRAM_LIFE, TokenDesk
from tests.sandbox.process import SandboxProcess
from tests.sandbox.proofs import ECIS, REFUSED, NetworkToken, paying
from tests.sandbox.terminal import APPROVED, CARDS, Sent, Terminal, booked, connected, pushed


class TestNetworkTokens:
    def test_pay_with_their_own_cryptogram(
        self, host: SandboxProcess, terminal: Terminal, token: NetworkToken
    ) -> None:
        sent = token.sent()
        answer = terminal.ask(paying(sent, value=token.cryptogram(), token=True))
        assert answer.elements[39] == APPROVED
        [row] = booked(host, sent)
        shown = (row["pan_first6"], row["pan_last4"])
        assert shown == (token.number[:6], token.number[-4:])
        assert token.number != CARDS[host.name]

    def test_pay_once_with_each(
        self, host: SandboxProcess, terminal: Terminal, token: NetworkToken
    ) -> None:
        used, fresh = token.cryptogram(), token.cryptogram()
        assert terminal.ask(token.payment(used)).elements[39] == APPROVED
        again = token.sent()
        answer = terminal.ask(paying(again, value=used, token=True))
        assert answer.elements[39] == REFUSED
        assert 38 not in answer.elements
        assert booked(host, again) == []
        assert terminal.ask(token.payment(fresh)).elements[39] == APPROVED

    def test_are_answered_the_same_when_the_same_message_comes_again(
        self, terminal: Terminal, token: NetworkToken
    ) -> None:
        message = token.payment(token.cryptogram())
        first, second = terminal.ask(message), terminal.ask(message)
        assert first == second
        assert second.elements[39] == APPROVED

    def test_are_declined_with_a_wrong_cryptogram_or_none(
        self, host: SandboxProcess, terminal: Terminal, token: NetworkToken
    ) -> None:
        right = token.cryptogram()
        wrong = bytes([right[0] ^ 1]) + right[1:]
        for value in (wrong, None):
            sent = token.sent()
            answer = terminal.ask(paying(sent, value=value, token=True))
            assert answer.elements[39] == REFUSED
            assert booked(host, sent) == []
        assert terminal.ask(token.payment(right)).elements[39] == APPROVED

    def test_do_not_pay_with_another_ones(
        self, host: SandboxProcess, terminal: Terminal, token: NetworkToken
    ) -> None:
        other = NetworkToken(host)
        value = other.cryptogram()
        assert terminal.ask(token.payment(value)).elements[39] == REFUSED
        assert terminal.ask(other.payment(value)).elements[39] == APPROVED

    def test_are_not_proven_by_an_authentication(
        self, terminal: Terminal, token: NetworkToken
    ) -> None:
        message = paying(token.sent(), eci=ECIS[token.host.name][0], value=token.cryptogram())
        assert terminal.ask(message).elements[39] == REFUSED

    def test_need_none_where_the_merchant_charges_what_is_on_file(
        self, terminal: Terminal, token: NetworkToken
    ) -> None:
        assert terminal.ask(token.payment(None, "merchant")).elements[39] == APPROVED

    def test_a_card_has_no_cryptogram(
        self, host: SandboxProcess, terminal: Terminal, token: NetworkToken
    ) -> None:
        message = paying(Sent(host.name), value=token.cryptogram(), token=True)
        assert terminal.ask(message).elements[39] == REFUSED

    def test_a_number_that_was_never_given_is_no_card(
        self, host: SandboxProcess, terminal: Terminal, token: NetworkToken
    ) -> None:
        for on_file in (None, "merchant"):
            strange = Sent(host.name, pan=f"{token.number[:6]}0000000000")
            answer = terminal.ask(paying(strange, on_file=on_file))
            assert answer.elements[39] == REFUSED

    def test_pay_only_while_they_are_active(self, terminal: Terminal, token: NetworkToken) -> None:
        def outcomes() -> list[str]:
            payments = (token.payment(kept.pop()), token.payment(None, "merchant"))
            return [terminal.ask(message).elements[39] for message in payments]

        kept = [token.cryptogram() for _ in range(3)]
        token.change("suspend")
        assert outcomes() == [REFUSED, REFUSED]
        token.change("resume")
        assert outcomes() == [APPROVED, APPROVED]
        token.change("delete")
        assert outcomes() == [REFUSED, REFUSED]

    @pytest.mark.parametrize("kind", ["refund", "payout"])
    def test_need_none_to_be_given_money(
        self, terminal: Terminal, token: NetworkToken, kind: str
    ) -> None:
        sent = token.sent(kind=kind)
        message = pushed(sent) if kind == "payout" else sent.message
        assert terminal.ask(message).elements[39] == APPROVED


@pytest.mark.parametrize("network", ["visa", "mastercard"])
def test_a_used_cryptogram_stays_used_when_the_host_starts_again(
    tmp_path: Path, network: str
) -> None:
    with SandboxProcess(network, tmp_path) as host:
        token = NetworkToken(host)
        used, fresh = token.cryptogram(), token.cryptogram()
        with connected(host) as terminal:
            assert terminal.ask(token.payment(used)).elements[39] == APPROVED
        host.stop()
        host.start()
        with connected(host) as terminal:
            assert terminal.ask(token.payment(used)).elements[39] == REFUSED
            assert terminal.ask(token.payment(fresh)).elements[39] == APPROVED


def test_a_cryptogram_is_good_for_ten_minutes(tmp_path: Path) -> None:
    moment = [datetime(2026, 11, 23, 9, 30, 15, tzinfo=UTC)]
    books = Books(tmp_path, now=lambda: moment[0])
    desk = TokenDesk("visa", books)
    token = desk.provision(CARDS["visa"], "shop")
    early, late = desk.cryptogram(token.reference), desk.cryptogram(token.reference)

    def paid(value: bytes, after: timedelta) -> str:
        with books.transaction() as db:
            proof = Proof(cryptogram=value.hex())
            return checked(db, token.number, proof, moment[0] + after)

    assert timedelta(minutes=10) == CRYPTOGRAM_LIFE
    assert paid(early, CRYPTOGRAM_LIFE - timedelta(seconds=1)) == APPROVED
    assert paid(late, CRYPTOGRAM_LIFE) == REFUSED
    books.close()

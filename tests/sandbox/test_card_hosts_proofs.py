"""What a host makes of a proof: network tokens pay with their cryptogram once, a soft decline ends
when the cardholder is authenticated; and payouts, which are cleared as credits."""

from __future__ import annotations

import base64
import io
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cardutil.mciipm import IpmReader

from sandbox.books import Books
from sandbox.iso8583 import Message
from sandbox.link import Proof
from sandbox.token_check import checked
from sandbox.tokens import CRYPTOGRAM_LIFE, TokenDesk
from tests.sandbox.clearing_files import Item, clearing_file, ipm_bytes, ipm_records, item
from tests.sandbox.process import SandboxProcess
from tests.sandbox.terminal import CARDS, Sent, Terminal, booked, connected

APPROVED, REFUSED = "00", "59"
SOFT_DECLINES = {"visa": "1A", "mastercard": "65"}
ECIS = {"visa": ("05", "06", "07"), "mastercard": ("02", "01", "00")}
"""Authenticated, attempted, neither."""
PAYOUT_CODES = {"visa": "260000", "mastercard": "280000"}
CAVV = bytes(range(20))
V, M = "/vts/provisionedTokens", "/mdes/digitization/1/0"


def paying(
    sent: Sent,
    *,
    eci: str | None = None,
    value: bytes | None = None,
    token: bool = False,
    on_file: str | None = None,
) -> Message:
    """The 0100 of ``sent`` with a proof; ``on_file`` is ``holder`` or ``merchant``, the one who
    uses a stored card."""
    message = sent.message
    (_add_visa if sent.network == "visa" else _add_mastercard)(
        message, eci=eci, value=value, token=token, on_file=on_file
    )
    return message


def _add_visa(
    message: Message, *, eci: str | None, value: bytes | None, token: bool, on_file: str | None
) -> None:
    """DE 60.8, 126.8 (cryptogram) or 126.9 (CAVV), DE 22 and 126.13."""
    if eci is not None:
        message.elements[60] = f"00000000{eci}"
    private = {8 if token else 9: value} if value is not None else {}
    if on_file is not None:
        message.elements[22] = "1000"
        private[13] = "C".encode("cp500")
    if private:
        bitmap = sum(1 << (64 - number) for number in private).to_bytes(8, "big")
        message.elements[126] = (bitmap + b"".join(private.values())).hex().upper()


def _add_mastercard(
    message: Message, *, eci: str | None, value: bytes | None, token: bool, on_file: str | None
) -> None:
    """DE 48 with 22 (who initiates), 42 (level), 43 (proof); DE 22."""
    level = {"02": "212", "01": "211", "00": "210", None: "211"}[eci]
    found = {"42": f"0103{'242' if token else level}"}
    if value is not None:
        found["43"] = base64.b64encode(value).decode()
    if on_file is not None:
        message.elements[22] = "100"
        found["22"] = {"holder": "0504C101", "merchant": "0504M101"}[on_file]
    pieces = (f"{name}{len(text):02d}{text}" for name, text in sorted(found.items()))
    message.elements[48] = "T" + "".join(pieces)


def pushed(sent: Sent) -> Message:
    """The 0100 of a payout."""
    message = sent.message
    message.elements[3] = PAYOUT_CODES[sent.network]
    return message


@dataclass
class NetworkToken:
    """A token of the host's token service, for a merchant of its own."""

    host: SandboxProcess
    requestor: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        card = CARDS[self.host.name]
        if self.host.name == "visa":
            instrument = {"accountNumber": card, "expirationDate": {"month": "12", "year": "2031"}}
            made = self._call("POST", V, clientAppID=self.requestor, paymentInstrument=instrument)
            self.reference = made["vProvisionedTokenID"]
            self.number = made["tokenInfo"]["tokenNumber"]
        else:
            data = {"accountNumber": card, "expiryMonth": "12", "expiryYear": "31"}
            made = self._call(
                "POST",
                f"{M}/tokenize",
                tokenRequestorId=self.requestor,
                fundingAccountInfo={"cardAccountData": data},
            )
            self.reference = made["tokenUniqueReference"]
            self.number = made["tokenDetail"]["tokenNumber"]

    def cryptogram(self) -> bytes:
        if self.host.name == "visa":
            given = self._call("POST", f"{V}/{self.reference}/cryptogram", transactionType="ECOM")
            return base64.b64decode(given["cryptogramInfo"]["cryptogram"])
        given = self._call("POST", f"{M}/transact", tokenUniqueReference=self.reference)
        return base64.b64decode(given["dsrpCryptogram"])

    def change(self, what: str) -> None:
        """suspend, resume or delete."""
        if self.host.name == "visa":
            self._call("PUT", f"{V}/{self.reference}/{what}")
        else:
            path = f"{M}/{what.replace('resume', 'unsuspend')}"
            self._call("POST", path, tokenUniqueReference=self.reference)

    def payment(self, value: bytes | None, on_file: str | None = None, **other: Any) -> Message:
        """A 0100 of its own identity with this token."""
        return paying(self.sent(**other), value=value, token=True, on_file=on_file)

    def sent(self, **other: Any) -> Sent:
        return Sent(self.host.name, pan=self.number, **other)

    def _call(self, method: str, path: str, **message: object) -> dict[str, Any]:
        answer = self.host.http(method, path, json=message)
        assert answer.status_code in {200, 201}, answer.text
        read: dict[str, Any] = answer.json()
        return read


@pytest.fixture
def token(host: SandboxProcess) -> NetworkToken:
    return NetworkToken(host)


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


def payout_file(network: str, file_id: str, paid: list[Item]) -> bytes:
    """A clearing file of payouts: credits in BASE II, messages with DE 3 = 280000 in IPM."""
    if network == "visa":
        return clearing_file(network, file_id, paid)
    records = ipm_records(file_id, paid)
    return ipm_bytes([one | ({"DE3": "280000"} if "DE3" in one else {}) for one in records])


def credited(network: str, content: bytes) -> list[tuple[str, int, str]]:
    """What a settlement file gives back: transaction or processing code, amount, fee's sign."""
    if network == "mastercard":
        _, *presented, _ = IpmReader(io.BytesIO(content), encoding="cp500")
        return [(one["DE3"], one["DE4"], one["PDS9001"]) for one in presented]
    lines = content.decode("ascii").splitlines()
    pairs = zip(lines[1:-2:2], lines[2:-2:2], strict=True)
    return [(first[:2], int(first[76:88]), second[48]) for first, second in pairs]


class TestPayouts:
    def test_are_booked_as_such(self, host: SandboxProcess, terminal: Terminal) -> None:
        sent = Sent(host.name, 2_500, kind="payout")
        assert terminal.ask(pushed(sent)).elements[39] == APPROVED
        [row] = booked(host, sent)
        assert (row["kind"], row["amount_minor"]) == ("payout", 2_500)

    @pytest.mark.parametrize("ending", ["05", "51"])
    def test_can_be_declined(self, host: SandboxProcess, terminal: Terminal, ending: str) -> None:
        sent = Sent(host.name, int(f"25{ending}"), kind="payout")
        assert terminal.ask(pushed(sent)).elements[39] == ending
        assert booked(host, sent) == []

    def test_are_reversed_under_their_own_code_alone(
        self, host: SandboxProcess, terminal: Terminal
    ) -> None:
        sent = Sent(host.name, 2_500, kind="payout")
        terminal.ask(pushed(sent))
        for code, outcome in (("200000", "12"), (PAYOUT_CODES[host.name], APPROVED)):
            assert terminal.ask(sent.reversal(changed={3: code})).elements[39] == outcome
            [row] = booked(host, sent)
            assert row["reversed"] is (outcome == APPROVED)

    def test_are_cleared_as_credits(self, tmp_path: Path, host: SandboxProcess) -> None:
        with SandboxProcess(host.name, tmp_path) as own:
            sent = [Sent(own.name, minor, kind="payout") for minor in (2_500, 4_000)]
            with connected(own) as terminal:
                paid = [item(one, terminal.ask(pushed(one))) for one in sent]
            taken = own.http("PUT", "/clearing/out", content=payout_file(own.name, "out", paid))
            assert taken.status_code == 201, taken.text
            assert (taken.json()["accepted"], taken.json()["rejected"]) == (2, 0)
            file_id = own.http("POST", "/cut").json()["file_id"]
            code = {"visa": "06", "mastercard": "280000"}[own.name]
            content = own.http("GET", f"/settlement/{file_id}").content
            assert credited(own.name, content) == [(code, 2_500, "C"), (code, 4_000, "C")]

    def test_are_never_cleared_as_sales(self, host: SandboxProcess, terminal: Terminal) -> None:
        sent = Sent(host.name, 2_500, kind="payout")
        sale = item(sent, terminal.ask(pushed(sent))).but(sent=sent.but(kind="purchase"))
        content = clearing_file(host.name, "sale", [sale])
        told = host.http("PUT", "/clearing/sale", content=content).json()
        assert (told["accepted"], told["rejected"]) == (0, 1)
        [row] = [
            row
            for row in host.http("GET", "/books").json()["presentments"]
            if row["acquirer_reference_number"] == sale.arn
        ]
        assert (row["status"], row["reason"]) == ("rejected", "the kind differs")

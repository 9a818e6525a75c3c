"""Payouts are booked, reversed and cleared as credits."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from cardutil.mciipm import IpmReader

from tests.sandbox.clearing_files import Item, clearing_file, ipm_bytes, ipm_records, item
from tests.sandbox.process import SandboxProcess
from tests.sandbox.terminal import (
    APPROVED,
    PAYOUT_CODES,
    Sent,
    Terminal,
    booked,
    connected,
    pushed,
)


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

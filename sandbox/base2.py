"""Visa clearing and settlement files: BASE II style, 168-character records (docs/networks.md).

Positions count from 1 and include both ends, as in the record layouts.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from sandbox.clearing import (
    MalformedFile,
    Presentment,
    interchange_minor,
    masked,
    require_arn,
)

RECORD = 168
INTERCHANGE_BASIS_POINTS = 110
PAN_POSITIONS = 16
SHORTEST_PAN = 12

_SALE, _CREDIT = "05", "06"
_KINDS = {_SALE: "purchase", _CREDIT: "refund"}
"""A payout is presented as a credit too; its authorization tells which it is."""
_FIRST, _ADDITIONAL = "0", "5"

# What TCR 0 holds at fixed places in every sale and credit of this link.
_CONSTANT = {
    (21, 23): "000",
    (24, 26): "   ",
    (62, 73): "0" * 12,
    (74, 76): "   ",
    (145, 146): "  ",
    (147, 151): "1009W",
    (159, 159): " ",
    (161, 163): " 01",
    (168, 168): "0",
}
_NUMERIC = {
    "card number": (5, 20),
    "purchase date": (58, 61),
    "source amount": (77, 88),
    "source currency": (89, 91),
    "merchant category code": (133, 136),
    "central processing date": (164, 167),
}


@dataclass(slots=True)
class _Totals:
    transactions: int = 0
    tcrs: int = 0
    amount_minor: int = 0
    batches: int = 0

    def add(self, other: _Totals) -> None:
        self.transactions += other.transactions
        self.tcrs += other.tcrs
        self.amount_minor += other.amount_minor
        self.batches += 1


class Base2:
    """BASE II as `sandbox.clearing.ClearingFormat`."""

    def parse(self, content: bytes, file_id: str) -> list[Presentment]:
        lines = _lines(content)
        head = _header(lines[0], file_id)
        presentments: list[Presentment] = []
        batch, file = _Totals(), _Totals()
        at = 1
        while at < len(lines) - 1:
            line, where = lines[at], f"Record {at + 1}"
            if line[:2] == "91":
                batch.tcrs += 1
                file.add(batch)
                _require_trailer(line, where, head, batch, file.batches)
                batch = _Totals()
                at += 1
                continue
            presentment = _presentment(line, lines[at + 1], where, head)
            presentments.append(presentment)
            batch.transactions += 1
            batch.tcrs += 2
            batch.amount_minor += presentment.amount_minor
            at += 2
        where = f"Record {at + 1}"
        if at != len(lines) - 1 or lines[-1][:2] != "92":
            raise MalformedFile("The last record is not a file trailer (92).")
        if batch.tcrs:
            raise MalformedFile(f"{where}: the file ends before its batch's trailer (91).")
        file.tcrs += 1
        _require_trailer(lines[-1], where, head, file, file.batches)
        return presentments

    def settlement(self, file_id: str, sequence: int, day: date, records: list[str]) -> bytes:
        kept = [json.loads(record) for record in records]
        head = f"{kept[0]['bin']}{day:%y%j}"
        lines = [f"9000{head}S{file_id}".ljust(RECORD)]
        totals = _Totals()
        for entry in kept:
            amount_minor = int(_at(entry["tcr0"], 77, 88))
            sign = "D" if entry["tcr0"].startswith(_SALE) else "C"
            fee = interchange_minor(amount_minor, INTERCHANGE_BASIS_POINTS)
            additional = f"{entry['tcr5'][:36]}{fee:012d}{sign}{day:%Y%m%d}"
            lines += [entry["tcr0"], additional.ljust(RECORD)]
            totals.transactions += 1
            totals.tcrs += 2
            totals.amount_minor += amount_minor
        totals.tcrs += 1
        lines.append(_trailer("91", head, totals, 1))
        totals.tcrs += 1
        lines.append(_trailer("92", head, totals, 1))
        return "".join(f"{line}\n" for line in lines).encode("ascii")


def _lines(content: bytes) -> list[str]:
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError:
        raise MalformedFile("The file is not ASCII.") from None
    if not text.endswith("\n"):
        raise MalformedFile("The last record does not end with a line feed.")
    lines = text[:-1].split("\n")
    for number, line in enumerate(lines, 1):
        if len(line) != RECORD or not line.isprintable():
            raise MalformedFile(f"Record {number} is not {RECORD} printable characters.")
        if line[2] != "0":
            raise MalformedFile(f"Record {number}: the TC qualifier is not 0.")
    if len(lines) < 3:
        raise MalformedFile("The file has no header, batch trailer and file trailer.")
    return lines


def _header(line: str, file_id: str) -> str:
    """Positions 5 to 15, BIN and date, which the trailers repeat."""
    if line[:4] != "9000" or not re.fullmatch(r"\d{11} ", _at(line, 5, 16)):
        raise MalformedFile("Record 1 is not a clearing file's header (90).")
    if _at(line, 17, 80).rstrip() != file_id:
        raise MalformedFile("Record 1: the file id is not the one it was delivered under.")
    return _at(line, 5, 15)


def _presentment(first: str, additional: str, where: str, head: str) -> Presentment:
    kind = _KINDS.get(first[:2])
    if kind is None or first[3] != _FIRST:
        raise MalformedFile(f"{where} is neither a sale, a credit nor a batch trailer.")
    if additional[:2] != first[:2] or additional[3] != _ADDITIONAL:
        raise MalformedFile(f"{where}: no TCR 5 follows.")
    for (start, end), expected in _CONSTANT.items():
        if _at(first, start, end) != expected:
            raise MalformedFile(f"{where}: positions {start} to {end} are not {expected!r}.")
    for name, (start, end) in _NUMERIC.items():
        if not _at(first, start, end).isdecimal():
            raise MalformedFile(f"{where}: the {name} is not numeric.")
    arn = _at(first, 27, 49)
    require_arn(arn, where)
    if not re.fullmatch(r"\d{15}\d{12}\d{3}00", _at(additional, 5, 36)):
        raise MalformedFile(f"{where}: TCR 5 does not describe an approved authorization.")
    if additional[36:].strip():
        raise MalformedFile(f"{where}: TCR 5 goes on behind position 36.")
    pan = _at(first, 5, 20).lstrip("0")
    if len(pan) < SHORTEST_PAN:
        raise MalformedFile(f"{where}: the card number is too short.")
    shown = masked(pan).rjust(PAN_POSITIONS, "0")
    return Presentment(
        acquirer_reference_number=arn,
        kind=kind,
        pan=pan,
        network_reference=_at(additional, 5, 19),
        authorization_code=_at(first, 152, 157),
        amount_minor=int(_at(first, 77, 88)),
        currency=_at(first, 89, 91),
        record=json.dumps(
            {"bin": head[:6], "tcr0": first[:4] + shown + first[20:], "tcr5": additional}
        ),
    )


def _require_trailer(line: str, where: str, head: str, totals: _Totals, number: int) -> None:
    """Raise `MalformedFile` unless ``line`` is the trailer that these totals ask for."""
    expected = _trailer(line[:2], head, totals, number)
    parts: dict[str, Any] = {
        "transaction code": (1, 4),
        "BIN and date": (5, 15),
        "destination amount": (16, 27),
        "number of monetary transactions": (28, 39),
        "batch number": (40, 45),
        "number of TCRs": (46, 57),
        "source amount total": (67, 81),
    }
    for name, (start, end) in parts.items():
        wanted = _at(expected, start, end)
        if _at(line, start, end) != wanted:
            raise MalformedFile(f"{where}: the {name} is not {wanted!r}.")
    if line != expected:
        raise MalformedFile(f"{where}: unused positions of the trailer are not blank.")


def _trailer(code: str, head: str, totals: _Totals, number: int) -> str:
    return (
        f"{code}00{head}{0:012d}{totals.transactions:012d}{number:06d}{totals.tcrs:012d}"
        f"{' ' * 9}{totals.amount_minor:015d}"
    ).ljust(RECORD)


def _at(line: str, start: int, end: int) -> str:
    return line[start - 1 : end]

"""Visa's files: BASE II style, 168-character ASCII records (docs/networks.md).

Positions count from 1 and include both ends, as the record layouts have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from tidegate.domain.clearing import Presentment, SettledRecord
from tidegate.domain.errors import CurrencyUnsupported, FileRejected
from tidegate.domain.message import Kind
from tidegate.domain.money import Money, currency_of_numeric
from tidegate.networks.clearing.fields import day_of, is_number, plain

RECORD = 168
SALE, CREDIT, HEADER, BATCH_TRAILER, FILE_TRAILER = "05", "06", "90", "91", "92"
_CODES: dict[str, str] = {"purchase": SALE, "refund": CREDIT, "payout": CREDIT}
_KINDS: dict[str, Kind] = {SALE: "purchase", CREDIT: "refund"}


@dataclass
class _Totals:
    """What a trailer says about the records before it, itself included."""

    batches: int = 0
    transactions: int = 0
    tcrs: int = 0
    amount_minor: int = 0

    def count(self, amount_minor: int) -> None:
        """A transaction: TCR 0 and TCR 5."""
        self.transactions += 1
        self.tcrs += 2
        self.amount_minor += amount_minor

    def close(self, batch: _Totals) -> None:
        """A batch that ends with its trailer."""
        self.batches += 1
        self.transactions += batch.transactions
        self.tcrs += batch.tcrs
        self.amount_minor += batch.amount_minor


def write_clearing(
    file_id: str, acquirer_id: str, created: date, presentments: Iterable[Presentment]
) -> Iterator[bytes]:
    """One batch of sales and credits between header and trailers. Raises FileRejected where a
    presentment does not fit the record layout."""
    head = f"{acquirer_id[:6]}{created:%y%j}"
    yield _record("record 1", (1, 4, f"{HEADER}00"), (5, 15, head), (17, 80, file_id))
    batch, whole = _Totals(), _Totals()
    for number, one in enumerate(presentments, 1):
        where = f"presentment {number}"
        yield _draft(one, created, where)
        yield _payment_service_data(one, where)
        batch.count(one.amount.minor)
    batch.tcrs += 1
    whole.close(batch)
    yield _trailer(BATCH_TRAILER, head, batch, whole.batches)
    whole.tcrs += 1
    yield _trailer(FILE_TRAILER, head, whole, whole.batches)


def read_settlement(stream: BinaryIO) -> Iterator[SettledRecord]:
    """The settled sales and credits; header, counts and totals are checked. Raises FileRejected,
    possibly not before the last record."""
    lines = _lines(stream)
    number, header = next(lines, (0, ""))
    head = header[4:15]
    if header[:4] != f"{HEADER}00" or header[15:16] != "S" or not is_number(head, 11):
        raise FileRejected("record 1 is no header of a settlement file")
    batch, whole = _Totals(), _Totals()
    for number, line in lines:
        code = line[:2]
        if code in _KINDS:
            number, additional = next(lines, (number + 1, ""))
            settled = _settled(line, additional, number)
            batch.count(settled.amount.minor)
            yield settled
        elif code == BATCH_TRAILER:
            batch.tcrs += 1
            whole.close(batch)
            _check(line, number, _trailer(code, head, batch, whole.batches))
            batch = _Totals()
        elif code == FILE_TRAILER:
            if batch.tcrs:
                raise FileRejected(f"record {number}: the batch before it has no trailer")
            whole.tcrs += 1
            _check(line, number, _trailer(code, head, whole, whole.batches))
            break
        else:
            raise FileRejected(f"record {number} has an unknown transaction code")
    else:
        raise FileRejected(f"the file breaks off after record {number}")
    if next(lines, None) is not None:
        raise FileRejected("the file goes on after its trailer")


def _draft(one: Presentment, created: date, where: str) -> bytes:
    """TCR 0: the transaction itself."""
    return _record(
        where,
        (1, 4, f"{_CODES[one.kind]}00"),
        (5, 20, one.card.pan.zfill(16)),
        (21, 23, "000"),
        (27, 49, one.acquirer_reference_number),
        (50, 57, one.terminal_id),
        (58, 61, one.local_time[2:6]),
        (62, 73, "0" * 12),
        (77, 88, f"{one.amount.minor:012d}"),
        (89, 91, one.amount.numeric_currency),
        (92, 116, plain(one.acceptor.name, 25)),
        (117, 129, plain(one.acceptor.city, 13)),
        (130, 132, one.acceptor.country),
        (133, 136, one.acceptor.mcc),
        (147, 151, "1009W"),
        (152, 157, one.authorization_code),
        (162, 163, "01"),
        (164, 167, f"{created.year % 10}{created:%j}"),
        (168, 168, "0"),
    )


def _payment_service_data(one: Presentment, where: str) -> bytes:
    """TCR 5: how the network knows the authorization."""
    return _record(
        where,
        (1, 4, f"{_CODES[one.kind]}05"),
        (5, 19, f"{one.scheme_reference:0>15}"),
        (20, 31, f"{one.authorized_minor:012d}"),
        (32, 34, one.amount.numeric_currency),
        (35, 36, "00"),
    )


def _trailer(code: str, head: str, totals: _Totals, batches: int) -> bytes:
    return _record(
        "the trailer",
        (1, 4, f"{code}00"),
        (5, 15, head),
        (16, 27, "0" * 12),
        (28, 39, f"{totals.transactions:012d}"),
        (40, 45, f"{batches:06d}"),
        (46, 57, f"{totals.tcrs:012d}"),
        (67, 81, f"{totals.amount_minor:015d}"),
    )


def _check(line: str, number: int, expected: bytes) -> None:
    """Compare a trailer with the one that the records before it ask for."""
    counted = expected.decode("ascii")
    for name, first, last in (
        ("BIN and date", 5, 15),
        ("number of transactions", 28, 39),
        ("number of batches", 40, 45),
        ("number of TCRs", 46, 57),
        ("amount total", 67, 81),
    ):
        wanted = _at(counted, first, last)
        if _at(line, first, last) != wanted:
            # What was said stays unsaid: in a file that went wrong it may be a card number.
            raise FileRejected(f"record {number}: the {name} is not {wanted!r}")
    if f"{line}\n" != counted:
        raise FileRejected(f"record {number}: a trailer with something in its unused positions")


def _settled(line: str, additional: str, number: int) -> SettledRecord:
    if line[2:4] != "00" or additional[:4] != f"{line[:2]}05":
        raise FileRejected(f"record {number}: a TCR 0 without its TCR 5")
    sign = {"D": 1, "C": -1}.get(_at(additional, 49, 49))
    if sign is None:
        raise FileRejected(f"record {number}: the interchange fee has no sign")
    try:
        currency = currency_of_numeric(_at(line, 89, 91))
        settled_on = day_of(_at(additional, 50, 57))
    except (CurrencyUnsupported, ValueError):
        raise FileRejected(f"record {number}: no such currency or date") from None
    reference, amount, fee = _at(line, 27, 49), _at(line, 77, 88), _at(additional, 37, 48)
    if not (is_number(reference, 23) and is_number(amount, 12) and is_number(fee, 12)):
        raise FileRejected(f"record {number}: reference number, amount or fee is not numeric")
    return SettledRecord(
        acquirer_reference_number=reference,
        kind=_KINDS[line[:2]],
        amount=Money(int(amount), currency),
        interchange_minor=sign * int(fee),
        settled_on=settled_on,
    )


def _lines(stream: BinaryIO) -> Iterator[tuple[int, str]]:
    number = 0
    while raw := stream.readline(RECORD + 2):
        number += 1
        if len(raw) != RECORD + 1 or not raw.endswith(b"\n") or not raw.isascii():
            raise FileRejected(f"record {number} is not {RECORD} characters long")
        yield number, raw[:-1].decode("ascii")


def _at(line: str, first: int, last: int) -> str:
    return line[first - 1 : last]


def _record(where: str, *fields: tuple[int, int, str]) -> bytes:
    """A record with each text at the left of its positions. Raises FileRejected where one is too
    long or not ASCII: cutting a card number or a reference would present something else."""
    record = [" "] * RECORD
    for first, last, text in fields:
        if len(text) > last - first + 1 or not (text.isascii() and text.isprintable()):
            raise FileRejected(f"{where} does not fit positions {first} to {last}")
        record[first - 1 : first - 1 + len(text)] = text
    return f"{''.join(record)}\n".encode("ascii")

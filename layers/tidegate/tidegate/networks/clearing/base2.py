"""Visa's files: BASE II style, 168-character ASCII records (docs/networks.md).

Positions count from 1 and include both ends, as the record layouts have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

from tidegate.domain.clearing import Presentment, SettledRecord
from tidegate.domain.errors import CurrencyUnsupported, FileRejected
from tidegate.domain.message import Kind
from tidegate.domain.money import Money, currency_of_numeric

RECORD = 168
SALE, CREDIT, HEADER, BATCH_TRAILER, FILE_TRAILER = "05", "06", "90", "91", "92"
_CODES: dict[str, str] = {"purchase": SALE, "refund": CREDIT}
_KINDS: dict[str, Kind] = {SALE: "purchase", CREDIT: "refund"}


def write_clearing(
    file_id: str, acquirer_id: str, created: date, presentments: Iterable[Presentment]
) -> Iterator[bytes]:
    """One batch of sales and credits between header and trailers."""
    head = f"{acquirer_id[:6]}{created:%y%j}"
    yield _record((1, f"{HEADER}00"), (5, head), (17, file_id))
    transactions = total = 0
    for one in presentments:
        transactions += 1
        total += one.amount.minor
        yield _draft(one, created)
        yield _payment_service_data(one)
    tcrs = 2 * transactions + 1
    for code, count in ((BATCH_TRAILER, tcrs), (FILE_TRAILER, tcrs + 1)):
        yield _record(
            (1, f"{code}00"),
            (5, head),
            (16, "0" * 12),
            (28, f"{transactions:012d}"),
            (40, "000001"),
            (46, f"{count:012d}"),
            (67, f"{total:015d}"),
        )


def read_settlement(stream: BinaryIO) -> Iterator[SettledRecord]:
    """The settled sales and credits; the counts and totals of the trailers are checked."""
    lines = _lines(stream)
    number, header = next(lines, (0, ""))
    if header[:4] != f"{HEADER}00" or header[15:16] != "S":
        raise FileRejected("record 1 is no header of a settlement file")
    seen = _Counted()
    for number, line in lines:
        if line[:2] in _KINDS:
            number, additional = next(lines, (number + 1, ""))
            yield seen.add(_settled(line, additional, number))
        elif line[:2] in {BATCH_TRAILER, FILE_TRAILER}:
            seen.tcrs += 1
            seen.check(line, number)
            if line[:2] == FILE_TRAILER:
                break
        else:
            raise FileRejected(f"record {number} has an unknown transaction code")
    else:
        raise FileRejected(f"the file breaks off after record {number}")
    if next(lines, None) is not None:
        raise FileRejected("the file goes on after its trailer")


@dataclass
class _Counted:
    """What was read so far, to be compared with the trailers."""

    transactions: int = 0
    tcrs: int = 0
    total_minor: int = 0

    def add(self, settled: SettledRecord) -> SettledRecord:
        self.transactions += 1
        self.tcrs += 2
        self.total_minor += settled.amount.minor
        return settled

    def check(self, line: str, number: int) -> None:
        said = (_number(line, 28, 39), _number(line, 46, 57), _number(line, 67, 81))
        if said != (self.transactions, self.tcrs, self.total_minor):
            raise FileRejected(
                f"record {number}: the trailer says {said}, the records add up to "
                f"{(self.transactions, self.tcrs, self.total_minor)}"
            )


def _draft(one: Presentment, created: date) -> bytes:
    """TCR 0: the transaction itself."""
    code = _CODES[one.kind]
    return _record(
        (1, f"{code}00"),
        (5, one.card.pan.zfill(16)),
        (21, "000"),
        (27, one.acquirer_reference_number),
        (50, one.terminal_id[:8]),
        (58, one.local_time[2:6]),
        (62, "0" * 12),
        (77, f"{one.amount.minor:012d}"),
        (89, one.amount.numeric_currency),
        (92, one.acceptor.name[:25]),
        (117, one.acceptor.city[:13]),
        (130, one.acceptor.country),
        (133, one.acceptor.mcc),
        (147, "1009W"),
        (152, one.authorization_code),
        (162, "01"),
        (164, f"{created.year % 10}{created:%j}"),
        (168, "0"),
    )


def _payment_service_data(one: Presentment) -> bytes:
    """TCR 5: how the network knows the authorization."""
    return _record(
        (1, f"{_CODES[one.kind]}05"),
        (5, f"{one.scheme_reference:0>15}"),
        (20, f"{one.authorized_minor:012d}"),
        (32, one.amount.numeric_currency),
        (35, "00"),
    )


def _settled(line: str, additional: str, number: int) -> SettledRecord:
    if line[3:4] != "0" or additional[:4] != f"{line[:2]}05":
        raise FileRejected(f"record {number}: a TCR 0 without its TCR 5")
    sign = {"D": 1, "C": -1}.get(additional[48:49])
    if sign is None:
        raise FileRejected(f"record {number}: the interchange fee has no sign")
    try:
        currency = currency_of_numeric(line[88:91])
        settled_on = datetime.strptime(additional[49:57], "%Y%m%d").date()  # noqa: DTZ007
    except (CurrencyUnsupported, ValueError):
        raise FileRejected(f"record {number}: no such currency or date") from None
    reference = line[26:49]
    if not (reference.isascii() and reference.isdigit()):
        raise FileRejected(f"record {number}: the reference number is not numeric")
    return SettledRecord(
        acquirer_reference_number=reference,
        kind=_KINDS[line[:2]],
        amount=Money(_number(line, 77, 88, number), currency),
        interchange_minor=sign * _number(additional, 37, 48, number),
        settled_on=settled_on,
    )


def _lines(stream: BinaryIO) -> Iterator[tuple[int, str]]:
    number = 0
    while raw := stream.readline(RECORD + 2):
        number += 1
        if len(raw) != RECORD + 1 or not raw.endswith(b"\n") or not raw.isascii():
            raise FileRejected(f"record {number} is not {RECORD} characters long")
        yield number, raw[:-1].decode("ascii")


def _number(line: str, first: int, last: int, number: int = 0) -> int:
    text = line[first - 1 : last]
    if not (text.isascii() and text.isdigit()):
        raise FileRejected(f"record {number or 'of the trailer'}: {first}-{last} is not numeric")
    return int(text)


def _record(*parts: tuple[int, str]) -> bytes:
    record = [" "] * RECORD
    for position, text in parts:
        record[position - 1 : position - 1 + len(text)] = text
    return f"{''.join(record)}\n".encode("ascii", "replace")

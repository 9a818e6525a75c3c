"""Files of exchange rates, read whole or refused with the line that is wrong."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from tidegate.domain.errors import FileRejected
from tidegate.domain.fx import RateSheet
from tidegate.domain.money import CURRENCIES

ECB = "ECB"
COLUMNS = ["date", "base", "quote", "rate", "source"]
_RATE = re.compile(r"(?a:\d{1,10})(?:\.(?a:\d{1,10}))?\Z")
_SOURCE = re.compile(r"(?a:[A-Za-z0-9._-]){1,24}\Z")
_ABSENT = ("", "N/A")
_LONG_NUMBER = re.compile(r"\d{9,}")


def read_rates(lines: Iterable[str], loaded_at: int) -> list[RateSheet]:
    """The sheets of a CSV file: ``date,base,quote,rate,source``, or the layout of the ECB's
    eurofxref-hist.

    Raises FileRejected, naming the line.
    """
    rows = _rows(lines)
    header = next(rows, [])
    if header == COLUMNS:
        return _long(rows, loaded_at)
    if header[:1] == ["Date"]:
        return list(_wide(rows, header[1:], loaded_at))
    raise FileRejected(f"the first line must be {','.join(COLUMNS)} or the ECB's")


def _rows(lines: Iterable[str]) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, skipinitialspace=True)
    except csv.Error as error:
        raise FileRejected(f"the file is no CSV: {error}") from None


def _long(rows: Iterator[list[str]], loaded_at: int) -> list[RateSheet]:
    """One rate a line, in any order."""
    found: dict[tuple[str, date, str], dict[str, Decimal]] = {}
    for number, row in enumerate(rows, 2):
        if not row:
            continue
        if len(row) != len(COLUMNS):
            raise FileRejected(f"line {number}: needs {len(COLUMNS)} columns")
        day, base, quote, rate, source = row
        for currency in (base, quote):
            if currency not in CURRENCIES:
                raise FileRejected(f"line {number}: {_shown(currency)} is no ISO 4217 currency")
        if base == quote:
            raise FileRejected(f"line {number}: {base} is base and quote")
        if not _SOURCE.match(source):
            raise FileRejected(f"line {number}: a source is 1 to 24 letters, digits, . _ or -")
        quotes = found.setdefault((base, _day(day, number), source), {})
        if quotes.setdefault(quote, value := _value(rate, number)) != value:
            raise FileRejected(f"line {number}: another rate than before for {base} to {quote}")
    return [
        RateSheet(base, day, source, quotes, loaded_at)
        for (base, day, source), quotes in found.items()
    ]


def _wide(rows: Iterator[list[str]], names: list[str], loaded_at: int) -> Iterator[RateSheet]:
    """One day a line, one currency a column; every line ends with a comma."""
    for number, row in enumerate(rows, 2):
        if not row:
            continue
        day = _day(row[0], number)
        quotes = {
            # Columns of currencies that the euro replaced are of no use to a payment.
            name: _value(cell, number)
            for name, cell in zip(names, row[1:], strict=False)
            if name in CURRENCIES and cell not in _ABSENT
        }
        if quotes:
            yield RateSheet("EUR", day, ECB, quotes, loaded_at)


def _shown(text: str) -> str:
    """A cell as it is quoted: its beginning, and no number that may be a card's."""
    return repr(_LONG_NUMBER.sub("…", text[:24]))


def _day(text: str, number: int) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FileRejected(f"line {number}: {_shown(text)} is no date like 2026-10-30") from None


def _value(text: str, number: int) -> Decimal:
    if not _RATE.match(text) or not (value := Decimal(text)):
        raise FileRejected(f"line {number}: {_shown(text)} is no rate: digits, at most 10 decimals")
    return value

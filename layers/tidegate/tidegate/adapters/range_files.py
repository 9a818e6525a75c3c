"""Files of card ranges, read line by line; refused with the line and the column that is wrong."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NoReturn, TypeVar, get_args

from tidegate.domain.account_data import AccountData, Funding
from tidegate.domain.brands import brand_named
from tidegate.domain.card_ranges import COARSEST, FINEST, CardRange, covering
from tidegate.domain.countries import COUNTRIES
from tidegate.domain.errors import BrandUnsupported, CardRangeUnsupported, FileRejected
from tidegate.domain.routing import brand_of_bin

COLUMNS = ("low", "high", "brand", "funding", "country", "product", "commercial", "bank")
MAX_PREFIXES = 1_000_000
"""Of a file."""
MAX_WIDTH = 1_000_000
"""Numbers of eight digits that one line may name: a hundredth of all."""
MAX_BANK_BYTES = 64
_BOUND = re.compile(r"(?a:\d{6,19})\Z")
_PRODUCT = re.compile(r"(?a:[A-Za-z0-9]{1,8})\Z")
_LONG_NUMBER = re.compile(r"\d{9,}")
_COMMERCIAL = {"true": True, "false": False}
_FUNDINGS: dict[str, Funding] = {one: one for one in get_args(Funding)}
Value = TypeVar("Value")


def read_ranges(lines: Iterable[str]) -> Iterator[CardRange]:
    """The ranges of a CSV file with these ``COLUMNS``, a prefix each, none of them twice.

    Raises FileRejected.
    """
    reader = csv.reader(lines, strict=True)
    seen: dict[str, int] = {}
    try:
        if tuple(next(reader, ())) != COLUMNS:
            raise FileRejected(f"the first line must be {','.join(COLUMNS)}")
        for cells in reader:
            if cells:
                yield from _ranges(cells, reader.line_num, seen)
    except UnicodeDecodeError:
        raise FileRejected("the file is not UTF-8") from None
    except csv.Error as error:
        raise FileRejected(f"line {reader.line_num}: this is no CSV: {error}") from None


def _ranges(cells: list[str], line: int, seen: dict[str, int]) -> Iterator[CardRange]:
    if len(cells) != len(COLUMNS):
        raise FileRejected(f"line {line}: needs {len(COLUMNS)} columns, not {len(cells)}")
    row = _Row(line, dict(zip(COLUMNS, map(str.strip, cells), strict=True)))
    low, high = row.bounds()
    brand, account = row.brand(low, high), row.account()
    for prefix in covering(low, high):
        first = seen.setdefault(prefix, line)
        if first != line:
            row.refuse("low", f"{prefix} is in line {first} already")
        if len(seen) > MAX_PREFIXES:
            raise FileRejected(f"line {line}: a file may name {MAX_PREFIXES} prefixes, no more")
        yield CardRange(prefix, brand, account)


class _Row:
    """One line."""

    def __init__(self, line: int, cells: dict[str, str]) -> None:
        self._line = line
        self._cells = cells

    def refuse(self, column: str, why: str) -> NoReturn:
        raise FileRejected(f"line {self._line}, column {column}: {why}")

    def bounds(self) -> tuple[int, int]:
        """The first eight digits of the lowest card and of the highest."""
        low = self._bound("low", "0", self._cells["low"])
        high = self._bound("high", "9", self._cells["high"] or self._cells["low"])
        if high < low:
            self.refuse("high", "is less than low")
        if high - low >= MAX_WIDTH:
            self.refuse("high", f"is more than {MAX_WIDTH} numbers of {FINEST} digits from low")
        return low, high

    def _bound(self, column: str, filler: str, text: str) -> int:
        if not _BOUND.match(text):
            self.refuse(column, f"{_shown(text)} is not {COARSEST} to 19 digits")
        rest = text[FINEST:]
        if rest.strip(filler):
            why = f"ranges end after {FINEST} digits here; what follows must be {filler} throughout"
            self.refuse(column, why)
        return int(text[:FINEST].ljust(FINEST, filler))

    def brand(self, low: int, high: int) -> str:
        """The canonical name. Payments are routed by their leading digits, so a range of another
        brand than theirs is a mistake in the file."""
        try:
            brand = brand_named(self._cells["brand"])
        except BrandUnsupported:
            self.refuse("brand", f"{_shown(self._cells['brand'])} is no brand")
        if brand.type != "card":
            self.refuse("brand", f"{brand.name} has no cards")
        for head in (low, high):
            routed = _routed(f"{head:0{FINEST}d}")
            if routed not in {None, brand.name}:
                self.refuse("brand", f"numbers of this range are {routed}'s")
        return brand.name

    def account(self) -> AccountData | None:
        """None for a line that says nothing: it takes back what was known."""
        account = AccountData(
            funding=self._one_of("funding", _FUNDINGS),
            country=self._checked(
                "country", COUNTRIES.__contains__, "no country of ISO 3166-1 alpha-3"
            ),
            product=self._checked("product", _PRODUCT.match, "not 1 to 8 letters or digits"),
            commercial=self._one_of("commercial", _COMMERCIAL),
            bank=self._checked("bank", _is_name, f"no name of at most {MAX_BANK_BYTES} bytes"),
        )
        return None if account == AccountData() else account

    def _one_of(self, column: str, known: Mapping[str, Value]) -> Value | None:
        text = self._cells[column]
        if text and text not in known:
            self.refuse(column, f"{_shown(text)} is not one of {', '.join(known)}")
        return known.get(text)

    def _checked(self, column: str, good: Callable[[str], object], what: str) -> str | None:
        text = self._cells[column]
        if text and not good(text):
            self.refuse(column, f"{_shown(text)} is {what}")
        return text or None


def _routed(head: str) -> str | None:
    try:
        return brand_of_bin(head)
    except CardRangeUnsupported:
        return None


def _is_name(text: str) -> bool:
    return len(text.encode()) <= MAX_BANK_BYTES and text.isprintable() and "|" not in text


def _shown(text: str) -> str:
    """A cell as it is quoted: its beginning, and no number that may be a card's."""
    return repr(_LONG_NUMBER.sub("…", text[:24]))

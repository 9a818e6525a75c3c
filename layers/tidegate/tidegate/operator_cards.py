"""``python -m tidegate.operator card-ranges``: load what networks say of their card ranges, look at
one."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Protocol

from tidegate.adapters.dynamodb.card_ranges import RangeTable
from tidegate.adapters.range_files import read_ranges
from tidegate.api.evocloud.responses import account_fields
from tidegate.domain.card_ranges import CardRange
from tidegate.domain.errors import FileRejected, InvalidValue

_HEAD = re.compile(r"(?a:\d{6,8})\Z")


class Desk(Protocol):
    """What these commands need of the operator's desk."""

    @property
    def ranges(self) -> RangeTable: ...


def load(desk: Desk, options: argparse.Namespace) -> dict[str, Any]:
    """Load card ranges from a CSV file, in the place of what was known of the same prefixes;
    nothing of a file that has a mistake."""
    counted = Counter(one.brand for one in _read(options.file))
    if not counted:
        raise FileRejected("the file has no ranges")
    desk.ranges.put(_read(options.file))
    return {"loaded": counted.total(), "brands": dict(sorted(counted.items()))}


def show(desk: Desk, options: argparse.Namespace) -> dict[str, Any]:
    """What is known of cards that begin with six to eight digits."""
    if not _HEAD.match(options.prefix):
        raise InvalidValue("a prefix is six to eight digits, and never a whole card number")
    found = desk.ranges.find(options.prefix)
    if found is None:
        raise InvalidValue(f"there is no range of {options.prefix}")
    return {
        "prefix": found.prefix,
        "paymentBrand": found.brand,
        **account_fields(found.account),
    }


def add_commands(areas: Any) -> None:
    """Add ``card-ranges`` to the operator's commands."""
    commands = areas.add_parser("card-ranges", help="card ranges").add_subparsers(required=True)
    loading = commands.add_parser("load", help=load.__doc__)
    loading.add_argument("--file", required=True)
    loading.set_defaults(run=load)
    showing = commands.add_parser("show", help=show.__doc__)
    showing.add_argument("prefix")
    showing.set_defaults(run=show)


def _read(file: str) -> Iterator[CardRange]:
    with open(file, encoding="utf-8-sig", newline="") as lines:
        yield from read_ranges(lines)

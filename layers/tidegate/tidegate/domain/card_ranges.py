"""Ranges of card numbers, and how a card finds its own: by its longest prefix that is known.

Issuers are given numbers by their first eight digits, formerly six (ISO/IEC 7812-1). A range of a
network's table, which has bounds, is kept as the prefixes that cover it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tidegate.domain.account_data import AccountData

LENGTHS = (8, 6)
"""Of prefixes, longest first."""
FINEST = max(LENGTHS)
_STEP = 10 ** (FINEST - min(LENGTHS))
Known = TypeVar("Known")


@dataclass(frozen=True, slots=True)
class CardRange:
    """All cards that begin with ``prefix`` and with no longer one that is known."""

    prefix: str
    """Six or eight digits."""
    brand: str
    account: AccountData | None
    """None says that nothing is known, even where something is of a shorter prefix."""


def prefixes_of(head: str) -> tuple[str, ...]:
    """Where a card that begins like this is looked for, longest first; shorter ones than its own
    digits allow are left out."""
    return tuple(head[:length] for length in LENGTHS if len(head) >= length)


def longest(head: str, known: Mapping[str, Known]) -> Known | None:
    """What the longest known prefix of ``head`` has; None where none is known."""
    return next((known[one] for one in prefixes_of(head) if one in known), None)


def covering(low: int, high: int) -> Iterator[str]:
    """The fewest prefixes that hold the eight leading digits from ``low`` to ``high``, and no
    others."""
    while low <= high:
        if low % _STEP == 0 and low + _STEP - 1 <= high:
            yield f"{low // _STEP:0{min(LENGTHS)}d}"
            low += _STEP
        else:
            yield f"{low:0{FINEST}d}"
            low += 1

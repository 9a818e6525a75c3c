"""Ranges of card numbers as networks publish them, with bounds, kept as the prefixes that cover
them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tidegate.domain.account_data import LENGTHS, AccountData

FINEST, COARSEST = max(LENGTHS), min(LENGTHS)
_STEP = 10 ** (FINEST - COARSEST)


@dataclass(frozen=True, slots=True)
class CardRange:
    """All cards that begin with ``prefix`` and with no longer one that is known."""

    prefix: str
    """Six or eight digits."""
    brand: str
    account: AccountData | None
    """None says that nothing is known, even where something is of a shorter prefix."""


def covering(low: int, high: int) -> Iterator[str]:
    """The fewest prefixes that hold the eight leading digits from ``low`` to ``high``, and no
    others."""
    while low <= high:
        if low % _STEP == 0 and low + _STEP - 1 <= high:
            yield f"{low // _STEP:0{COARSEST}d}"
            low += _STEP
        else:
            yield f"{low:0{FINEST}d}"
            low += 1

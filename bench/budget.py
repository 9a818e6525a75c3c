"""The budget: what each operation may cost, number by number, in `budget.toml`.

Changing it is a decision: `tests/budget` fails while the counts and the file differ.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).with_name("budget.toml")
CEILINGS = ("log_bytes", "largest_item")
"""Figures that the length of an id may change; all others are exact."""

Figures = Mapping[str, float]


def budgets() -> Mapping[str, Figures]:
    """By operation."""
    return tomllib.loads(FILE.read_text())


def differences(budget: Figures, counted: Figures) -> list[str]:
    """What is not as the budget says, in words."""
    assert budget.keys() == counted.keys(), budget.keys() ^ counted.keys()
    return [
        f"{name}: {counted[name]:g}, budget {allowed:g}"
        for name, allowed in budget.items()
        if (counted[name] > allowed if name in CEILINGS else counted[name] != allowed)
    ]

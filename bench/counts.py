"""Calls, units and transitions of operations: exact counts against the design's budgets."""

from __future__ import annotations

from collections.abc import Iterator

from bench.operations import OPERATIONS, Counted, count
from bench.row import Row
from local.meter.tally import KMS, WRITE_UNITS

SALE = "authorize and capture"
CALLS = 4
UNITS = {
    SALE: 4,
    "authorize": 5,
    "full capture": 8,
    "partial capture": 8,
    "refund": 10,
    "cancel": 10,
}


def measure() -> Iterator[Row]:
    """What the merchant waits for; what follows afterwards stands beside it."""
    for name, goal in UNITS.items():
        counted = count(OPERATIONS[name])
        if name == SALE:
            yield _row("AWS calls, all functions", counted, counted.answered.calls.total(), CALLS)
            yield _row("KMS calls when warm", counted, counted.whole.billed[KMS], 0)
        yield Row(
            part="counts",
            figure=f"{name}: write units",
            value=counted.answered.billed[WRITE_UNITS],
            goal=goal,
            measured=_calls(counted),
        )


def _row(what: str, counted: Counted, value: float, goal: float) -> Row:
    names = counted.answered.calls
    said = ", ".join(one.split(" ")[1] for one in names.elements())
    return Row(
        part="counts",
        figure=f"{SALE}: {what}",
        value=value,
        goal=goal,
        measured=said if goal else "",
    )


def _calls(counted: Counted) -> str:
    now, later = counted.answered.calls.total(), counted.afterwards
    return f"{now} calls; afterwards {later.calls.total()}, {later.billed[WRITE_UNITS]:g} units"

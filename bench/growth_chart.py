"""The chart of part `growth`: requests of an operation, by the payments that a store has made."""

from __future__ import annotations

from collections.abc import Sequence

from bench.charts import Lines, write
from bench.growth import SIZES
from bench.row import Row

SHOWN = (
    "read a day's postings",
    "janitor, nothing due",
    "refund",
    "authorize and capture",
    "query a payment",
)


def draw(rows: Sequence[Row]) -> None:
    """From the rows of a run; each tells its counts in the order of the sizes."""
    lines = {
        name: list(zip(SIZES, map(float, row.measured.split(" · ")), strict=True))
        for name in SHOWN
        for row in rows
        if row.figure.startswith(f"{name}: requests")
    }
    told = "; ".join(
        f"{name}: {', '.join(f'{count:g}' for _, count in line)}" for name, line in lines.items()
    )
    sizes = ", ".join(f"{size:,}" for size in SIZES)
    write(
        "growth",
        Lines(
            "Requests to DynamoDB, while a store's payments grow",
            f"Requests of an operation at {sizes} stored payments. {told}.",
            "payments stored",
            "requests",
            lines,
        ),
    )

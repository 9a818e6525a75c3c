"""The chart of part `growth`: requests of an operation, by the payments that a store has made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.charts import Lines, write

SHOWN = (
    "read a day's postings",
    "janitor, nothing due",
    "refund",
    "authorize and capture",
    "query a payment",
)


def draw(sizes: Sequence[int], requests: Mapping[str, Sequence[int]]) -> None:
    """``requests`` of each operation, one at each size."""
    told = "; ".join(f"{name}: {', '.join(map(str, requests[name]))}" for name in SHOWN)
    stored = ", ".join(f"{size:,}" for size in sizes)
    write(
        "growth",
        Lines(
            "Requests to DynamoDB, while a store's payments grow",
            f"Requests of an operation at {stored} stored payments. {told}.",
            "payments stored",
            "requests",
            {name: list(zip(sizes, requests[name], strict=True)) for name in SHOWN},
        ),
    )

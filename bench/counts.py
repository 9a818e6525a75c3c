"""Requests and write units of each operation, counted on the embedded DynamoDB by arithmetic of
our own."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from local.embedded import EmbeddedAws
from tests.support.gateway import Gateway
from tests.support.meter import metered
from tests.support.tables import client, new_table
from tidegate.adapters.dynamodb.payments import DynamoPayments

Row = dict[str, Any]
STORIES: dict[str, tuple[int, Callable[[Gateway], object], Callable[[Gateway], object]]] = {
    "authorize and capture": (4, lambda _: None, lambda g: g.pay(hours=0)),
    "authorize": (5, lambda _: None, lambda g: g.pay()),
    "capture in full": (8, lambda g: g.pay(), lambda g: g.change("capture", "CAP-1", 10_000)),
    "refund": (10, lambda g: g.pay(hours=0), lambda g: g.change("refund", "REF-1", 4_000)),
    "cancel": (10, lambda g: g.pay(), lambda g: g.change("cancel", "CAN-1")),
}
REQUESTS = 8
"""No operation may need more requests to DynamoDB than this."""


def measure() -> Iterator[Row]:
    """Two rows an operation."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "engine.log"
        with EmbeddedAws(Path(folder), log) as engine:
            for number, (name, (units, before, story)) in enumerate(STORIES.items()):
                table = new_table(engine.endpoint_url, f"bench-{number}")
                gateway = Gateway(payments=DynamoPayments(table))
                before(gateway)
                with metered(table, client(engine.endpoint_url)) as meter:
                    story(gateway)
                yield _row(f"{name}: write units", meter.write_units, units)
                yield _row(f"{name}: requests", sum(meter.requests.values()), REQUESTS)


def _row(figure: str, value: int, budget: int) -> Row:
    return {"figure": figure, "value": value, "budget": budget}

"""What one operation costs: counted in a warm world, with everything that follows from it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any

from bench.till import MASTERCARD, VISA, Till
from bench.world import MeteredWorld
from local.meter.tally import KMS, LOG_BYTES, READ_UNITS, TRACES, TRANSITIONS, WRITE_UNITS, Tally
from tests.support.memory import a_store
from tidegate.domain.routing import Route
from tidegate.domain.store import Store

WARM = "WARM"
CURRENCIES = ("HKD", "USD")
CUT_OFF = time(23, 0)
AFTERWARDS_S = 400.0
"""Longer than any batching window: stream, queue and webhook are through."""
Story = Callable[[Till], object]


@dataclass(frozen=True)
class Operation:
    """What happens before the count begins, and what is counted."""

    story: Story
    before: Story = lambda _: None


OPERATIONS: Mapping[str, Operation] = {
    "authorize and capture": Operation(lambda till: till.pay("PAY-1")),
    "authorize": Operation(lambda till: till.pay("PAY-1", hours=None)),
    "decline": Operation(lambda till: till.pay("PAY-1", "10.51")),
    "full capture": Operation(
        lambda till: till.change("capture", "PAY-1", "CAP-1", "100.00"),
        lambda till: till.pay("PAY-1", hours=None),
    ),
    "partial capture": Operation(
        lambda till: till.change("capture", "PAY-1", "CAP-1", "60.00"),
        lambda till: till.pay("PAY-1", hours=None),
    ),
    "cancel": Operation(
        lambda till: till.change("cancel", "PAY-1", "CAN-1"),
        lambda till: till.pay("PAY-1", hours=None),
    ),
    "refund": Operation(
        lambda till: till.change("refund", "PAY-1", "REF-1", "40.00"),
        lambda till: till.pay("PAY-1"),
    ),
    "query": Operation(
        lambda till: till.ask("GET", "payment", None, "PAY-1"), lambda till: till.pay("PAY-1")
    ),
}


@dataclass(frozen=True)
class Counted:
    """Until the merchant has his answer, and what comes after it."""

    answered: Tally
    afterwards: Tally

    @property
    def whole(self) -> Tally:
        return self.answered + self.afterwards

    def figures(self) -> dict[str, float]:
        """What the budget names, by its names."""
        now, later = self.answered, self.afterwards
        return {
            "aws_calls": now.calls.total(),
            "aws_calls_afterwards": later.calls.total(),
            "write_units": now.billed[WRITE_UNITS],
            "write_units_afterwards": later.billed[WRITE_UNITS],
            "read_units": self.whole.billed[READ_UNITS],
            "standard_transitions": self.whole.billed[TRANSITIONS],
            "kms_calls": self.whole.billed[KMS],
            "log_bytes": self.whole.billed[LOG_BYTES],
            "traces": round(self.whole.billed[TRACES], 4),
            "largest_item": self.whole.largest_item,
        }


@contextmanager
def metered_world(stores: int = 1, **settings: Any) -> Iterator[MeteredWorld]:
    """A world that has begun, its hosts' books in a folder that is removed."""
    with tempfile.TemporaryDirectory() as folder:
        world = MeteredWorld(Path(folder), **settings)
        world.stores = [_store(number) for number in range(stores)]
        with world.running():
            world.begin()
            yield world


def count(operation: Operation, **settings: Any) -> Counted:
    """An operation on a warm platform, without the janitor and what else runs by the clock."""
    with metered_world(**settings) as world:
        till = Till(world, world.stores[0])
        _warm_up(till)
        operation.before(till)
        world.count(AFTERWARDS_S)
        till.ask("GET", "payment", None, WARM)  # the store is read anew every minute
        world.stop_clocks()
        world.tally.largest_item = 0
        before = world.count()
        operation.story(till)
        answered = world.count().since(before)
        return Counted(answered, world.count(AFTERWARDS_S).since(before).since(answered))


def _warm_up(till: Till) -> None:
    """Every function that takes part has run and holds its keys and numbers."""
    till.pay(f"{WARM}-M", card=MASTERCARD)
    till.pay(WARM, hours=None, card=VISA)
    till.change("capture", WARM, f"{WARM}-C", "60.00")
    till.change("refund", WARM, f"{WARM}-R", "10.00")
    till.pay(f"{WARM}-V", hours=None)
    till.change("cancel", f"{WARM}-V", f"{WARM}-X")


def _store(number: int) -> Store:
    """All alike: two currencies, both networks, no authentication of payers."""
    return a_store(
        sid=f"S03{number:04d}",
        routes=(
            ("Visa", (Route("visa", "400001"),)),
            ("Mastercard", (Route("mastercard", "500001"),)),
        ),
        currencies=CURRENCIES,
        authentication="none",
        cut_off=CUT_OFF,
        webhook=f"https://shop.example/{number}",
    )

"""Requests to DynamoDB of each operation and the items that they read, while a store's table grows
from 1,000 payments to 100,000: what reads more the longer a store trades is found here.

Counted exactly, on the embedded DynamoDB, each page of a query. All payments are one store's;
every tenth is authorized and waits for its capture in the index that the janitor reads. A business
date has a thousand payments, the postings of its captures on pages.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench import growth_chart
from bench.row import Row
from local.embedded import EmbeddedAws
from tests.support.gateway import Gateway
from tests.support.memory import VISA_CARD, a_store
from tests.support.tables import client, new_table
from tidegate.adapters.dynamodb.ledger import DynamoLedger
from tidegate.adapters.dynamodb.orders import DynamoOrders
from tidegate.adapters.dynamodb.payments import DynamoPayments
from tidegate.adapters.dynamodb.records import pack
from tidegate.adapters.dynamodb.table import Table, marshal
from tidegate.domain.errors import DuplicateTransaction
from tidegate.domain.ledger import CAPTURE, BatchKey, Movement
from tidegate.domain.message import Card
from tidegate.domain.money import Money
from tidegate.domain.payment import IdempotencyRecord, Payment, require_payment
from tidegate.domain.transitions import Operation as Kind
from tidegate.services.commands import CreateOrder
from tidegate.services.link_orders import link_of
from tidegate.services.record_postings import PAGE_MOVEMENTS

SIZES = (1_000, 10_000, 100_000)
WAITING = 10
"""Every so manieth payment is only authorized."""
A_DAY = 1_000
FIRST_DAY = date(2025, 3, 4)
BATCH = 25
"""The most that BatchWriteItem takes."""
WRITERS = 4
DUE_S = 60.0
"""Longer than an intent may stay without an outcome."""
TRANS_TIME = "2025-03-04T09:10:11Z"


@dataclass
class Shop:
    """A store on one table, and the number of the round that is counted."""

    table: Table
    gateway: Gateway
    ledger: DynamoLedger
    round: int = 0
    stored: int = 0

    def name(self, what: str) -> str:
        """An id that no other round uses."""
        return f"{what}-{self.round}"

    @property
    def today(self) -> BatchKey:
        """The business date after those that are stored."""
        return self.day(self.stored // A_DAY)

    @property
    def yesterday(self) -> BatchKey:
        return self.day(self.stored // A_DAY - 1)

    def day(self, number: int) -> BatchKey:
        """The batch of a date by its number; each round before has taken one besides."""
        day = FIRST_DAY + timedelta(days=number + self.round)
        return BatchKey(self.gateway.store.sid, "HKD", f"{day:%Y%m%d}")

    def pay(self, name: str, **more: Any) -> Payment:
        return self.gateway.pay(self.name(name), **more)

    def model(self, trans_id: str, **more: Any) -> Payment:
        """A new payment as it stands in the table."""
        self.gateway.pay(trans_id, **more)
        return require_payment(self.gateway.payments.get(self.gateway.store.sid, trans_id))

    def pay_again(self, name: str) -> None:
        with suppress(DuplicateTransaction):
            self.pay(name, hours=0)
            raise AssertionError("an id was taken twice")

    def change(self, kind: str, of: str, minor: int | None = None) -> object:
        return self.gateway.change(kind, self.name(f"{kind}-{of}"), minor, of=self.name(of))

    def abandon(self, name: str) -> None:
        """A payment whose function ended before it was sent; its intent is due soon."""
        with patch.object(self.gateway, "run", return_value=None):
            self.pay(name)

    def order(self) -> str:
        """The link of a new order."""
        command = CreateOrder(self.name("LINK"), TRANS_TIME, Money(10_000, "HKD"), 30)
        return link_of(self.gateway.link_orders.create(self.gateway.store, command).order)

    def keyed(self) -> IdempotencyRecord:
        sid = self.gateway.store.sid
        return IdempotencyRecord(sid, self.name("KEY"), self.name("KEYED"), "f" * 64)


Story = Callable[[Shop], object]


@dataclass(frozen=True)
class Operation:
    """``before`` is not counted; what it gives is handed to ``story``."""

    story: Callable[[Shop, Any], object]
    before: Story = lambda _: None


OPERATIONS: dict[str, Operation] = {
    "authorize and capture": Operation(lambda shop, _: shop.pay("SALE", hours=0)),
    "authorize": Operation(lambda shop, _: shop.pay("AUTH")),
    "the same id again": Operation(
        lambda shop, _: shop.pay_again("TWICE"),
        lambda shop: shop.pay("TWICE", hours=0),
    ),
    "the same key again": Operation(
        lambda shop, _: shop.pay("KEYED", hours=0, idempotency=shop.keyed()),
        lambda shop: shop.pay("KEYED", hours=0, idempotency=shop.keyed()),
    ),
    "capture": Operation(
        lambda shop, _: shop.change("capture", "C", 10_000), lambda shop: shop.pay("C")
    ),
    "partial capture": Operation(
        lambda shop, _: shop.change("capture", "P", 6_000), lambda shop: shop.pay("P")
    ),
    "cancel": Operation(lambda shop, _: shop.change("cancel", "X"), lambda shop: shop.pay("X")),
    "refund": Operation(
        lambda shop, _: shop.change("refund", "R", 4_000), lambda shop: shop.pay("R", hours=0)
    ),
    "query a payment": Operation(
        lambda shop, _: shop.gateway.query.payment(shop.gateway.store.sid, shop.name("SALE"))
    ),
    "query a refund": Operation(
        lambda shop, _: shop.gateway.query.operation(
            shop.gateway.store.sid, shop.name("refund-R"), (Kind.REFUND,)
        )
    ),
    "create a link": Operation(lambda shop, _: shop.order()),
    "pay by a link": Operation(
        lambda shop, link: shop.gateway.pay_order(
            link, Card(VISA_CARD, "4912", "321"), None, "https://pay.example/l"
        ),
        lambda shop: shop.order(),
    ),
    "janitor, nothing due": Operation(lambda shop, _: shop.gateway.sweep_now()),
    "janitor, one intent due": Operation(
        lambda shop, _: shop.gateway.sweep_now(later_s=DUE_S), lambda shop: shop.abandon("LOST")
    ),
    "book 100 postings": Operation(
        lambda shop, _: shop.ledger.add(shop.today, _movements(shop.today, range(100)))
    ),
    "read a day's postings": Operation(lambda shop, _: list(shop.ledger.movements(shop.yesterday))),
    "close a batch": Operation(lambda shop, _: shop.ledger.close(shop.today)),
    "find the batch before": Operation(lambda shop, _: shop.ledger.previous(shop.today)),
}


@dataclass
class Reads:
    """What an operation asked of DynamoDB."""

    requests: int = 0
    items: int = 0
    """Looked at, not only handed over."""


@contextmanager
def counted(table: Table) -> Iterator[Reads]:
    """Counts what goes through ``table`` meanwhile."""
    reads = Reads()
    call = table._client.call

    def counting(operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = call(operation, given)
        reads.requests += 1
        reads.items += answer.get("ScannedCount", int("Item" in answer))
        return answer

    with patch.object(table._client, "call", counting):
        yield reads


def measure() -> Iterator[Row]:
    """A row for each operation: how much more it asks at one size than at another."""
    counts = count()
    asked = {name: [one.requests for one in found] for name, found in counts.items()}
    growth_chart.draw(SIZES, asked)
    for name, found in counts.items():
        requests, items = [one.requests for one in found], [one.items for one in found]
        yield Row(
            part="growth",
            figure=f"{name}: growth",
            value=max(requests) - min(requests) + max(items) - min(items),
            goal=0,
            measured=f"{_row(requests)} requests, {_row(items)} items",
            yardstick=f"at {_row([f'{size // 1000} k' for size in SIZES])} payments",
        )


def _row(values: Iterable[object]) -> str:
    return " · ".join(map(str, values))


def count(sizes: Iterable[int] = SIZES) -> dict[str, list[Reads]]:
    """What each operation asks at each size."""
    found: dict[str, list[Reads]] = {name: [] for name in OPERATIONS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        with EmbeddedAws(path, path / "engine.log") as engine:
            shop = _shop(engine.endpoint_url)
            writer = client(engine.endpoint_url)
            models = (shop.model("MODEL-C", hours=0), shop.model("MODEL-A"))
            for shop.round, size in enumerate(sizes):
                _store(writer, shop, models, range(shop.stored, size))
                shop.stored = size
                for name, operation in OPERATIONS.items():
                    given = operation.before(shop)
                    with counted(shop.table) as reads:
                        operation.story(shop, given)
                    found[name].append(reads)
    return found


def _shop(endpoint_url: str) -> Shop:
    table = new_table(endpoint_url, "growth")
    gateway = Gateway(a_store(authentication="none"), DynamoPayments(table))
    orders = DynamoOrders(table)
    gateway.link_orders = replace(gateway.link_orders, orders=orders)
    gateway.pay_order = replace(gateway.pay_order, orders=orders, links=gateway.link_orders)
    return Shop(table, gateway, DynamoLedger(table))


def _store(writer: Any, shop: Shop, models: tuple[Payment, Payment], numbers: range) -> None:
    """Write payments straight into the table, like two that were really made, and their postings
    through the ledger."""
    captured, authorized = models
    items = (
        pack(replace(captured if number % WAITING else authorized, trans_id=f"STORED-{number}"))
        for number in numbers
    )
    requests = [
        {"PutRequest": {"Item": {name: marshal(value) for name, value in item.items()}}}
        for item in items
    ]
    batches = [requests[start : start + BATCH] for start in range(0, len(requests), BATCH)]
    with ThreadPoolExecutor(WRITERS) as pool:
        for answer in pool.map(
            lambda batch: writer.batch_write_item(RequestItems={shop.table.name: batch}), batches
        ):
            assert not answer["UnprocessedItems"]
    for day in range(numbers.start // A_DAY, numbers.stop // A_DAY):
        for start in range(0, A_DAY, PAGE_MOVEMENTS):
            row = range(start, min(start + PAGE_MOVEMENTS, A_DAY))
            shop.ledger.add(shop.day(day), _movements(shop.day(day), row))


def _movements(key: BatchKey, numbers: range) -> list[Movement]:
    return [
        Movement(
            trans_id=f"STORED-{key.day}-{number}",
            version=2,
            kind=CAPTURE,
            operation_trans_id="",
            network="visa",
            acquirer_id="400001",
            gross_minor=10_000,
            fee_minor=290,
            day=key.day,
        )
        for number in numbers
        if number % WAITING
    ]

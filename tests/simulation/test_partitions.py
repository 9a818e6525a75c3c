"""No key of the table is hot: a thousand payments a second in one store, counted per key.

DynamoDB gives a partition 1,000 write units a second; half of that is what one key may take here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from local.meter.items import write_units
from tests.simulation.dynamodb import Database, SimulatedWire
from tests.simulation.functions import resources
from tests.support.gateway import Gateway
from tests.support.memory import MASTERCARD_CARD, VISA_CARD, a_store
from tests.support.meter import INDEXES
from tidegate.adapters.dynamodb.ledger import DynamoLedger
from tidegate.adapters.dynamodb.payments import DynamoPayments
from tidegate.adapters.dynamodb.request_counter import DynamoRequestCounter
from tidegate.adapters.dynamodb.sequences import LeasedSequences
from tidegate.adapters.dynamodb.stream import events_in
from tidegate.adapters.dynamodb.table import Table
from tidegate.domain.message import Card
from tidegate.services.record_postings import RecordPostings
from tidegate.services.traffic import FREE, TrafficControl

PER_SECOND = 1_000
PROCESSES = 400
"""Of 256 MB, each with one payment at a time, where issuers take 400 ms."""
KEY_LIMIT = 500
ATTEMPTS = 1.02


class Loads:
    """Write units by key of the table and of its index; requests by kind."""

    def __init__(self) -> None:
        self.units: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self._transaction = False

    def through(self, operation: str, effect: Any) -> Any:
        self.requests[operation] += 1
        self._transaction = operation == "TransactWriteItems"
        return effect()

    def write(self, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
        images = (before or {}, after)
        of_table = write_units(*images, (), transaction=self._transaction)
        self.units[after["p"]["S"]] += of_table
        units = write_units(*images, INDEXES, transaction=self._transaction) - of_table
        for item in (before, after):
            if units and item and "k" in item:
                self.units[f"due index {item['k']['S']}"] += 1


@pytest.fixture(scope="module")
def loads() -> Loads:
    """One second of payments that are captured at once, and what follows from them."""
    random, loads, database = Random(4), Loads(), Database()
    database.watchers.append(loads.write)
    table = Table("tidegate", SimulatedWire(database, loads.through))
    store = a_store(requests_per_s=2 * PER_SECOND)
    gateway = Gateway(store, DynamoPayments(table))
    gateway.create = replace(gateway.create, sequences=LeasedSequences(table))
    doors = [
        TrafficControl(DynamoRequestCounter(table), gateway.clock, 0) for _ in range(PROCESSES)
    ]
    for door in doors:  # the worst second: everybody has used up what is free
        for _ in range(FREE):
            door.admit(store, urgent=False)
    for number in range(PER_SECOND):
        random.choice(doors).admit(store, urgent=False)
        card = Card(random.choice((VISA_CARD, MASTERCARD_CARD)), "4912", "321")
        gateway.pay(f"PAY-{number}", 100 * random.randrange(1, 900), hours=0, means=card)
    events = resources()["RecordPostingsFunction"]["Properties"]["Events"]
    (source,) = (one["Properties"] for one in events.values())
    postings = RecordPostings(DynamoLedger(table))
    for shard in database.shards:
        changes = [one for one in shard if one["dynamodb"]["NewImage"].get("t") == {"S": "p"}]
        for start in range(0, len(changes), source["BatchSize"]):
            batch = changes[start : start + source["BatchSize"]]
            postings(event for one in batch for event in events_in(one))
    return loads


def test_no_key_takes_more_than_half_a_partition(loads: Loads) -> None:
    hottest = loads.units.most_common(12)
    assert hottest[0][1] <= KEY_LIMIT, hottest


def test_a_payment_is_written_hardly_more_often_than_it_must_be(loads: Loads) -> None:
    payments = loads.requests["PutItem"]
    changes = loads.requests["UpdateItem"]
    assert payments == PER_SECOND
    counted = sum(units for key, units in loads.units.items() if key.startswith(("Q#", "N#", "L#")))
    assert (payments + changes - counted) / (2 * PER_SECOND) <= ATTEMPTS

"""A batch's movements on every engine: pages that fill up, and writers beside the close."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tidegate.adapters.dynamodb.ledger import PAGE_BYTES, SHARDS, DynamoLedger, _shard_of
from tidegate.adapters.dynamodb.table import Item, Table
from tidegate.domain.errors import BatchClosed
from tidegate.domain.ledger import CAPTURE, BatchKey, Movement
from tidegate.ports_settlement import CLOSED, OPEN

pytestmark = pytest.mark.xdist_group("conformance")
DAY = BatchKey("S024116", "HKD", "20250304")
BYTES = 60
"""About what a packed movement takes."""


def movement(number: int, kind: str = CAPTURE) -> Movement:
    return Movement(f"PAY-{number:04}", 2, kind, "", "visa", "400001", 10_000, 280, DAY.day)


def some(count: int, start: int = 0) -> list[Movement]:
    return [movement(start + number) for number in range(count)]


def pages(table: Table) -> list[Item]:
    """Shard by shard, in their order."""
    return [item for shard in range(SHARDS) for item in table.query(_shard_of(DAY, shard))]


def test_what_was_added_is_read_back(table: Table) -> None:
    ledger = DynamoLedger(table)
    ledger.add(DAY, some(3))
    assert list(ledger.movements(DAY)) == some(3)
    batch = ledger.batch(DAY)
    assert batch is not None
    assert batch.status == OPEN


def test_the_same_delivery_changes_nothing(table: Table) -> None:
    ledger = DynamoLedger(table)
    ledger.add(DAY, some(3))
    before = pages(table)
    DynamoLedger(table).add(DAY, some(3)[::-1])
    assert pages(table) == before


def test_a_full_page_is_followed_by_another(table: Table) -> None:
    """Deliveries that begin with the same movement come to the same shard."""
    ledger = DynamoLedger(table)
    for number in range(1, 61):
        ledger.add(DAY, [movement(0), movement(number)])
    assert list(ledger.movements(DAY)) == some(61)
    found = pages(table)
    assert len({item["p"] for item in found}) == 1
    assert len(found) > 2
    assert max(len(str(item["b"])) for item in found) < PAGE_BYTES + 3 * BYTES


def test_who_comes_late_to_full_pages_finds_the_last(table: Table) -> None:
    early, other = DynamoLedger(table), DynamoLedger(table)
    early.add(DAY, some(1))
    for number in range(1, 41):
        other.add(DAY, [movement(0), movement(number)])
    early.add(DAY, [movement(0), movement(99)])
    assert list(early.movements(DAY)) == [*some(41), movement(99)]
    names = [item["s"] for item in pages(table)]
    assert names == [f"p{number:06}" for number in range(len(names))]


def test_nothing_enters_a_closed_batch_by_any_shard(table: Table) -> None:
    """Neither from who has added to it before, nor from who sees it for the first time."""
    knows = DynamoLedger(table)
    knows.add(DAY, some(1))
    assert DynamoLedger(table).close(DAY).status == CLOSED
    for ledger in (knows, DynamoLedger(table)):
        for number in range(4 * SHARDS):
            with pytest.raises(BatchClosed):
                ledger.add(DAY, [movement(1 + number)])
    assert list(knows.movements(DAY)) == some(1)


def test_a_page_that_was_full_when_the_batch_closed_leads_nowhere(table: Table) -> None:
    ledger = DynamoLedger(table)
    ledger.add(DAY, some(30))  # fills a page at once
    DynamoLedger(table).close(DAY)
    with pytest.raises(BatchClosed):
        ledger.add(DAY, [movement(0), movement(99)])
    assert list(ledger.movements(DAY)) == some(30)


def test_closing_again_changes_nothing(table: Table) -> None:
    ledger = DynamoLedger(table)
    ledger.add(DAY, some(2))
    ledger.close(DAY)
    before = pages(table)
    assert DynamoLedger(table).close(DAY).status == CLOSED
    assert pages(table) == before


def test_a_close_that_died_half_way_is_finished(table: Table) -> None:
    """Some shards sealed, the batch still said to be open: who comes is refused or taken, but what
    is read once it is closed stays as it is."""
    ledger = DynamoLedger(table)
    ledger.add(DAY, some(1))
    for shard in range(SHARDS // 2):
        ledger._end(DAY, shard)
    taken = []
    for number in range(1, 4 * SHARDS):
        try:
            ledger.add(DAY, [movement(number)])
        except BatchClosed:
            continue
        taken.append(movement(number))
    assert 0 < len(taken) < 4 * SHARDS - 1
    ledger.close(DAY)
    assert set(ledger.movements(DAY)) >= set(taken)
    assert len(list(ledger.movements(DAY))) <= 1 + len(taken)


def test_rows_from_before_there_were_pages_are_read(table: Table) -> None:
    ledger = DynamoLedger(table)
    ledger.add(DAY, some(1))
    lines = "\n".join(f"PAY-{number:04}|2|c||visa|400001|10000|280|{DAY.day}" for number in (1, 2))
    table.put({"p": _shard_of(DAY, 3), "s": "f" * 16, "t": "l", "y": 1, "b": lines})
    assert list(ledger.movements(DAY)) == some(3)
    ledger.close(DAY)
    for number in range(3, 3 + 4 * SHARDS):
        with pytest.raises(BatchClosed):
            ledger.add(DAY, [movement(number)])
    assert list(ledger.movements(DAY)) == some(3)


def test_what_writers_were_told_is_what_a_close_beside_them_left(table: Table) -> None:
    """Four writers add until they are refused; the batch is closed and read under their hands."""
    first = DynamoLedger(table)
    first.add(DAY, some(1))

    def write(writer: int) -> list[Movement]:
        ledger, taken = DynamoLedger(table), []
        for number in range(400):
            delivery = some(3, start=1 + 3 * (writer * 400 + number))
            try:
                ledger.add(DAY, delivery)
            except BatchClosed:
                break
            taken += delivery
        return taken

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, number) for number in range(4)]
        while len(list(first.movements(DAY))) < 50:
            assert not all(writer.done() for writer in writers), "nobody writes any more"
        first.close(DAY)
        read = set(first.movements(DAY))
        taken = {one for writer in writers for one in writer.result()}
    assert taken <= read
    assert set(first.movements(DAY)) == read

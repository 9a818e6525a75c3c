"""What a store's requests are counted by, on every engine."""

from __future__ import annotations

import pytest

from tidegate.adapters.dynamodb.request_counter import DynamoRequestCounter
from tidegate.adapters.dynamodb.table import Table

pytestmark = pytest.mark.xdist_group("conformance")


def test_a_window_is_counted_on(table: Table) -> None:
    counter = DynamoRequestCounter(table)
    assert [counter.take("S000001", 7, 10) for _ in range(3)] == [10, 20, 30]


def test_a_new_window_begins_anew(table: Table) -> None:
    counter = DynamoRequestCounter(table)
    counter.take("S000001", 7, 10)
    assert counter.take("S000001", 8, 10) == 10
    assert counter.take("S000001", 8, 10) == 20


def test_a_clock_that_is_behind_joins_the_newer_window(table: Table) -> None:
    counter = DynamoRequestCounter(table)
    counter.take("S000001", 8, 10)
    assert counter.take("S000001", 7, 10) == 20


def test_stores_are_counted_apart(table: Table) -> None:
    counter = DynamoRequestCounter(table)
    counter.take("S000001", 7, 10)
    assert counter.take("S000002", 7, 10) == 10

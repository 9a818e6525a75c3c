"""DynamoDB's units, by the examples of its documentation and by hand."""

from __future__ import annotations

from typing import Any

import pytest

from local.meter.items import checked_units, item_bytes, read_units, write_units

DUE = [("k", "d")]


def item(size: int, **more: Any) -> dict[str, Any]:
    """An item of so many bytes."""
    rest = size - item_bytes({"x": {"S": ""}, **more})
    return {"x": {"S": "·" * (rest // 2) + "." * (rest % 2)}, **more}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "häuser"}, 7),
        ({"B": b"\x00" * 5}, 5),
        ({"B": "AAAAAAAA"}, 6),
        ({"N": "1741100400"}, 7),
        ({"N": "-27"}, 3),
        ({"BOOL": True}, 1),
        ({"M": {"a": {"S": "b"}}}, 3 + 2 + 1),
        ({"L": [{"S": "ab"}, {"N": "1"}]}, 3 + 3 + 3),
        ({"SS": ["ab", "c"]}, 3),
    ],
)
def test_attributes_weigh_their_name_and_value(value: dict[str, Any], size: int) -> None:
    assert item_bytes({"name": value}) == 4 + size


def test_a_kind_without_arithmetic_is_an_error() -> None:
    with pytest.raises(ValueError, match="NS"):
        item_bytes({"tags": {"NS": ["1"]}})


@pytest.mark.parametrize(
    ("old", "new", "single", "in_transaction"),
    [(0, 1, 1, 2), (0, 1_024, 1, 2), (0, 1_025, 2, 4), (3_000, 100, 3, 6), (100, 3_500, 4, 8)],
)
def test_the_larger_of_old_and_new_counts(
    old: int, new: int, single: int, in_transaction: int
) -> None:
    before, after = (item(size) if size else {} for size in (old, new))
    assert write_units(before, after, (), transaction=False) == single
    assert write_units(before, after, (), transaction=True) == in_transaction


def test_an_index_costs_by_what_happens_to_its_key() -> None:
    without = item(100)
    here, there = (item(100, k={"S": "D1"}, d={"N": str(at)}) for at in (1, 2))
    assert write_units(without, without, DUE, transaction=False) == 1
    assert write_units(without, here, DUE, transaction=False) == 2
    assert write_units(here, without, DUE, transaction=False) == 2
    assert write_units(here, here, DUE, transaction=False) == 1
    assert write_units(here, there, DUE, transaction=False) == 3
    assert write_units(here, there, DUE, transaction=True) == 4


def test_checks_and_refusals_are_billed_by_what_they_met() -> None:
    assert checked_units({}, transaction=False) == 1
    assert checked_units(item(1_500), transaction=False) == 2
    assert checked_units(item(1_500), transaction=True) == 4


@pytest.mark.parametrize(("size", "units"), [(0, 1), (4_096, 1), (4_097, 2), (12_000, 3)])
def test_reads_are_billed_in_steps_of_four_kib(size: int, units: int) -> None:
    assert read_units(size, consistent=True) == units
    assert read_units(size, consistent=False) == units / 2

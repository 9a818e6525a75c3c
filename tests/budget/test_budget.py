"""Every operation costs what the budget says, and not one request, unit or transition more."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.budget import budgets, differences
from bench.operations import OPERATIONS, count, metered_world
from bench.till import Till
from local.meter.prices import Prices
from local.meter.tally import KMS, TRANSITIONS, WRITE_UNITS, Tally
from tidegate.adapters.dynamodb.table import Table

GOALS = {
    # The design's budgets, docs/cost.md: units for a reference payment, calls over all functions.
    "authorize and capture": {"aws_calls": 4, "write_units": 4, "kms_calls": 0},
    "full capture": {"write_units": 8},
    "partial capture": {"write_units": 8},
    "refund": {"write_units": 10},
    "cancel": {"write_units": 10},
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_costs_what_its_budget_says(name: str) -> None:
    assert differences(budgets()[name], count(OPERATIONS[name]).figures()) == []


def test_the_budget_stays_within_the_design() -> None:
    for name, goals in GOALS.items():
        for figure, goal in goals.items():
            assert budgets()[name][figure] <= goal, (name, figure)
    assert all(budget["standard_transitions"] == 0 for budget in budgets().values())


def test_every_operation_has_a_budget() -> None:
    assert budgets().keys() == OPERATIONS.keys()


def test_one_request_more_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Table.put

    def twice(self: Table, item: object, condition: object = None) -> None:
        plain(self, item, condition)  # type: ignore[arg-type]
        self.get(str(item["p"]), str(item["s"]))  # type: ignore[index]

    monkeypatch.setattr(Table, "put", twice)
    name = "authorize and capture"
    found = differences(budgets()[name], count(OPERATIONS[name]).figures())
    assert found == ["aws_calls: 5, budget 4", "read_units: 3, budget 2"]


def test_cold_processes_ask_kms_and_warm_ones_do_not() -> None:
    with metered_world() as world:
        till = Till(world, world.stores[0])
        began = world.count()
        till.pay("COLD")
        cold = world.count().since(began)
        till.pay("WARM")
        warm = world.count().since(began).since(cold)
    assert cold.billed[KMS] > 0
    assert warm.billed[KMS] == 0
    # What is known of a card's range, or that nothing is, is kept for an hour.
    assert [one.calls["dynamodb BatchGetItem"] for one in (cold, warm)] == [1, 0]
    assert warm.billed[WRITE_UNITS] < cold.billed[WRITE_UNITS]  # keys are kept, numbers leased


def test_what_has_no_price_cannot_be_priced(tmp_path: Path) -> None:
    tally = Tally()
    tally.add("wishes")
    with pytest.raises(KeyError, match="wishes"):
        Prices.read().dollars(tally)


def test_prices_add_up() -> None:
    tally = Tally()
    tally.add(TRANSITIONS, 40_000)
    tally.function(memory_mb=256, seconds=0.4001)
    dollars = 40_000 * 25 / 1e6 + 0.2 / 1e6 + 0.25 * 0.401 * 13.3334 / 1e6
    assert Prices.read().dollars(tally) == pytest.approx(dollars)

"""settlement.asl.json: what it costs, what it repeats and what it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
TRANSITIONS = 10  # a batch with two networks; one transition costs as much as 40 writes


@pytest.fixture
def machine() -> dict[str, Any]:
    definition: dict[str, Any] = json.loads(
        (ROOT / "statemachines" / "settlement.asl.json").read_text()
    )
    return definition


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every state, those inside a Map too."""
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


def entered(machine: dict[str, Any], items: int) -> list[str]:
    """The states of a run in which nothing fails and each Map has so many items."""
    path: list[str] = []
    name: str | None = machine["StartAt"]
    while name is not None:
        state = machine["States"][name]
        path.append(name)
        if "ItemProcessor" in state:
            path += entered(state["ItemProcessor"], items) * items
        name = state.get("Next")
    return path


def test_a_batch_of_two_networks_stays_within_its_transitions(machine: dict[str, Any]) -> None:
    path = entered(machine, items=2)
    assert len(path) + 1 <= TRANSITIONS  # the start counts as well
    assert path == [
        "Close the batch",
        "Clear with each network",
        "Deliver the clearing file",
        "Deliver the clearing file",
        "Settle the batch",
        "Announce",
    ]


def test_every_task_is_tried_again_with_growing_waits(machine: dict[str, Any]) -> None:
    tasks = [state for _, state in states(machine) if state["Type"] == "Task"]
    assert len(tasks) == 4
    for task in tasks:
        last = task["Retry"][-1]
        assert last["ErrorEquals"] == ["States.ALL"]
        assert last["MaxAttempts"] >= 3
        assert last["BackoffRate"] > 1


@pytest.mark.parametrize(
    ("state", "error"),
    [("Close the batch", "InvalidValue"), ("Deliver the clearing file", "FileRejected")],
)
def test_what_does_not_heal_is_not_repeated(
    machine: dict[str, Any], state: str, error: str
) -> None:
    first = dict(states(machine))[state]["Retry"][0]
    assert error in first["ErrorEquals"]
    assert first["MaxAttempts"] == 0


def test_a_batch_gives_the_one_before_it_time_to_be_settled(machine: dict[str, Any]) -> None:
    rule = dict(states(machine))["Settle the batch"]["Retry"][0]
    assert rule["ErrorEquals"] == ["BatchOutOfOrder"]
    rate, interval = rule["BackoffRate"], rule["IntervalSeconds"]
    assert sum(interval * rate**n for n in range(rule["MaxAttempts"])) >= 2 * 3600

"""notices.asl.json: what a backlog costs in transitions, walked with the answers of real rounds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.unit.notices.house import House
from tidegate.services.notice_schedule import LIFE_S

MACHINE = Path(__file__).resolve().parents[3] / "statemachines" / "notices.asl.json"


def states() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(MACHINE.read_text())["States"]
    return found


def walked(house: House, run: int) -> list[str]:
    """The states that the execution of a run enters."""
    path, name = [], "Wait"
    given = {"waitS": house.runs[run], "done": False, "parked": False}
    while True:
        path.append(name)
        state = states()[name]
        if state["Type"] == "Task":
            came_of = house.look(run, given["waitS"])
            given = {
                "waitS": came_of.wait_s or 0,
                "done": came_of.wait_s is None,
                "parked": bool(came_of.parked),
            }
        if state.get("End"):
            return path
        name = state.get("Next") or _chosen(state, given)


def _chosen(state: dict[str, Any], given: dict[str, Any]) -> str:
    for choice in state["Choices"]:
        if given[choice["Condition"].removeprefix("{% $states.input.").removesuffix(" %}")]:
            return str(choice["Next"])
    return str(state["Default"])


def test_one_refusal_costs_four_transitions_and_a_start() -> None:
    house = House()
    house.gateway.pay()
    house.endpoint.next = [False]
    house.first_try()
    assert walked(house, 1) == ["Wait", "Redeliver", "What is left?", "Nothing is left"]


def test_three_days_of_refusals_end_in_parked() -> None:
    house = House()
    house.gateway.pay()
    house.endpoint.otherwise = False
    began = house.clock.at
    house.first_try()
    path = walked(house, 1)
    assert path[-1] == "Parked"
    assert (len(path), path.count("Redeliver")) == (37, 12)
    assert house.clock.at - began == LIFE_S


def test_a_fault_of_ours_is_tried_again_for_hours_and_throttling_for_longer() -> None:
    throttled, fault = states()["Redeliver"]["Retry"]
    assert throttled["ErrorEquals"] == ["Lambda.TooManyRequestsException"]
    assert fault["ErrorEquals"] == ["States.ALL"]
    for retry in (throttled, fault):
        waits = (
            min(retry["MaxDelaySeconds"], retry["IntervalSeconds"] * retry["BackoffRate"] ** n)
            for n in range(retry["MaxAttempts"])
        )
        assert sum(waits) / 2 > 2 * 3600, "on average, under full jitter"

"""When a settlement is started, by what name, and what follows one that died."""

from __future__ import annotations

import json

import boto3
import pytest

from local import deploy
from tests.support.memory import a_store
from tests.unit.settlement.house import DAY_S, FIRST_DAY, SECOND_DAY, House, key
from tidegate.adapters.settlement import StandardSettlementWorkflow

CUT_OFF = 1_741_100_400  # 2025-03-04T23:00:00+08:00


def test_a_batch_is_started_after_its_cut_off_and_grace(house: House) -> None:
    house.capture("BOOK", 1_000)
    house.stream("BOOK")
    house.clock.at = CUT_OFF + 899
    assert house.start() == 0
    house.clock.at = CUT_OFF + 900
    assert house.start() == 1
    assert house.machine.started == [key()]


def test_each_currency_and_each_day_that_is_due_is_started(house: House) -> None:
    house.capture("HKD-1", 1_000)
    house.capture("JPY-1", 500, currency="JPY")
    house.clock.at += DAY_S
    house.capture("HKD-2", 1_000)
    house.stream("HKD-1", "JPY-1", "HKD-2")
    house.clock.at = CUT_OFF + DAY_S
    house.start()
    assert house.machine.started == [key(), key(currency="JPY")]
    house.clock.at += 900
    house.start()
    assert set(house.machine.started) == {key(), key(currency="JPY"), key(SECOND_DAY)}


def test_what_is_announced_is_over_and_what_is_not_is_started_again(house: House) -> None:
    house.capture("BOOK", 1_000)
    house.stream("BOOK")
    house.clock.at = CUT_OFF + 900
    for network, acquirer_id in house.close(key(), now=False):
        house.deliver(key(), network, acquirer_id)
    result = house.settle(key())
    house.start()
    assert house.machine.started == [key()]
    house.announce(key(), result)
    house.start()
    assert house.machine.started == [key()]


def test_the_cut_off_is_the_stores_own(house: House) -> None:
    house.gateway.stores.put(a_store(time_zone="America/New_York"))
    house.gateway.store = house.gateway.stores.get("S024116")
    house.store = house.gateway.store
    house.capture("BOOK", 1_000)
    house.stream("BOOK")
    house.clock.at = CUT_OFF + 900
    assert house.start() == 0
    house.clock.at = CUT_OFF + 13 * 3600 + 900
    assert house.start() == 1
    assert house.machine.started == [key(FIRST_DAY)]


@pytest.fixture
def machine(aws: None) -> str:
    """The ARN of a state machine whose executions stay running."""
    client = boto3.client("stepfunctions", region_name=deploy.REGION)
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Pass", "End": True}}}
    made = client.create_state_machine(
        name="settlement",
        definition=json.dumps(definition),
        roleArn="arn:aws:iam::123456789012:role/any",
    )
    arn: str = made["stateMachineArn"]
    return arn


def test_one_execution_per_batch_named_after_it(machine: str) -> None:
    client = boto3.client("stepfunctions", region_name=deploy.REGION)
    workflow = StandardSettlementWorkflow(machine)
    assert workflow.start(key()) is True
    workflow.start(key())
    (execution,) = client.list_executions(stateMachineArn=machine)["executions"]
    assert execution["name"] == "S024116-HKD-20250304-1"
    given = client.describe_execution(executionArn=execution["executionArn"])["input"]
    assert json.loads(given) == {"sid": "S024116", "currency": "HKD", "businessDate": FIRST_DAY}


def test_a_dead_execution_is_followed_by_another(machine: str) -> None:
    client = boto3.client("stepfunctions", region_name=deploy.REGION)
    workflow = StandardSettlementWorkflow(machine)
    workflow.start(key())
    (execution,) = client.list_executions(stateMachineArn=machine)["executions"]
    client.stop_execution(executionArn=execution["executionArn"])
    assert workflow.start(key()) is True
    workflow.start(key())
    names = {one["name"] for one in client.list_executions(stateMachineArn=machine)["executions"]}
    assert names == {"S024116-HKD-20250304-1", "S024116-HKD-20250304-2"}

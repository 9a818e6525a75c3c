"""Backlogs in the table, runs in Step Functions, and the operator's commands over both."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from tests.support.gateway import Gateway
from tidegate import operator
from tidegate.adapters.dynamodb.outstanding_notices import DynamoOutstandingNotices
from tidegate.adapters.dynamodb.payments import DynamoPayments
from tidegate.adapters.notices import StandardRedelivery
from tidegate.domain.errors import StaleVersion
from tidegate.ports_notices import Backlog, Waiting

SID = "S024116"
NOW = int(time.time())
ONE = Backlog(
    SID,
    "PAY-1",
    version=1,
    run=1,
    waiting=(Waiting(2, NOW - 60, 3, NOW + 240), Waiting(3, NOW, 0, NOW, heard=True)),
    wakes_at=NOW + 240,
)
DEFINITION = '{"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 9, "End": true}}}'


@pytest.fixture
def backlogs(aws: SimpleNamespace) -> DynamoOutstandingNotices:
    return DynamoOutstandingNotices(aws.table)


@pytest.fixture
def machine(aws: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> str:
    made = boto3.client("stepfunctions").create_state_machine(
        name="notices", definition=DEFINITION, roleArn="arn:aws:iam::123456789012:role/notices"
    )
    monkeypatch.setenv("NOTICES_STATE_MACHINE_ARN", made["stateMachineArn"])
    arn: str = made["stateMachineArn"]
    return arn


def inputs(machine: str) -> list[dict[str, Any]]:
    """What executions were started with, newest first."""
    client = boto3.client("stepfunctions")
    found = client.list_executions(stateMachineArn=machine)["executions"]
    return [
        json.loads(client.describe_execution(executionArn=one["executionArn"])["input"])
        for one in found
    ]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert operator.main(["--json", "notices", *arguments]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["notices"]
    return found


def test_a_backlog_comes_back_as_it_was_written(backlogs: DynamoOutstandingNotices) -> None:
    backlogs.write(None, ONE)
    assert backlogs.get(SID, "PAY-1") == ONE
    parked = replace(ONE, version=2, parked=True, wakes_at=NOW)
    backlogs.write(ONE, parked)
    assert backlogs.get(SID, "PAY-1") == parked
    empty = Backlog(SID, "PAY-1", version=3, run=1)
    backlogs.write(parked, empty)
    assert backlogs.get(SID, "PAY-1") == empty


def test_only_one_of_two_changes_is_written(backlogs: DynamoOutstandingNotices) -> None:
    backlogs.write(None, ONE)
    backlogs.write(None, ONE)  # the same once more: our own write, its answer lost
    with pytest.raises(StaleVersion):
        backlogs.write(None, replace(ONE, run=2))
    backlogs.write(ONE, replace(ONE, version=2))
    with pytest.raises(StaleVersion):
        backlogs.write(ONE, replace(ONE, version=2, run=2))


def test_a_store_lists_what_is_not_told_parked_first(backlogs: DynamoOutstandingNotices) -> None:
    backlogs.write(None, ONE)
    backlogs.write(None, replace(ONE, trans_id="PAY-2", parked=True))
    backlogs.write(None, Backlog(SID, "PAY-3", version=1, run=1))
    backlogs.write(None, replace(ONE, sid="S024117"))
    assert [one.trans_id for one in backlogs.of_store(SID)] == ["PAY-2", "PAY-1"]


def test_a_run_is_started_once(machine: str) -> None:
    workflow = StandardRedelivery(machine)
    workflow.start(ONE, 15)
    workflow.start(ONE, 9)
    assert inputs(machine) == [{"sid": SID, "transId": "PAY-1", "run": 1, "waitS": 15}]
    workflow.start(replace(ONE, run=2), 15)
    workflow.start(replace(ONE, trans_id="PAY-2"), 15)
    assert len(inputs(machine)) == 3


def test_the_operator_sees_and_takes_up_what_is_parked(
    backlogs: DynamoOutstandingNotices, machine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    backlogs.write(None, ONE)
    backlogs.write(None, replace(ONE, trans_id="PAY-2", parked=True, wakes_at=NOW))
    parked, waiting = run(capsys, "list", SID)
    assert (parked["status"], parked["nextTryInS"]) == ("parked", None)
    assert (waiting["status"], waiting["sequences"], waiting["tries"]) == ("waiting", [2, 3], 3)
    assert run(capsys, "list", SID, "--parked") == [parked]
    (taken_up,) = run(capsys, "redeliver", SID)
    assert (taken_up["transID"], taken_up["status"]) == ("PAY-2", "waiting")
    assert [one["run"] for one in inputs(machine)] == [2]
    assert run(capsys, "list", SID, "--parked") == []


def test_the_operator_sends_a_payments_notices_again(
    aws: SimpleNamespace, machine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = Gateway(payments=DynamoPayments(aws.table))
    gateway.pay()
    gateway.change("capture", "CAP-1", 8_000)
    assert run(capsys, "redeliver", SID, "PAY-1")[0]["sequences"] == [2, 3]
    assert run(capsys, "redeliver", SID, "PAY-1", "--sequence", "3")[0]["sequences"] == [2, 3]
    assert sorted(one["run"] for one in inputs(machine)) == [1, 2]
    for wrong in (["PAY-9"], ["PAY-1", "--sequence", "9"], ["--sequence", "3"]):
        assert operator.main(["notices", "redeliver", SID, *wrong]) == 1
        assert capsys.readouterr().err.startswith("Not done: ")

"""The merchant is told: signed, in order, and nobody waits for an endpoint that hangs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.demo_store import operate
from local.merchant_client import Merchant
from local.operations import Operations
from local.stack import Stack
from tests.e2e.conftest import eventually
from tidegate.adapters.webhook import TIMEOUT_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
NewId = Callable[[str], str]


def received(stack: Stack, trans_id: str) -> list[dict[str, Any]]:
    return [one for one in Operations(stack).received_webhooks() if trans_id in one["body"]]


def test_every_change_is_told_with_a_rising_sequence_and_a_valid_signature(
    stack: Stack, merchant: Merchant, new_id: NewId
) -> None:
    payment = new_id("PAY")
    merchant.payment(payment, "50.00", metadata="basket 9")
    merchant.change("capture", payment, new_id("CAP"), "50.00")
    merchant.change("refund", payment, new_id("REF"), "20.00")
    eventually(lambda: len(received(stack, payment)) >= 3)
    told = received(stack, payment)
    assert [_code(one) for one in told] == ["Payment", "Capture", "Refund"]
    order = [_sequence(one) for one in told]
    assert order == sorted(set(order))
    for one in told:
        raw = one["body"].encode()
        stamp, msg_id = _header(one, "DateTime"), _header(one, "MsgID")
        expected = merchant.sign("POST", one["path"], stamp, msg_id, raw)
        assert _header(one, "Authorization") == expected
        assert "result" not in json.loads(one["body"])


def test_what_is_acknowledged_at_once_starts_no_workflow(
    stack: Stack, merchant: Merchant, new_id: NewId
) -> None:
    payment = new_id("PAY")
    merchant.payment(payment, "10.00")
    eventually(lambda: len(received(stack, payment)) == 1)
    assert runs_of(stack, payment) == []


def test_an_endpoint_that_hangs_delays_others_once_at_most(
    stack: Stack, merchant: Merchant, new_id: NewId
) -> None:
    """The embedded queue is read by one reader, where AWS has one for every payment: the others
    wait for the first notice that hangs, and not for the next."""
    hanging = [new_id("HANG") for _ in range(4)]
    for trans_id in hanging:
        merchant.payment(trans_id, "11.00", webhook=stack.url("merchant") + "/hang")
    payment = new_id("PAY")
    merchant.payment(payment, "12.00")
    eventually(lambda: len(received(stack, payment)) == 1, within_s=TIMEOUT_S + 8)


def test_what_comes_later_waits_for_what_was_refused(
    stack: Stack, merchant: Merchant, new_id: NewId
) -> None:
    payment = new_id("PAY")
    merchant.payment(payment, "13.00", webhook=f"{stack.url('merchant')}/fail-once/{payment}")
    merchant.change("capture", payment, new_id("CAP"), "13.00")
    eventually(lambda: len(received(stack, payment)) == 3, within_s=90)
    refused, told, captured = received(stack, payment)
    assert [_code(one) for one in (refused, told, captured)] == ["Payment", "Payment", "Capture"]
    assert _header(refused, "MsgID") == _header(told, "MsgID") != _header(captured, "MsgID")
    assert _header(refused, "DateTime") < _header(told, "DateTime")
    assert _header(refused, "Authorization") != _header(told, "Authorization")
    assert refused["body"] == told["body"]
    (run,) = runs_of(stack, payment)
    eventually(lambda: _execution(stack, run)["status"] == "SUCCEEDED")
    assert len(entered(stack, run)) == 4
    assert notices(stack, "list", merchant.sid, of=payment) == []


def test_the_operator_sees_what_is_refused_and_sends_it_again(
    stack: Stack, merchant: Merchant, new_id: NewId
) -> None:
    payment = new_id("PAY")
    merchant.payment(payment, "14.00", webhook=f"{stack.url('merchant')}/fail-once/{payment}")
    eventually(lambda: notices(stack, "list", merchant.sid, of=payment) != [])
    (waiting,) = notices(stack, "list", merchant.sid, of=payment)
    assert (waiting["status"], waiting["tries"]) == ("waiting", 1)
    assert waiting["nextTryInS"] <= 18
    notices(stack, "redeliver", merchant.sid, payment)
    eventually(lambda: len(received(stack, payment)) == 2, within_s=10)
    eventually(lambda: notices(stack, "list", merchant.sid, of=payment) == [])
    notices(stack, "redeliver", merchant.sid, payment, "--sequence", str(waiting["sequences"][0]))
    eventually(lambda: len(received(stack, payment)) == 3, within_s=30)
    assert len({_header(one, "MsgID") for one in received(stack, payment)}) == 1


def notices(stack: Stack, *arguments: str, of: str | None = None) -> list[dict[str, Any]]:
    """Run a ``notices`` command; what it shows of one payment, or of all."""
    shown: list[dict[str, Any]] = operate(stack, "notices", *arguments)["notices"]
    return [one for one in shown if of in (None, one["transID"])]


def runs_of(stack: Stack, payment: str) -> list[str]:
    """The executions of a payment's backlog."""
    client = stack.client("stepfunctions")
    machine = stack.outputs["NoticesStateMachineArn"]
    found = client.list_executions(stateMachineArn=machine)["executions"]
    arns = [one["executionArn"] for one in found]
    return [
        arn for arn in arns if json.loads(_execution(stack, arn)["input"])["transId"] == payment
    ]


def entered(stack: Stack, run: str) -> list[str]:
    """The states that an execution went through."""
    history = stack.client("stepfunctions").get_execution_history(executionArn=run)["events"]
    return [one["type"] for one in history if one["type"].endswith("StateEntered")]


def _execution(stack: Stack, run: str) -> dict[str, Any]:
    found: dict[str, Any] = stack.client("stepfunctions").describe_execution(executionArn=run)
    return found


def _code(webhook: dict[str, Any]) -> str:
    return str(json.loads(webhook["body"])["eventCode"])


def _sequence(webhook: dict[str, Any]) -> int:
    return int(_header(webhook, "X-Evo-Sequence"))


def _header(webhook: dict[str, Any], name: str) -> str:
    headers: dict[str, str] = webhook["headers"]
    return next(value for key, value in headers.items() if key.lower() == name.lower())

"""The running stack, counted by the engine from outside, costs what the budget says: two meters at
two places agree."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import pytest

from bench.budget import budgets
from local.demo_cost import bill, tally_of
from local.merchant_client import Merchant
from local.meter.tally import EXPRESS, INVOCATIONS, KMS, TRANSITIONS, WRITE_UNITS, Tally
from local.operations import Operations
from local.stack import Stack
from tests.e2e.conftest import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
NewId = Callable[[str], str]
TRIES = 6
QUIET_S = 1.5
"""Longer than the engine gathers records of a stream."""


def cost_of(stack: Stack, act: Callable[[], str]) -> Tally:
    """Of an operation on the payment that it names, and all that follows from it."""
    before = tally_of(stack)
    payment = act()
    eventually(lambda: any(payment in one["body"] for one in webhooks(stack)))
    time.sleep(QUIET_S)
    return tally_of(stack).since(before)


def webhooks(stack: Stack) -> list[dict[str, str]]:
    return Operations(stack).received_webhooks()


def test_a_warm_payment_costs_what_its_budget_says(
    stack: Stack, merchant: Merchant, new_id: NewId
) -> None:
    """The janitor runs beside it, and processes start and look their store up anew: the cheapest
    of a few payments is the warm one."""

    def pay() -> str:
        payment = new_id("COST")
        assert merchant.payment(payment, "31.00", captureAfterHours="0").code == "S0000"
        return payment

    tallies = [cost_of(stack, pay) for _ in range(TRIES)]
    warm = min(tallies, key=lambda one: (one.billed[WRITE_UNITS], one.calls.total()))
    budget = budgets()["authorize and capture"]
    assert warm.billed[WRITE_UNITS] == budget["write_units"] + budget["write_units_afterwards"]
    assert warm.billed[KMS] == budget["kms_calls"] == 0
    assert warm.billed[TRANSITIONS] == budget["standard_transitions"] == 0
    assert warm.billed[EXPRESS] == 1
    expected = Counter(
        {
            "dynamodb PutItem": 1,
            "dynamodb UpdateItem": 2,  # the outcome, and the posting
            "dynamodb GetItem": 2,  # the payment, and what of it is not heard yet
            "dynamodb TransactWriteItems": 0,
            "states StartSyncExecution": 1,
            "sqs SendMessageBatch": 1,
            "sns POST": 1,  # locally, the topic is fed
        }
    )
    assert {name: warm.calls[name] for name in expected} == expected


def test_the_bill_has_a_line_for_what_was_used(stack: Stack) -> None:
    lines = "\n".join(bill(stack))
    assert INVOCATIONS in lines
    assert "$" in lines

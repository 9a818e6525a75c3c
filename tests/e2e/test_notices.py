"""The merchant is told: signed, in order, and nobody waits for an endpoint that hangs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.merchant_client import Merchant
from local.operations import Operations
from local.stack import Stack
from tests.e2e.conftest import eventually

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
    codes = {json.loads(one["body"])["eventCode"] for one in told}
    assert codes == {"Payment", "Capture", "Refund"}
    by_code = {json.loads(one["body"])["eventCode"]: one for one in told}
    order = [
        int(_header(by_code[code], "X-Evo-Sequence")) for code in ("Payment", "Capture", "Refund")
    ]
    assert order == sorted(order)
    for one in told:
        raw = one["body"].encode()
        stamp, msg_id = _header(one, "DateTime"), _header(one, "MsgID")
        expected = merchant.sign("POST", one["path"], stamp, msg_id, raw)
        assert _header(one, "Authorization") == expected
        assert "result" not in json.loads(one["body"])


def test_an_endpoint_that_hangs_delays_nobody_else(
    stack: Stack, merchant: Merchant, new_id: NewId
) -> None:
    hanging = [new_id("HANG") for _ in range(4)]
    for trans_id in hanging:
        merchant.payment(trans_id, "11.00", webhook=stack.url("merchant") + "/hang")
    payment = new_id("PAY")
    merchant.payment(payment, "12.00")
    eventually(lambda: len(received(stack, payment)) == 1, within_s=8)


def test_a_refused_notice_comes_again(stack: Stack, merchant: Merchant, new_id: NewId) -> None:
    payment = new_id("PAY")
    merchant.payment(payment, "13.00", webhook=f"{stack.url('merchant')}/fail-once/{payment}")
    eventually(lambda: len(received(stack, payment)) == 2, within_s=60)
    first, second = received(stack, payment)
    assert _header(first, "MsgID") == _header(second, "MsgID")
    assert first["body"] == second["body"]


def _header(webhook: dict[str, Any], name: str) -> str:
    headers: dict[str, str] = webhook["headers"]
    return next(value for key, value in headers.items() if key.lower() == name.lower())

"""X-Ray segments reach the local receiver: one trace from the API through the workflow, found by
payment; what follows from streams and queues is found in the log."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from local import xray
from local.errors import LocalError
from local.merchant_client import Merchant
from local.operations import Operations
from local.stack import STAGE, Stack
from tests.e2e.conftest import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
NewId = Callable[[str], str]
PAN = "4761739999000213"


def functions_by_trace(stack: Stack, payment_id: str) -> dict[str, list[str]]:
    """Logical names of the functions in each trace of a payment, by trace id, in order of time."""
    return {
        trace_id: [
            re.sub(r"## tidegate-(\w+)Function-\w+", r"\1", one["name"])
            for one in sorted(segments, key=lambda one: one["start_time"])
        ]
        for trace_id, segments in xray.traces_of(stack.segments(), payment_id).items()
    }


def test_a_payment_is_one_trace_through_the_workflow(
    stack: Stack, merchant: Merchant, new_id: NewId
) -> None:
    payment = new_id("TRC")
    assert merchant.payment(payment, "31.00", pan=PAN).code == "S0000"
    way = ["CreatePayment", "AuthorizePayment"]
    eventually(lambda: way in functions_by_trace(stack, payment).values())

    traces = xray.traces_of(stack.segments(), payment)
    (whole,) = (one for one in traces.values() if len(one) == len(way))
    for segment in whole:
        noted = xray.annotations(segment)
        assert (noted["payment_id"], noted["sid"]) == (payment, merchant.sid)
    assert {"visa"} <= {xray.annotations(segment).get("network") for segment in whole}
    assert PAN not in json.dumps(stack.segments())


def told(stack: Stack, payment_id: str) -> list[dict[str, Any]]:
    """What the log says of a payment's notices."""
    group = f"/tidegate/{STAGE}/functions"
    pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    lines = [one["message"] for page in pages for one in page["events"]]
    found = [json.loads(line) for line in lines if payment_id in line and line.startswith("{")]
    return [one for one in found if one.get("message") == "told"]


def test_what_follows_is_found_by_the_payments_id(
    stack: Stack, merchant: Merchant, new_id: NewId
) -> None:
    payment = new_id("TRC")
    merchant.payment(payment, "32.00", pan="5120350100064594", expiry="1030")
    assert merchant.change("capture", payment, new_id("CAP"), "32.00").code == "S0000"

    def ways() -> list[list[str]]:
        return list(functions_by_trace(stack, payment).values())

    eventually(lambda: ["CapturePayment"] in ways() and len(told(stack, payment)) == 2)
    noted = [
        xray.annotations(segment)
        for segments in xray.traces_of(stack.segments(), payment).values()
        for segment in segments
        if "Capture" in segment["name"]
    ]
    of_it = {(merchant.sid, "mastercard")}
    assert {(one["sid"], one["network"]) for one in noted} == of_it
    assert {(one["sid"], one["network"]) for one in told(stack, payment)} == of_it
    assert [one["event_code"] for one in told(stack, payment)] == ["Payment", "Capture"]


def test_a_failure_is_traced_by_its_class_name_alone(
    stack: Stack, merchant: Merchant, new_id: NewId
) -> None:
    absent = new_id("TRC")
    task = {
        "sid": merchant.sid,
        "transId": absent,
        "route": 0,
        "sealedSecrets": None,
        "deadline": 0,
    }
    with pytest.raises(LocalError):
        Operations(stack).invoke("AuthorizePaymentFunction", task)
    eventually(lambda: bool(functions_by_trace(stack, absent)))

    ((segment,),) = xray.traces_of(stack.segments(), absent).values()
    assert xray.annotations(segment)["error"] == "TransactionUnknown"
    assert all("cause" not in step for step in xray.walk(segment))

"""A store's day through the real state machine: presented, paid and told once, whatever runs
again; a step that died half-way is taken up."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.merchant_client import Merchant
from local.operations import Operations
from local.stack import Stack
from tests.e2e.conftest import eventually
from tests.support.operator import a_merchant

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

SID = "S024117"
MAIL = "settlement@quay-records.example"
MASTERCARD = {"pan": "5120350100064594", "expiry": "1030"}
TRANSITIONS = 10
NewId = Callable[[str], str]


@pytest.fixture(scope="module")
def shop(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Merchant:
    """A store that no other test settles, made by the operator command."""
    return a_merchant(stack, tmp_path_factory.mktemp("store"), SID, email=MAIL)


class Books:
    """What can be seen of a store's settlement from outside."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.operations = Operations(stack)
        self.table = stack.outputs["TableName"]
        self.bucket = stack.outputs["FilesBucket"]

    def items(self, prefix: str) -> list[dict[str, Any]]:
        pages = self.stack.client("dynamodb").get_paginator("scan").paginate(TableName=self.table)
        every = (item for page in pages for item in page["Items"])
        return [item for item in every if item["p"]["S"].startswith(prefix)]

    def batches(self, currency: str) -> dict[str, str]:
        """Status by business date."""
        found = self.items(f"B#{SID}#{currency}")
        return {item["s"]["S"]: item["st"]["S"] for item in found}

    def day_of(self, trans_id: str, currency: str) -> str | None:
        """In which batch a payment's movement stands."""
        for page in self.items(f"L#{SID}#{currency}#"):
            if any(line.startswith(f"{trans_id}|") for line in page.get("b", {}).get("SS", ())):
                return str(page["p"]["S"].split("#")[3])
        return None

    def wait_booked(self, currency: str, *trans_ids: str) -> str:
        """The one day into which all of them were booked."""
        eventually(lambda: all(self.day_of(one, currency) for one in trans_ids))
        days = {self.day_of(one, currency) for one in trans_ids}
        assert len(days) == 1
        return str(days.pop())

    def presented(self, network: str, day: str, currency: str) -> list[dict[str, Any]]:
        """What a host holds of a batch's file."""
        file = f"TG-{SID}-{currency}-{day}-{network}-"
        found = self.operations.books(network)["presentments"]
        return [one for one in found if one["file_id"].startswith(file)]

    def objects(self, *folders: str) -> dict[str, tuple[bytes, Any]]:
        """Files of the store, with the time of their last writing."""
        s3 = self.stack.client("s3")
        listed = [
            one
            for folder in folders
            for one in s3.list_objects_v2(Bucket=self.bucket, Prefix=f"{folder}/{SID}/").get(
                "Contents", ()
            )
        ]
        return {
            one["Key"]: (
                s3.get_object(Bucket=self.bucket, Key=one["Key"])["Body"].read(),
                one["LastModified"],
            )
            for one in listed
        }

    def told(self, day: str, currency: str) -> int:
        """How many mails there were about a batch."""
        subject = f"Settlement {SID}-{currency}-{day}"
        return sum(mail["Subject"] == subject for mail in self.stack.mails())


def test_a_day_is_presented_paid_and_told_once(stack: Stack, shop: Merchant, new_id: NewId) -> None:
    books = Books(stack)
    book, lamp, back = new_id("BOOK"), new_id("LAMP"), new_id("BACK")
    shop.payment(book, "100.00", captureAfterHours="0")
    shop.payment(lamp, "250.55", captureAfterHours="0", **MASTERCARD)
    assert shop.change("refund", book, back, "30.00")["refund"]["status"] == "Success"
    eventually(lambda: f"|r|{back}|" in json.dumps(books.items(f"L#{SID}#HKD#")))
    day = books.wait_booked("HKD", book, lamp)

    first = books.operations.settle(SID, "HKD", day)["result"]
    # 2.2 % + 1.00 of 100.00 and 2.4 % + 1.00 of 250.55, half up; 0.50 for the refund.
    assert first["captured_minor"] == 35_055
    assert first["refunded_minor"] == 3_000
    assert first["fees_minor"] == (220 + 100) + (601 + 100) + 50
    assert first["payout_minor"] == 35_055 - 3_000 - 1_071
    assert books.batches("HKD")[day] == "announced"
    written = books.objects("statements", "payouts")
    assert set(written) == {first["statement"], first["payout"]}

    assert books.operations.settle(SID, "HKD", day)["result"] == first
    assert books.objects("statements", "payouts") == written
    visa, mastercard = (books.presented(name, day, "HKD") for name in ("visa", "mastercard"))
    assert sorted((one["kind"], one["amount_minor"]) for one in visa) == [
        ("purchase", 10_000),
        ("refund", 3_000),
    ]
    assert [(one["kind"], one["amount_minor"]) for one in mastercard] == [("purchase", 25_055)]
    assert {one["status"] for one in (*visa, *mastercard)} <= {"accepted", "settled"}
    assert books.told(day, "HKD") == 1

    late = new_id("LATE")
    shop.payment(late, "12.00", captureAfterHours="0")
    assert books.wait_booked("HKD", late) > day
    assert books.operations.settle(SID, "HKD", day)["result"] == first
    assert len(books.presented("visa", day, "HKD")) == 2


def test_a_settlement_that_died_after_any_step_is_taken_up(
    stack: Stack, shop: Merchant, new_id: NewId
) -> None:
    books = Books(stack)
    trans_id = new_id("YEN")
    shop.payment(trans_id, "1250", "JPY", captureAfterHours="0")
    day = books.wait_booked("JPY", trans_id)
    batch = {"sid": SID, "currency": "JPY", "businessDate": day, "closeNow": True}
    invoke = books.operations.invoke

    (network,) = invoke("CloseBatchFunction", batch)["networks"]
    assert invoke("CloseBatchFunction", batch)["networks"] == [network]
    for _ in range(2):  # the second as if the first had died before it said so
        delivered = invoke("DeliverClearingFunction", batch | network)
    assert delivered["records"] == 1
    result = invoke("SettleBatchFunction", batch)
    assert result["fees_minor"] == 28 + 100  # 27.5 rounds half up
    assert books.told(day, "JPY") == 0

    assert books.operations.settle(SID, "JPY", day)["result"] == result
    assert len(books.presented("visa", day, "JPY")) == 1
    assert books.told(day, "JPY") == 1
    assert books.batches("JPY") == {day: "announced"}


def test_a_settlement_stays_within_its_transitions(
    stack: Stack, shop: Merchant, new_id: NewId
) -> None:
    books = Books(stack)
    trans_id = new_id("EURO")
    shop.payment(trans_id, "10.00", "EUR", captureAfterHours="0")
    day = books.wait_booked("EUR", trans_id)
    books.operations.settle(SID, "EUR", day)
    client = stack.client("stepfunctions")
    arn = stack.outputs["SettlementStateMachineArn"]
    executions = client.list_executions(stateMachineArn=arn)["executions"]
    (mine,) = [one for one in executions if f"{SID}-EUR-{day}" in one["name"]]
    history = client.get_execution_history(executionArn=mine["executionArn"], maxResults=1000)
    entered = [one["type"] for one in history["events"] if one["type"].endswith("StateEntered")]
    assert 4 <= len(entered) <= TRANSITIONS


def test_a_day_that_nothing_was_booked_into_is_refused(stack: Stack, shop: Merchant) -> None:
    """A slip in an operator's date closes nothing."""
    books = Books(stack)
    client = stack.client("stepfunctions")
    given = {"sid": SID, "currency": "USD", "businessDate": "20990101", "closeNow": True}
    started = client.start_execution(
        stateMachineArn=stack.outputs["SettlementStateMachineArn"],
        name=f"{SID}-slip",
        input=json.dumps(given),
    )["executionArn"]

    def ended() -> bool:
        return bool(client.describe_execution(executionArn=started)["status"] != "RUNNING")

    eventually(ended)
    execution = client.describe_execution(executionArn=started)
    assert (execution["status"], execution["error"]) == ("FAILED", "InvalidValue")
    assert books.batches("USD") == {}

"""What the payment store promises, on every engine: exact under races, retries and lost answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.gateway import Gateway
from tests.support.memory import APPROVED
from tidegate.adapters.dynamodb.payments import DynamoPayments
from tidegate.adapters.dynamodb.sequences import LeasedSequences
from tidegate.adapters.dynamodb.table import Table
from tidegate.domain.errors import StaleVersion
from tidegate.domain.payment import IdempotencyRecord, OperationStatus, Payment, PaymentOperation
from tidegate.domain.transitions import Operation, Outcome, Status

pytestmark = pytest.mark.xdist_group("conformance")
SID = "S024116"
DUE = 1_741_079_441


@pytest.fixture
def payments(table: Table) -> DynamoPayments:
    return DynamoPayments(table)


@pytest.fixture
def intent() -> Payment:
    """A payment as it is written before anything is sent, with every optional field."""
    gateway = Gateway()
    gateway.workflow_dies_after = "create"
    payment = gateway.pay(hours=0)
    return replace(
        payment,
        webhook="https://shop.example/h",
        order_reference="O-1",
        platform="WEB",
        sealed_card=bytes(range(60)),
    )


def captured(payment: Payment, minor: int | None = None) -> Payment:
    amount = payment.amount.minor if minor is None else minor
    return payment.step(
        Operation.SALE,
        Outcome.APPROVED,
        answer=APPROVED,
        answered_at=DUE,
        captured_minor=amount,
        refundable_minor=amount,
        due_at=None,
    ).recorded(Operation.SALE, Outcome.APPROVED, at=DUE, amount_minor=amount)


def refund_of(payment: Payment, trans_id: str, minor: int) -> tuple[Payment, PaymentOperation]:
    after = payment.step(
        Operation.REFUND,
        Outcome.PENDING,
        refundable_minor=payment.refundable_minor - minor,
    )
    operation = PaymentOperation(
        sid=payment.sid,
        trans_id=trans_id,
        version=1,
        kind=Operation.REFUND,
        payment_trans_id=payment.trans_id,
        status=OperationStatus.RECEIVED,
        amount=replace(payment.amount, minor=minor),
        evo_trans_id=f"pay{trans_id}",
        created_at=DUE,
        nonce=f"nonce-{trans_id}",
        trans_time="2025-03-04T10:00:00Z",
        metadata="für Mei 書",
        leg=payment.leg,
        due_at=DUE,
    )
    return after, operation


def at_once(count: int, call: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


class TestWhatIsWrittenIsRead:
    def test_a_payment_with_everything(self, payments: DynamoPayments, intent: Payment) -> None:
        assert payments.create(intent) is None
        assert payments.get(SID, "PAY-1") == intent
        after = captured(intent)
        payments.update(intent, after)
        assert payments.get(SID, "PAY-1") == after

    def test_an_operation_with_everything(self, payments: DynamoPayments, intent: Payment) -> None:
        payments.create(intent)
        before = captured(intent)
        payments.update(intent, before)
        after, refund = refund_of(before, "REF-1", 1_000)
        assert payments.begin(before, after, refund) is None
        assert payments.get(SID, "REF-1") == refund
        assert payments.get(SID, "PAY-1") == after

    def test_what_is_none_again_leaves_the_item(
        self, payments: DynamoPayments, table: Table, intent: Payment
    ) -> None:
        payments.create(intent)
        payments.update(intent, captured(intent))
        item = table.get(f"T#{SID}#PAY-1", "T")
        assert item is not None
        assert "k" not in item
        assert "d" not in item


class TestOneIdOnePayment:
    def test_a_used_id_is_shown_to_who_asks_for_it(
        self, payments: DynamoPayments, intent: Payment
    ) -> None:
        payments.create(intent)
        assert payments.create(replace(intent, nonce="another")) == intent

    def test_our_own_retry_is_our_own_success(
        self, payments: DynamoPayments, intent: Payment
    ) -> None:
        payments.create(intent)
        assert payments.create(intent) is None

    def test_twenty_at_once_make_one(self, payments: DynamoPayments, intent: Payment) -> None:
        holders = at_once(20, lambda n: payments.create(replace(intent, nonce=f"nonce-{n}")))
        assert holders.count(None) == 1

    def test_an_idempotency_key_is_taken_with_the_payment(
        self, payments: DynamoPayments, intent: Payment
    ) -> None:
        record = IdempotencyRecord(SID, "key", "PAY-1", "f" * 64)
        assert payments.create(intent, record) is None
        assert payments.idempotency(SID, "key") == record
        other = replace(intent, trans_id="PAY-2", nonce="n2")
        assert payments.create(other, record) == record
        assert payments.get(SID, "PAY-2") is None

    def test_an_idempotency_key_stands_for_its_first_request_alone(
        self, payments: DynamoPayments, intent: Payment
    ) -> None:
        first = IdempotencyRecord(SID, "key", "", "f" * 64)
        second = IdempotencyRecord(SID, "key", "", "e" * 64)
        assert payments.remember(first) is None
        assert payments.remember(second) == first
        assert payments.idempotency(SID, "key") == first
        assert payments.create(intent, replace(second, trans_id="PAY-1")) == first

    def test_an_operation_cannot_take_a_used_id(
        self, payments: DynamoPayments, intent: Payment
    ) -> None:
        payments.create(intent)
        other = replace(intent, trans_id="PAY-2", nonce="n2")
        payments.create(other)
        before = captured(intent)
        payments.update(intent, before)
        after, refund = refund_of(before, "PAY-2", 1_000)
        assert payments.begin(before, after, refund) == other
        assert payments.get(SID, "PAY-1") == before


class TestNobodyDecidesOnOldNews:
    def test_a_lost_version_changes_nothing(
        self, payments: DynamoPayments, intent: Payment
    ) -> None:
        payments.create(intent)
        payments.update(intent, captured(intent))
        with pytest.raises(StaleVersion):
            payments.update(intent, intent.touched(due_at=DUE + 60))
        assert payments.get(SID, "PAY-1") == captured(intent)

    def test_a_remainder_is_not_taken_twice_even_under_the_right_version(
        self, payments: DynamoPayments, intent: Payment
    ) -> None:
        payments.create(intent)
        before = captured(intent, 500)
        payments.update(intent, before)
        believed = replace(before, refundable_minor=10_000)
        after, refund = refund_of(believed, "REF-1", 9_000)
        with pytest.raises(StaleVersion):
            payments.begin(believed, after, refund)
        assert payments.get(SID, "REF-1") is None

    def test_twenty_refunds_at_once_reserve_no_more_than_there_is(
        self, payments: DynamoPayments, intent: Payment
    ) -> None:
        payments.create(intent)
        payments.update(intent, captured(intent))

        def refund(number: int) -> bool:
            while True:
                before = payments.get(SID, "PAY-1")
                assert isinstance(before, Payment)
                if before.refundable_minor < 1_000:
                    return False
                after, operation = refund_of(before, f"REF-{number}", 1_000)
                try:
                    return payments.begin(before, after, operation) is None
                except StaleVersion:
                    continue

        assert sum(at_once(20, refund)) == 10
        stored = payments.get(SID, "PAY-1")
        assert isinstance(stored, Payment)
        assert stored.refundable_minor == 0

    def test_outcome_and_payment_change_together_or_not_at_all(
        self, payments: DynamoPayments, intent: Payment
    ) -> None:
        payments.create(intent)
        before = captured(intent)
        payments.update(intent, before)
        after, refund = refund_of(before, "REF-1", 1_000)
        payments.begin(before, after, refund)
        payments.update(after, after.touched(failure_code=None))
        done = refund.touched(status=OperationStatus.SUCCESS, due_at=None)
        final = after.step(Operation.REFUND, Outcome.APPROVED, refunded_minor=1_000)
        with pytest.raises(StaleVersion):
            payments.conclude(after, final, refund, done)
        assert payments.get(SID, "REF-1") == refund


class TestLostAnswersAndConflicts:
    def test_a_write_whose_answer_was_lost_is_recognised(
        self, payments: DynamoPayments, table: Table, intent: Payment
    ) -> None:
        payments.create(intent)
        after = captured(intent)
        _twice(table)
        payments.update(intent, after)  # the SDK's second try meets the first one's effect
        assert payments.get(SID, "PAY-1") == after

    @pytest.mark.parametrize("operation", ["begin", "conclude"])
    def test_a_transaction_whose_answer_was_lost_is_recognised(
        self, payments: DynamoPayments, table: Table, intent: Payment, operation: str
    ) -> None:
        payments.create(intent)
        before = captured(intent)
        payments.update(intent, before)
        after, refund = refund_of(before, "REF-1", 1_000)
        if operation == "begin":
            _twice(table)
            assert payments.begin(before, after, refund) is None
            return
        payments.begin(before, after, refund)
        done = refund.touched(status=OperationStatus.SUCCESS, due_at=None)
        final = after.step(Operation.REFUND, Outcome.APPROVED, refunded_minor=1_000)
        _twice(table)
        payments.conclude(after, final, refund, done)
        assert payments.get(SID, "PAY-1") == final

    @pytest.mark.parametrize(
        "code", ["TransactionConflictException", "TransactionCanceledException"]
    )
    def test_a_conflict_with_another_transaction_means_read_again(
        self, payments: DynamoPayments, table: Table, intent: Payment, code: str
    ) -> None:
        payments.create(intent)
        before = captured(intent)
        payments.update(intent, before)
        after, refund = refund_of(before, "REF-1", 1_000)
        _conflict_once(table, code)
        with pytest.raises(StaleVersion):
            payments.begin(before, after, refund)
        assert payments.get(SID, "REF-1") is None
        assert payments.begin(before, after, refund) is None


class TestWhatIsDue:
    def test_only_what_is_due_is_listed_and_only_until_it_ends(
        self, payments: DynamoPayments, intent: Payment
    ) -> None:
        for number in range(6):
            one = replace(intent, trans_id=f"DUE-{number}", due_at=DUE + number)
            payments.create(one)
        payments.create(replace(intent, trans_id="NEVER", due_at=None))
        due = sorted(payments.due(DUE + 2, 100))
        assert due == [(SID, "DUE-0"), (SID, "DUE-1"), (SID, "DUE-2")]
        first = payments.get(SID, "DUE-0")
        assert isinstance(first, Payment)
        payments.update(first, captured(first))
        assert (SID, "DUE-0") not in list(payments.due(DUE + 100, 100))


def test_sequences_are_never_given_twice(table: Table) -> None:
    warm = [LeasedSequences(table) for _ in range(4)]
    given = at_once(8, lambda n: [warm[n % 4].next("visa", "400552") for _ in range(400)])
    numbers = [number for part in given for number in part]
    assert len(set(numbers)) == len(numbers) == 3_200
    assert all(number % 1_000_000 for number in numbers)


def test_status_survives_every_round_trip(payments: DynamoPayments, intent: Payment) -> None:
    for number, status in enumerate(Status):
        payments.create(replace(intent, trans_id=f"S-{number}", status=status))
        found = payments.get(SID, f"S-{number}")
        assert isinstance(found, Payment)
        assert found.status is status


def _twice(table: Table) -> None:
    """The next write is sent twice, as the SDK does when the first answer is lost."""
    connection = table._client
    original = connection.call

    def call(operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        connection.call = original  # type: ignore[method-assign]
        original(operation, given)
        answer: dict[str, Any] = original(operation, given)
        return answer

    connection.call = call  # type: ignore[method-assign]


def _conflict_once(table: Table, code: str) -> None:
    """The next transaction is answered as AWS does when another one is at the same item."""
    connection = table._client
    original = connection.call

    def call(operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        connection.call = original  # type: ignore[method-assign]
        reasons = [{"Code": "None"}, {"Code": "TransactionConflict", "Message": "conflict"}]
        response: Any = {
            "Error": {"Code": code, "Message": "conflict"},
            "CancellationReasons": reasons,
        }
        raise ClientError(response, operation)

    connection.call = call  # type: ignore[method-assign]

"""What becomes of a payment: approved, declined, unknown; captured, cancelled, refunded; swept."""

from __future__ import annotations

import pytest

from tests.support.gateway import Gateway
from tests.support.memory import a_store
from tidegate.domain.errors import (
    AmountExceeded,
    CurrencyUnsupported,
    DuplicateTransaction,
    FieldMismatch,
    NotSent,
    TransactionUnknown,
    Unanswered,
    WrongStatus,
)
from tidegate.domain.message import NetworkAnswer
from tidegate.domain.payment import IdempotencyRecord, OperationStatus
from tidegate.domain.store import RiskLimits
from tidegate.domain.transitions import Operation, Outcome, Status

DAY = 24 * 3600


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


def quietly(gateway: Gateway, kind: str, trans_id: str, minor: int | None = None) -> None:
    """Somebody else's change, made between our read and our write."""
    gateway.change(kind, trans_id, minor)


def key(trans_id: str, fingerprint: str = "f1", name: str = "idem-1") -> IdempotencyRecord:
    return IdempotencyRecord("S024116", name, trans_id, fingerprint)


class TestCreate:
    def test_an_approval_authorizes_the_whole_amount(self, gateway: Gateway) -> None:
        payment = gateway.pay()
        assert payment.status is Status.AUTHORISED
        assert payment.capturable_minor == 10_000
        stored = gateway.payments.payment("PAY-1")
        assert stored.status is Status.AUTHORISED
        assert stored.answer is not None
        assert stored.answer.authorization_code == "77Q2K1"

    def test_the_network_is_told_what_was_written_down_before(self, gateway: Gateway) -> None:
        written = []
        original = gateway.visa.authorize

        def spy(request, *, timeout_s):  # type: ignore[no-untyped-def]
            written.append(gateway.payments.payment("PAY-1"))
            return original(request, timeout_s=timeout_s)

        gateway.visa.authorize = spy  # type: ignore[method-assign]
        gateway.pay()
        sent = gateway.visa.authorizations[0]
        assert written[0].status is Status.PENDING
        assert written[0].leg.identity == sent.identity
        assert written[0].due_at is not None
        assert sent.card.cvc == "321"
        assert b"321" not in written[0].sealed_card.split(b"|")[0][-8:]

    def test_hours_zero_captures_in_the_same_step_with_its_fee(self, gateway: Gateway) -> None:
        payment = gateway.pay(hours=0)
        assert payment.status is Status.CAPTURED
        entry = gateway.payments.payment("PAY-1").history[-1]
        assert (entry.operation, entry.outcome) == (Operation.SALE, Outcome.APPROVED)
        assert entry.fee_minor == 280  # 1.8 % of 100.00 plus 1.00
        assert entry.business_date == "20250304"
        assert gateway.payments.payment("PAY-1").due_at is None

    def test_the_stores_default_decides_where_the_request_is_silent(self) -> None:
        assert Gateway(a_store(capture_after_hours=0)).pay().status is Status.CAPTURED

    def test_a_decline_is_final_and_books_nothing(self, gateway: Gateway) -> None:
        gateway.visa.replies = [NetworkAnswer("51")]
        payment = gateway.pay()
        assert (payment.status, payment.failure_code) == (Status.FAILED, "I0051")
        assert payment.capturable_minor == 0
        assert gateway.payments.payment("PAY-1").due_at is None

    def test_risk_limits_refuse_before_the_network_is_asked(self) -> None:
        gateway = Gateway(a_store(risk=RiskLimits(max_amount_minor=9_999)))
        payment = gateway.pay()
        assert (payment.status, payment.failure_code) == (Status.FAILED, "B0033")
        assert gateway.visa.authorizations == []

    def test_another_currency_than_the_stores_is_refused(self, gateway: Gateway) -> None:
        with pytest.raises(CurrencyUnsupported):
            gateway.pay(currency="EUR")

    def test_a_zero_amount_asks_whether_the_card_is_good(self, gateway: Gateway) -> None:
        assert gateway.pay(minor=0).status is Status.VERIFIED

    def test_a_used_id_is_a_duplicate_even_with_an_identical_body(self, gateway: Gateway) -> None:
        gateway.pay()
        with pytest.raises(DuplicateTransaction):
            gateway.pay()
        assert len(gateway.visa.authorizations) == 1

    def test_the_same_idempotency_key_is_answered_again_without_sending(
        self, gateway: Gateway
    ) -> None:
        gateway.pay(idempotency=key("PAY-1"))
        again = gateway.pay(idempotency=key("PAY-1"))
        assert again.status is Status.AUTHORISED
        assert len(gateway.visa.authorizations) == 1

    def test_the_same_key_with_another_request_is_a_mismatch(self, gateway: Gateway) -> None:
        gateway.pay(idempotency=key("PAY-1"))
        with pytest.raises(FieldMismatch):
            gateway.pay("PAY-2", idempotency=key("PAY-2", "other"))


class TestUnknownOutcome:
    def test_it_is_reversed_and_failed_once_acknowledged(self, gateway: Gateway) -> None:
        gateway.visa.replies = [Unanswered()]
        payment = gateway.pay()
        assert (payment.status, payment.failure_code) == (Status.FAILED, "P0098")
        reversal = gateway.visa.reversals[0]
        assert reversal.original == gateway.visa.authorizations[0].identity
        assert reversal.identity.stan != reversal.original.stan

    def test_without_acknowledgement_the_merchant_is_told_that_we_do_not_know(
        self, gateway: Gateway
    ) -> None:
        gateway.visa.replies = [Unanswered()]
        gateway.visa.reversal_replies = [Unanswered(), NotSent()]
        assert gateway.pay().status is Status.REVERSING
        assert gateway.sweep_now(60)["open"] == 1
        assert gateway.sweep_now(60)["ended"] == 1
        stored = gateway.payments.payment("PAY-1")
        assert stored.status is Status.FAILED
        assert [r.repeat for r in gateway.visa.reversals] == [False, True, True]
        assert len({r.identity.stan for r in gateway.visa.reversals}) == 1

    def test_nothing_sent_tries_the_next_route_with_a_message_of_its_own(
        self, gateway: Gateway
    ) -> None:
        gateway.visa.replies = [NotSent()]
        payment = gateway.pay()
        assert payment.status is Status.AUTHORISED
        second = gateway.visa2.authorizations[0]
        assert second.identity == gateway.payments.payment("PAY-1").leg.identity
        assert second.identity.stan != gateway.visa.authorizations[0].identity.stan

    def test_nothing_sent_on_any_route_is_a_failure_not_an_unknown(self, gateway: Gateway) -> None:
        gateway.visa.replies = [NotSent()]
        gateway.visa2.replies = [NotSent()]
        payment = gateway.pay()
        assert (payment.status, payment.failure_code) == (Status.FAILED, "P0098")
        assert gateway.visa.reversals == []

    def test_an_intent_whose_caller_died_is_reversed_by_the_janitor(self, gateway: Gateway) -> None:
        gateway.visa.replies = [RuntimeError("the process was killed")]
        with pytest.raises(RuntimeError):
            gateway.pay()
        assert gateway.sweep_now(20) == {"seen": 0, "ended": 0, "open": 0, "failed": 0}
        assert gateway.sweep_now(11)["ended"] == 1
        assert gateway.payments.payment("PAY-1").status is Status.FAILED
        assert len(gateway.visa.reversals) == 1

    def test_a_late_approval_never_revives_what_the_janitor_took(self, gateway: Gateway) -> None:
        original = gateway.visa.authorize

        def slow(request, *, timeout_s):  # type: ignore[no-untyped-def]
            answer = original(request, timeout_s=timeout_s)
            gateway.sweep_now(31)
            return answer

        gateway.visa.authorize = slow  # type: ignore[method-assign]
        assert gateway.pay().status is Status.FAILED
        assert gateway.payments.payment("PAY-1").status is Status.FAILED
        assert len(gateway.visa.reversals) == 1


class TestCapture:
    def test_a_full_capture_sends_nothing_online(self, gateway: Gateway) -> None:
        gateway.pay()
        change = gateway.change("capture", "CAP-1", 10_000)
        assert change.payment.status is Status.CAPTURED
        assert change.operation.status == OperationStatus.SUCCESS
        assert gateway.visa.reversals == []
        assert change.payment.due_at is None

    def test_what_is_not_captured_is_released_by_a_partial_reversal(self, gateway: Gateway) -> None:
        gateway.pay()
        payment = gateway.change("capture", "CAP-1", 8_000).payment
        assert (payment.captured_minor, payment.refundable_minor) == (8_000, 8_000)
        assert payment.capturable_minor == 0
        (reversal,) = gateway.visa.reversals
        assert reversal.remaining is not None
        assert reversal.remaining.minor == 8_000
        assert payment.reversal is None

    def test_a_release_that_is_not_acknowledged_is_repeated(self, gateway: Gateway) -> None:
        gateway.pay()
        gateway.visa.reversal_replies = [Unanswered()]
        change = gateway.change("capture", "CAP-1", 8_000)
        assert change.operation.status == OperationStatus.SUCCESS
        assert gateway.payments.payment("PAY-1").reversal is not None
        gateway.sweep_now(60)
        assert gateway.payments.payment("PAY-1").reversal is None
        assert gateway.payments.payment("PAY-1").status is Status.CAPTURED

    def test_one_capture_per_payment(self, gateway: Gateway) -> None:
        gateway.pay()
        gateway.change("capture", "CAP-1", 5_000)
        with pytest.raises(WrongStatus):
            gateway.change("capture", "CAP-2", 5_000)

    @pytest.mark.parametrize(("minor", "error"), [(10_001, AmountExceeded), (0, AmountExceeded)])
    def test_only_what_was_authorised(self, gateway: Gateway, minor: int, error: type) -> None:
        gateway.pay()
        with pytest.raises(error):
            gateway.change("capture", "CAP-1", minor)

    def test_another_currency_does_not_match(self, gateway: Gateway) -> None:
        gateway.pay()
        with pytest.raises(FieldMismatch):
            gateway.change("capture", "CAP-1", 10_000, currency="USD")

    def test_sent_twice_it_is_a_duplicate_although_the_state_has_moved(
        self, gateway: Gateway
    ) -> None:
        gateway.pay()
        gateway.change("capture", "CAP-1", 10_000)
        with pytest.raises(DuplicateTransaction):
            gateway.change("capture", "CAP-1", 10_000)

    def test_the_payments_own_id_cannot_name_its_capture(self, gateway: Gateway) -> None:
        gateway.pay()
        with pytest.raises(DuplicateTransaction):
            gateway.change("capture", "PAY-1", 10_000)

    def test_under_one_idempotency_key_the_first_answer_comes_back(self, gateway: Gateway) -> None:
        gateway.pay()
        first = gateway.change("capture", "CAP-1", 10_000, idempotency=key("CAP-1"))
        again = gateway.change("capture", "CAP-1", 10_000, idempotency=key("CAP-1"))
        assert again.operation == first.operation
        assert again.replayed

    def test_an_unknown_payment(self, gateway: Gateway) -> None:
        with pytest.raises(TransactionUnknown):
            gateway.change("capture", "CAP-1", 10_000)

    def test_a_scheduled_capture_happens_when_its_hours_have_passed(self, gateway: Gateway) -> None:
        gateway.pay(hours=24)
        gateway.sweep_now(DAY - 60)
        assert gateway.payments.payment("PAY-1").status is Status.AUTHORISED
        gateway.sweep_now(61)
        assert gateway.payments.payment("PAY-1").status is Status.CAPTURED
        assert gateway.payments.payment("PAY-1").captured_minor == 10_000

    def test_an_authorization_that_nobody_captures_is_reversed_after_seven_days(
        self, gateway: Gateway
    ) -> None:
        gateway.pay()
        gateway.sweep_now(7 * DAY + 1)
        assert gateway.payments.payment("PAY-1").status is Status.CANCELLED
        assert len(gateway.visa.reversals) == 1


class TestCancel:
    def test_it_reverses_and_ends_cancelled(self, gateway: Gateway) -> None:
        gateway.pay()
        change = gateway.change("cancel", "CAN-1")
        assert change.payment.status is Status.CANCELLED
        assert change.operation.status == OperationStatus.SUCCESS
        assert gateway.visa.reversals[0].authorization_code == "77Q2K1"

    def test_until_acknowledged_it_is_received_and_repeated(self, gateway: Gateway) -> None:
        gateway.pay()
        gateway.visa.reversal_replies = [Unanswered()]
        change = gateway.change("cancel", "CAN-1")
        assert change.operation.status == OperationStatus.RECEIVED
        assert change.payment.status is Status.CANCELLING
        gateway.sweep_now(60)
        assert gateway.payments.payment("PAY-1").status is Status.CANCELLED
        found = gateway.query.operation("S024116", "CAN-1", (Operation.CANCEL,))
        assert found.operation.status == OperationStatus.SUCCESS

    def test_what_is_captured_is_not_cancelled(self, gateway: Gateway) -> None:
        gateway.pay(hours=0)
        with pytest.raises(WrongStatus):
            gateway.change("cancel", "CAN-1")

    def test_a_capture_that_lost_against_a_cancel_is_refused(self, gateway: Gateway) -> None:
        gateway.pay()
        gateway.payments.before_write = [lambda: quietly(gateway, "cancel", "CAN-1")]
        with pytest.raises(WrongStatus):
            gateway.change("capture", "CAP-1", 10_000)
        assert gateway.payments.payment("PAY-1").captured_minor == 0
        assert gateway.payments.get("S024116", "CAP-1") is None


class TestRefund:
    def test_parts_add_up_to_the_whole(self, gateway: Gateway) -> None:
        gateway.pay(hours=0)
        first = gateway.change("refund", "REF-1", 3_000)
        assert first.payment.status is Status.PARTIAL_REFUNDED
        last = gateway.change("refund", "REF-2", 7_000)
        assert last.payment.status is Status.REFUNDED
        assert last.payment.refundable_minor == 0
        with pytest.raises(WrongStatus):
            gateway.change("refund", "REF-3", 1)

    def test_never_more_than_was_captured(self, gateway: Gateway) -> None:
        gateway.pay()
        gateway.change("capture", "CAP-1", 8_000)
        with pytest.raises(AmountExceeded):
            gateway.change("refund", "REF-1", 8_001)

    def test_a_declined_refund_gives_its_amount_back(self, gateway: Gateway) -> None:
        gateway.pay(hours=0)
        gateway.visa.replies = [NetworkAnswer("05")]
        change = gateway.change("refund", "REF-1", 10_000)
        assert change.operation.status == OperationStatus.FAILED
        assert change.operation.failure_code == "I0093"
        assert change.payment.refundable_minor == 10_000
        assert change.payment.status is Status.CAPTURED

    def test_an_unknown_refund_keeps_its_amount_until_the_reversal_is_acknowledged(
        self, gateway: Gateway
    ) -> None:
        gateway.pay(hours=0)
        gateway.visa.replies = [Unanswered()]
        gateway.visa.reversal_replies = [Unanswered()]
        change = gateway.change("refund", "REF-1", 10_000)
        assert change.operation.status == OperationStatus.RECEIVED
        assert change.payment.refund_in_flight
        with pytest.raises(AmountExceeded):
            gateway.change("refund", "REF-2", 1)
        gateway.sweep_now(60)
        assert gateway.payments.operation("REF-1").status == OperationStatus.FAILED
        assert gateway.payments.payment("PAY-1").refundable_minor == 10_000
        assert gateway.visa.reversals[-1].kind == "refund"

    def test_a_refund_whose_caller_died_is_taken_back(self, gateway: Gateway) -> None:
        gateway.pay(hours=0)
        gateway.visa.replies = [RuntimeError("the process was killed")]
        with pytest.raises(RuntimeError):
            gateway.change("refund", "REF-1", 4_000)
        gateway.sweep_now(31)
        assert gateway.payments.operation("REF-1").status == OperationStatus.FAILED
        assert gateway.payments.payment("PAY-1").refundable_minor == 10_000

    def test_two_refunds_at_once_both_count(self, gateway: Gateway) -> None:
        gateway.pay(hours=0)
        gateway.payments.before_write = [
            lambda: None,
            lambda: quietly(gateway, "refund", "REF-2", 2_000),
        ]
        gateway.change("refund", "REF-1", 3_000)
        payment = gateway.payments.payment("PAY-1")
        assert (payment.refunded_minor, payment.refundable_minor) == (5_000, 5_000)


class TestCancelOrRefund:
    def test_cancels_what_is_authorised(self, gateway: Gateway) -> None:
        gateway.pay()
        change = gateway.change("cancel_or_refund", "COR-1")
        assert change.operation.kind is Operation.CANCEL
        assert change.operation.chosen_by_platform

    def test_refunds_all_that_remains_of_what_is_captured(self, gateway: Gateway) -> None:
        gateway.pay(hours=0)
        gateway.change("refund", "REF-1", 2_500)
        change = gateway.change("cancel_or_refund", "COR-1")
        assert change.operation.kind is Operation.REFUND
        assert change.operation.amount.minor == 7_500
        assert change.payment.status is Status.REFUNDED


class TestQuery:
    def test_an_operation_by_its_own_id_or_the_latest_by_its_payments(
        self, gateway: Gateway
    ) -> None:
        gateway.pay(hours=0)
        gateway.change("refund", "REF-1", 1_000)
        gateway.change("refund", "REF-2", 2_000)
        kinds = (Operation.REFUND,)
        assert gateway.query.operation("S024116", "REF-1", kinds).operation.trans_id == "REF-1"
        assert gateway.query.operation("S024116", "PAY-1", kinds).operation.trans_id == "REF-2"

    def test_an_id_of_another_kind_is_unknown(self, gateway: Gateway) -> None:
        gateway.pay()
        with pytest.raises(TransactionUnknown):
            gateway.query.operation("S024116", "PAY-1", (Operation.CAPTURE,))
        gateway.change("capture", "CAP-1", 10_000)
        with pytest.raises(TransactionUnknown):
            gateway.query.payment("S024116", "CAP-1")

"""Payments by wallet: pending is never paid, and whoever is second finds the first one's work."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.cards import PAID, TO_BE_CONFIRMED
from tests.support.gateway import Gateway
from tidegate.domain.errors import NotSent, Unanswered, WrongStatus
from tidegate.domain.events import events_of
from tidegate.domain.message import NetworkAnswer
from tidegate.domain.transitions import Status
from tidegate.domain.wallet import WalletAnswer
from tidegate.services.commands import PayByWallet
from tidegate.services.conversations import Reply
from tidegate.services.limits import INTENT_S, LATE_S, POLL_S

WALLET = PayByWallet("redirect", "AlipayHK")
REFUSED = WalletAnswer(
    NetworkAnswer("USER_BALANCE_NOT_ENOUGH", outcome="declined", decline="I0051")
)
STILL = WalletAnswer(NetworkAnswer("PAYMENT_IN_PROCESS", outcome="pending"))


def waiting(gateway: Gateway) -> None:
    gateway.wallet.replies.append(TO_BE_CONFIRMED)
    assert gateway.pay(means=WALLET).status is Status.WAITING


def told(gateway: Gateway, answer: WalletAnswer) -> Status:
    payment = gateway.payments.payment("PAY-1")
    return gateway.await_payer.told(payment, Reply(answer.answer)).status


def test_an_order_is_placed_once_under_our_own_id() -> None:
    gateway = Gateway()
    waiting(gateway)
    (order,) = gateway.wallet.orders
    payment = gateway.payments.payment("PAY-1")
    assert order.request_id == payment.evo_trans_id
    assert order.notify_url.endswith("/alipayplus/S024116/PAY-1")
    assert payment.expires_at == order.expires_at == payment.created_at + 30 * 60
    assert gateway.sequences.last == 0, "a wallet knows neither STAN nor RRN"


def test_what_waits_is_neither_captured_nor_refunded() -> None:
    gateway = Gateway()
    waiting(gateway)
    for kind in ("capture", "refund"):
        with pytest.raises(WrongStatus):
            gateway.change(kind, f"{kind}-1", 100)
    payment = gateway.payments.payment("PAY-1")
    assert (payment.captured_minor, payment.refundable_minor) == (0, 0)
    assert events_of(payment, 0) == []


def test_a_notice_that_comes_twice_captures_once() -> None:
    gateway = Gateway()
    waiting(gateway)
    assert told(gateway, PAID) is Status.CAPTURED
    version = gateway.payments.payment("PAY-1").version
    assert told(gateway, PAID) is Status.CAPTURED
    payment = gateway.payments.payment("PAY-1")
    assert (payment.version, payment.captured_minor) == (version, 10_000)
    assert payment.action is None


def test_a_notice_may_overtake_the_answer_to_the_order() -> None:
    gateway = Gateway()
    gateway.wallet.replies.append(TO_BE_CONFIRMED)
    gateway.payments.before_write.extend([lambda: None])

    def paid_meanwhile() -> None:
        gateway.payments.before_write.clear()
        told(gateway, PAID)

    gateway.payments.before_write[:] = [paid_meanwhile]
    assert gateway.pay(means=WALLET).status is Status.CAPTURED


def test_news_of_a_payment_never_revives_one_that_is_being_cancelled() -> None:
    gateway = Gateway()
    waiting(gateway)
    gateway.wallet.cancels.append(False)
    change = gateway.change("cancel", "CAN-1")
    assert change.payment.status is Status.CANCELLING
    assert told(gateway, PAID) is Status.CANCELLING
    gateway.sweep_now(INTENT_S)
    assert gateway.payments.payment("PAY-1").status is Status.CANCELLED
    assert len(gateway.wallet.cancelled) == 2


@pytest.mark.parametrize(
    ("inquiry", "status"),
    [
        (PAID, Status.CAPTURED),
        (REFUSED, Status.FAILED),
        (STILL, Status.WAITING),
        (Unanswered(), Status.WAITING),
        (NotSent(), Status.WAITING),
    ],
)
def test_the_janitor_asks(inquiry: WalletAnswer | Exception, status: Status) -> None:
    gateway = Gateway()
    waiting(gateway)
    gateway.wallet.inquiries.append(inquiry)
    gateway.sweep_now(POLL_S)
    payment = gateway.payments.payment("PAY-1")
    assert payment.status is status
    assert (payment.due_at is None) is (status is not Status.WAITING)


def test_what_nobody_paid_in_time_is_closed_by_the_wallets_word_alone() -> None:
    gateway = Gateway()
    waiting(gateway)
    gateway.wallet.inquiries.append(STILL)
    gateway.wallet.cancels.append(False)
    gateway.sweep_now(31 * 60)
    assert gateway.payments.payment("PAY-1").status is Status.CANCELLING
    gateway.sweep_now(INTENT_S + POLL_S)
    payment = gateway.payments.payment("PAY-1")
    assert payment.status is Status.CANCELLED
    (event,) = events_of(payment, payment.version - 1)
    assert event.code == "Payment", "nobody asked for a cancel"


def test_paid_in_the_last_moment_is_paid() -> None:
    gateway = Gateway()
    waiting(gateway)
    gateway.wallet.inquiries.append(PAID)
    gateway.sweep_now(31 * 60)
    assert gateway.payments.payment("PAY-1").status is Status.CAPTURED
    assert gateway.wallet.cancelled == []


def test_an_order_whose_answer_was_lost_is_cancelled() -> None:
    gateway = Gateway()
    gateway.wallet.replies.append(Unanswered())
    assert gateway.pay(means=WALLET).status is Status.FAILED
    assert gateway.wallet.cancelled == [gateway.payments.payment("PAY-1").evo_trans_id]


def test_an_order_that_may_reach_the_wallet_late_is_cancelled_once_more() -> None:
    gateway = Gateway()
    gateway.wallet.replies.append(Unanswered())
    failed = gateway.pay(means=WALLET)
    gateway.wallet.cancels.append(False)
    gateway.sweep_now(LATE_S)
    gateway.sweep_now(LATE_S)
    payment = gateway.payments.payment("PAY-1")
    assert gateway.wallet.cancelled == [payment.evo_trans_id] * 3
    assert (payment.status, payment.reversal, payment.due_at) == (Status.FAILED, None, None)
    assert events_of(payment, failed.version) == [], "nothing that merchants see"


def test_what_was_paid_after_we_gave_it_up_is_given_back() -> None:
    gateway = Gateway()
    waiting(gateway)
    assert gateway.change("cancel", "CAN-1").payment.status is Status.CANCELLED
    gateway.wallet.cancels.append(False)
    assert told(gateway, PAID) is Status.CANCELLED
    gateway.sweep_now(INTENT_S)
    assert len(gateway.wallet.cancelled) == 3
    assert gateway.payments.payment("PAY-1").due_at is None


def refundable(gateway: Gateway) -> None:
    assert gateway.pay(means=WALLET).status is Status.CAPTURED


def test_a_refund_that_the_wallet_works_on_is_received_then_confirmed() -> None:
    gateway = Gateway()
    refundable(gateway)
    gateway.wallet.refund_replies.append(STILL)
    change = gateway.change("refund", "REF-1", 4_000)
    assert change.operation.status == "r"
    assert gateway.payments.payment("PAY-1").refundable_minor == 6_000
    gateway.wallet.refund_inquiries.append(STILL)
    gateway.sweep_now(POLL_S)
    assert gateway.payments.operation("REF-1").status == "r"
    gateway.sweep_now(POLL_S * 2)
    assert gateway.payments.operation("REF-1").status == "s"
    payment = gateway.payments.payment("PAY-1")
    assert (payment.refunded_minor, payment.status) == (4_000, Status.PARTIAL_REFUNDED)


def test_a_refund_that_the_wallet_never_heard_of_gives_its_amount_back() -> None:
    gateway = Gateway()
    refundable(gateway)
    gateway.wallet.refund_replies.append(Unanswered())
    gone = replace(REFUSED.answer, response_code="REFUND_NOT_EXIST", decline="P0098")
    gateway.wallet.refund_inquiries.extend([WalletAnswer(gone)] * 2)
    change = gateway.change("refund", "REF-1", 4_000)
    assert change.operation.status == "r", "the wallet may hear of it yet"
    gateway.sweep_now(LATE_S)
    refund = gateway.payments.operation("REF-1")
    assert (refund.status, refund.failure_code) == ("f", "P0098")
    payment = gateway.payments.payment("PAY-1")
    assert (payment.refundable_minor, payment.refunded_minor) == (10_000, 0)


def test_a_refund_that_reaches_the_wallet_late_has_been_made() -> None:
    gateway = Gateway()
    refundable(gateway)
    gateway.wallet.refund_replies.append(Unanswered())
    gone = replace(REFUSED.answer, response_code="REFUND_NOT_EXIST", decline="P0098")
    gateway.wallet.refund_inquiries.extend([WalletAnswer(gone), PAID])
    gateway.change("refund", "REF-1", 4_000)
    gateway.sweep_now(LATE_S)
    assert gateway.payments.operation("REF-1").status == "s"
    assert gateway.payments.payment("PAY-1").refunded_minor == 4_000


def test_a_refund_whose_inquiry_fails_stays_received() -> None:
    gateway = Gateway()
    refundable(gateway)
    gateway.wallet.refund_replies.append(Unanswered())
    gateway.wallet.refund_inquiries.append(Unanswered())
    change = gateway.change("refund", "REF-1", 4_000)
    assert change.operation.status == "r"
    assert gateway.payments.operation("REF-1").due_at is not None


def test_an_approval_that_is_late_counts_once() -> None:
    """The janitor has concluded the refund while its caller still held the first answer."""
    gateway = Gateway()
    refundable(gateway)
    gateway.wallet.refund_replies.append(STILL)
    first = gateway.change("refund", "REF-1", 4_000)
    gateway.sweep_now(POLL_S)
    payment = gateway.payments.payment("PAY-1")
    again = gateway.conclude_refund.answered(gateway.store, payment, first.operation, PAID.answer)
    assert again.status == "s"
    assert gateway.payments.payment("PAY-1").refunded_minor == 4_000

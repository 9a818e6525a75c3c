"""Orders behind links: who may pay, what each payer sees, and how an order ends."""

from __future__ import annotations

import pytest

from tests.support.cards import PAID, TO_BE_CONFIRMED
from tests.support.gateway import Gateway
from tests.support.memory import VISA_CARD, a_store
from tidegate.api.page import order_json
from tidegate.domain.errors import (
    BrandUnsupported,
    DuplicateOrder,
    DuplicateTransaction,
    InvalidValue,
    KeyReused,
    OrderClosed,
    OrderPaid,
    OrderUnknown,
    StaleVersion,
    TransactionUnknown,
    Unanswered,
    WrongStatus,
)
from tidegate.domain.message import Card, NetworkAnswer
from tidegate.domain.money import Money
from tidegate.domain.order import CLAIM_S, MAX_ATTEMPTS, Attempt, OrderStatus
from tidegate.domain.payment import IdempotencyRecord, Payment
from tidegate.domain.transitions import Status
from tidegate.services.commands import ChangePayment, CreateOrder, PayByWallet
from tidegate.services.link_orders import OrderChange, OrderView, link_of

CARD = Card(VISA_CARD, "4912", "321")
WALLET = PayByWallet("MPM", "AlipayHK")
PAGE = "https://pay.example/g2/pay/link"
MINE, THEIRS = "a" * 32, "b" * 32


def a_gateway() -> Gateway:
    """Its store asks for no authentication: the test is about orders."""
    return Gateway(a_store(authentication="none"))


def an_order(gateway: Gateway, **more: object) -> str:
    """The link of a new order of HKD 100.00, open for half an hour."""
    given = {"valid_minutes": 30, "amount": Money(10_000, "HKD"), **more}
    command = CreateOrder("LP-1", "2025-03-04T09:10:11Z", **given)  # type: ignore[arg-type]
    return link_of(gateway.link_orders.create(gateway.store, command).order)


def pay(
    gateway: Gateway, link: str, means: Card | PayByWallet = CARD, try_id: str | None = None
) -> Payment:
    return gateway.pay_order(link, means, None, PAGE, None, try_id).payment


def close(
    gateway: Gateway, trans_id: str = "CLOSE-1", key: IdempotencyRecord | None = None
) -> OrderView:
    command = ChangePayment(trans_id, "2025-03-04T10:00:00Z", "", Money(10_000, "HKD"))
    return gateway.link_orders.cancel_or_refund(gateway.store, "LP-1", command, key).view


def a_key(of: str, fingerprint: str = "the same body") -> IdempotencyRecord:
    return IdempotencyRecord("S024116", "key-1", of, fingerprint)


def refund(gateway: Gateway, trans_id: str, minor: int, of: str = "") -> OrderChange:
    command = ChangePayment(trans_id, "2025-03-04T10:00:00Z", of, Money(minor, "HKD"))
    return gateway.link_orders.refund(gateway.store, "LP-1", command)


def shown(gateway: Gateway, link: str, try_id: str | None) -> dict[str, object]:
    view = gateway.link_orders.behind(link, try_id)
    return order_json(view, view.tried(try_id), gateway.store, [], None, lambda text: text)


def test_an_order_is_pending_until_somebody_looks_and_active_until_it_is_paid() -> None:
    gateway = a_gateway()
    link = an_order(gateway)
    assert gateway.link_orders.find(gateway.store.sid, "LP-1").status is OrderStatus.PENDING
    assert gateway.link_orders.behind(link).status is OrderStatus.ACTIVE
    assert pay(gateway, link).status is Status.CAPTURED
    assert gateway.link_orders.behind(link).status is OrderStatus.PAID


def test_a_link_with_another_secret_leads_nowhere() -> None:
    gateway = a_gateway()
    an_order(gateway)
    for link in ("UzAyNDExNnxMUC0xfGd1ZXNz", "no base64 at all!", ""):
        with pytest.raises(OrderUnknown):
            gateway.link_orders.behind(link)


def test_the_same_create_within_ten_minutes_is_the_same_order() -> None:
    gateway = a_gateway()
    link = an_order(gateway)
    gateway.clock.at += 600
    assert an_order(gateway) == link
    with pytest.raises(DuplicateOrder):
        an_order(gateway, amount=Money(10_001, "HKD"))
    gateway.clock.at += 1
    with pytest.raises(DuplicateOrder):
        an_order(gateway)


def test_a_declined_try_leaves_the_order_payable_and_a_paid_order_is_paid_once() -> None:
    gateway = a_gateway()
    link = an_order(gateway)
    gateway.visa.replies.append(NetworkAnswer("51"))
    assert pay(gateway, link).status is Status.FAILED
    assert pay(gateway, link).status is Status.CAPTURED
    with pytest.raises(OrderPaid):
        pay(gateway, link)


def test_while_a_try_is_undecided_nobody_else_may_pay() -> None:
    gateway = a_gateway()
    link = an_order(gateway)
    gateway.visa.replies.append(Unanswered())
    gateway.visa.reversal_replies.extend([Unanswered()] * 2)
    assert pay(gateway, link).status not in (Status.CAPTURED, Status.FAILED)
    with pytest.raises(WrongStatus):
        pay(gateway, link)


def test_a_wallet_code_that_nobody_scanned_is_withdrawn_before_the_next_try() -> None:
    gateway = a_gateway()
    link = an_order(gateway)
    gateway.wallet.replies.append(TO_BE_CONFIRMED)
    first = pay(gateway, link, WALLET)
    assert first.status is Status.WAITING
    assert pay(gateway, link).status is Status.CAPTURED
    assert gateway.wallet.cancelled == [first.evo_trans_id]
    assert gateway.payments.payment(first.trans_id).status is Status.CANCELLED


def test_a_wallet_that_does_not_confirm_the_withdrawal_keeps_others_out() -> None:
    gateway = a_gateway()
    link = an_order(gateway)
    gateway.wallet.replies.append(TO_BE_CONFIRMED)
    pay(gateway, link, WALLET)
    gateway.wallet.cancels.extend([Unanswered()] * 3)
    with pytest.raises(WrongStatus):
        pay(gateway, link)
    assert gateway.visa.authorizations == [], "no card was charged while the wallet may still pay"


def test_a_claim_without_a_payment_keeps_others_out_for_a_minute() -> None:
    gateway = a_gateway()
    link = an_order(gateway)
    order = gateway.link_orders.behind(link).order
    claimed = order.changed(attempts=(Attempt("f" * 32, int(gateway.clock.at)),))
    gateway.orders.update(order, claimed)  # and its function dies
    with pytest.raises(WrongStatus):
        pay(gateway, link)
    with pytest.raises(WrongStatus):
        close(gateway)
    gateway.clock.at += CLAIM_S
    assert pay(gateway, link).status is Status.CAPTURED


def test_of_two_payers_at_once_one_gets_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = a_gateway()
    link = an_order(gateway)

    def lost(_before: object, _after: object) -> None:
        raise StaleVersion

    gateway.link_orders.behind(link)
    monkeypatch.setattr(gateway.orders, "update", lost)
    with pytest.raises(WrongStatus):
        pay(gateway, link)
    assert gateway.visa.authorizations == []


def test_a_brand_that_the_order_does_not_allow_is_refused() -> None:
    gateway = a_gateway()
    link = an_order(gateway, brands=("Mastercard",))
    with pytest.raises(BrandUnsupported):
        pay(gateway, link)


def test_an_order_that_expired_is_closed_unless_somebody_is_paying() -> None:
    gateway = a_gateway()
    link = an_order(gateway)
    gateway.wallet.replies.append(TO_BE_CONFIRMED)
    pay(gateway, link, WALLET)
    gateway.clock.at += 30 * 60
    assert gateway.link_orders.behind(link).status is OrderStatus.ACTIVE
    with pytest.raises(OrderClosed):
        pay(gateway, link)
    gateway.wallet.inquiries.append(TO_BE_CONFIRMED)
    gateway.sweep_now(120)
    assert gateway.link_orders.behind(link).status is OrderStatus.CLOSED


def test_closing_takes_the_id_of_its_request_for_good() -> None:
    gateway = a_gateway()
    link = an_order(gateway)
    closed = close(gateway)
    assert closed.status is OrderStatus.CLOSED
    assert closed.order.closed_at == gateway.clock.at
    assert str(closed.order.closing_evo_id).startswith("pay")
    with pytest.raises(DuplicateTransaction):
        close(gateway)
    with pytest.raises(OrderClosed):
        close(gateway, "CLOSE-2")
    with pytest.raises(OrderClosed):
        pay(gateway, link)
    with pytest.raises(DuplicateTransaction):
        gateway.pay("CLOSE-1")


def test_a_closing_that_is_repeated_under_its_key_is_the_same_one() -> None:
    gateway = a_gateway()
    an_order(gateway)
    first = close(gateway, key=a_key("CLOSE-1"))
    gateway.clock.at += 60
    again = close(gateway, key=a_key("CLOSE-1"))
    assert again.order == first.order
    with pytest.raises(KeyReused):
        close(gateway, key=a_key("CLOSE-1", "another body"))


def test_a_create_under_its_key_is_the_same_order_for_good() -> None:
    gateway = a_gateway()
    command = CreateOrder("LP-1", "2025-03-04T09:10:11Z", Money(10_000, "HKD"), 30)
    first = gateway.link_orders.create(gateway.store, command, a_key("LP-1"))
    pay(gateway, link_of(first.order))
    gateway.clock.at += 24 * 3600
    again = gateway.link_orders.create(gateway.store, command, a_key("LP-1"))
    assert link_of(again.order) == link_of(first.order)
    assert again.status is OrderStatus.PAID
    with pytest.raises(KeyReused):
        gateway.link_orders.create(gateway.store, command, a_key("LP-1", "another body"))


def test_an_order_that_was_tried_too_often_has_failed() -> None:
    gateway = a_gateway()
    link = an_order(gateway)
    for _ in range(MAX_ATTEMPTS):
        gateway.visa.replies.append(NetworkAnswer("51"))
        pay(gateway, link)
    assert gateway.link_orders.behind(link).status is OrderStatus.FAILED
    with pytest.raises(OrderClosed):
        pay(gateway, link)
    assert close(gateway).status is OrderStatus.CLOSED


def test_closing_what_is_being_paid_by_wallet_withdraws_it_and_what_is_paid_is_refunded() -> None:
    gateway = a_gateway()
    link = an_order(gateway)
    gateway.wallet.replies.append(TO_BE_CONFIRMED)
    waiting = pay(gateway, link, WALLET)
    assert close(gateway).status is OrderStatus.CLOSED
    assert gateway.payments.payment(waiting.trans_id).status is Status.CANCELLED

    gateway = a_gateway()
    paid = pay(gateway, an_order(gateway))
    assert close(gateway).status is OrderStatus.REFUNDED
    assert gateway.payments.payment(paid.trans_id).refunded_minor == 10_000


def test_an_order_for_many_shows_each_payer_their_own_payment_only() -> None:
    gateway = a_gateway()
    link = an_order(gateway, multiple=True, return_url="https://shop.example/done")
    gateway.wallet.replies.append(TO_BE_CONFIRMED)
    theirs = pay(gateway, link, WALLET, THEIRS)
    assert theirs.status is Status.WAITING
    mine = pay(gateway, link, CARD, MINE)
    assert mine.status is Status.CAPTURED
    assert gateway.wallet.cancelled == [], "payers of one order do not end each other's payments"

    assert shown(gateway, link, None)["attempt"] is None
    assert shown(gateway, link, "c" * 32)["attempt"] is None
    their_page, my_page = shown(gateway, link, THEIRS), shown(gateway, link, MINE)
    assert their_page["attempt"]["state"] == "waiting"  # type: ignore[index]
    assert their_page["returnTo"] is None
    assert my_page["attempt"]["state"] == "paid"  # type: ignore[index]
    assert str(my_page["returnTo"]).startswith("https://shop.example/done?")
    assert my_page["order"]["status"] == "Active"  # type: ignore[index]


def test_an_order_for_many_stays_open_for_others_after_one_was_refunded() -> None:
    gateway = a_gateway()
    link = an_order(gateway, multiple=True)
    first = pay(gateway, link)
    gateway.change("refund", "REF-1", 4_000, of=first.trans_id)
    assert shown(gateway, link, None)["order"]["status"] == "Active"  # type: ignore[index]
    assert pay(gateway, link, CARD, MINE).status is Status.CAPTURED
    gateway.clock.at += 30 * 60
    with pytest.raises(OrderClosed):
        pay(gateway, link)


def test_payers_of_an_order_for_many_do_not_stand_in_each_others_way() -> None:
    gateway = a_gateway()
    link = an_order(gateway, multiple=True)
    payers = [f"{number:032x}" for number in range(MAX_ATTEMPTS + 5)]
    paid = [pay(gateway, link, CARD, one) for one in payers]
    assert {one.status for one in paid} == {Status.CAPTURED}
    view = gateway.link_orders.find(gateway.store.sid, "LP-1")
    assert [one.trans_id for one in view.payments] == [one.trans_id for one in paid]
    assert view.status is OrderStatus.ACTIVE
    gateway.clock.at += 30 * 60
    assert gateway.link_orders.find(gateway.store.sid, "LP-1").status is OrderStatus.PAID


def test_an_order_for_many_has_an_end_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidegate.domain.order.MAX_ATTEMPTS_OF_MANY", 2)
    monkeypatch.setattr("tidegate.services.pay_order.MAX_ATTEMPTS_OF_MANY", 2)
    gateway = a_gateway()
    link = an_order(gateway, multiple=True)
    for payer in (MINE, THEIRS):
        pay(gateway, link, CARD, payer)
    with pytest.raises(OrderClosed):
        pay(gateway, link, CARD, "c" * 32)
    assert gateway.link_orders.find(gateway.store.sid, "LP-1").status is OrderStatus.PAID


def test_a_refund_names_the_payment_or_takes_the_newest_with_something_left() -> None:
    gateway = a_gateway()
    link = an_order(gateway, multiple=True)
    first, second = (pay(gateway, link, CARD, payer) for payer in (MINE, THEIRS))
    named = refund(gateway, "REF-1", 1_000, of=first.trans_id)
    assert named.refund is not None
    assert named.refund.payment.trans_id == first.trans_id
    newest = refund(gateway, "REF-2", 10_000)
    assert newest.refund is not None
    assert newest.refund.payment.trans_id == second.trans_id
    then = refund(gateway, "REF-3", 9_000)
    assert then.refund is not None
    assert then.refund.payment.trans_id == first.trans_id
    gateway.pay("ANOTHER", hours=0)
    for stranger in ("ANOTHER", "nothing"):
        with pytest.raises(TransactionUnknown):
            refund(gateway, "REF-4", 100, of=stranger)


def test_closing_an_order_for_many_withdraws_every_try_that_waits() -> None:
    gateway = a_gateway()
    link = an_order(gateway, multiple=True)
    gateway.wallet.replies.extend([TO_BE_CONFIRMED] * 2)
    waiting = [pay(gateway, link, WALLET, payer) for payer in (MINE, THEIRS)]
    assert close(gateway).status is OrderStatus.CLOSED
    for one in waiting:
        assert gateway.payments.payment(one.trans_id).status is Status.CANCELLED


def test_the_trade_of_an_order_is_the_stores() -> None:
    gateway = a_gateway()
    with pytest.raises(InvalidValue):
        an_order(gateway, mcc="7995")
    assert an_order(gateway, mcc=gateway.store.acceptor.mcc)


def test_a_try_that_is_sent_twice_pays_once() -> None:
    gateway = a_gateway()
    link = an_order(gateway, multiple=True)
    gateway.wallet.replies.append(PAID)
    pay(gateway, link, CARD, MINE)
    with pytest.raises(WrongStatus):
        pay(gateway, link, CARD, MINE)
    assert len(gateway.visa.authorizations) == 1


def test_nobody_chooses_the_id_of_a_payment() -> None:
    gateway = a_gateway()
    payment = pay(gateway, an_order(gateway), CARD, MINE)
    assert payment.trans_id != MINE
    assert len(payment.trans_id) == 32

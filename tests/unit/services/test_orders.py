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
    OrderClosed,
    OrderPaid,
    OrderUnknown,
    StaleVersion,
    Unanswered,
    WrongStatus,
)
from tidegate.domain.message import Card, NetworkAnswer
from tidegate.domain.money import Money
from tidegate.domain.order import CLAIM_S, Attempt, OrderStatus
from tidegate.domain.payment import Payment
from tidegate.domain.transitions import Status
from tidegate.services.commands import ChangePayment, CreateOrder, PayByWallet
from tidegate.services.link_orders import OrderView, link_of

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


def close(gateway: Gateway, trans_id: str = "CLOSE-1") -> OrderView:
    command = ChangePayment(trans_id, "2025-03-04T10:00:00Z", "LP-1", Money(10_000, "HKD"))
    return gateway.link_orders.cancel_or_refund(gateway.store, "LP-1", command).view


def shown(gateway: Gateway, link: str, try_id: str | None) -> dict[str, object]:
    view = gateway.link_orders.behind(link)
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
    assert close(gateway).status is OrderStatus.CLOSED
    assert close(gateway).status is OrderStatus.CLOSED, "the same request again"
    with pytest.raises(WrongStatus):
        close(gateway, "CLOSE-2")
    with pytest.raises(OrderClosed):
        pay(gateway, link)
    with pytest.raises(DuplicateTransaction):
        gateway.pay("CLOSE-1")


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

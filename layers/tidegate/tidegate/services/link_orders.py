"""LinkPay orders: created, looked at, closed, refunded."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tidegate.domain.brands import brand_named
from tidegate.domain.errors import (
    BrandUnsupported,
    CurrencyUnsupported,
    DuplicateOrder,
    DuplicateTransaction,
    InvalidValue,
    OrderClosed,
    OrderUnknown,
    StaleVersion,
    TransactionUnknown,
    WrongStatus,
)
from tidegate.domain.order import CLAIM_S, LISTED, OVER, PAID, Order, OrderStatus, status_of
from tidegate.domain.payment import IdempotencyRecord, Payment
from tidegate.domain.store import Store
from tidegate.domain.transitions import Operation
from tidegate.ports import Clock, Ids, PaymentStore
from tidegate.ports_orders import Orders
from tidegate.services.change import Change
from tidegate.services.commands import ChangePayment, CreateOrder
from tidegate.services.idempotency import claim, first_use
from tidegate.services.limits import CONFLICT_TRIES
from tidegate.services.query import Query
from tidegate.services.refund_payment import RefundPayment
from tidegate.services.withdraw_attempt import WithdrawAttempt

REFUNDS = (Operation.REFUND,)
SAME_REQUEST_S = 600
"""An identical create within this time is the same request, sent again by a client's retry."""


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its payments, oldest first."""

    order: Order
    payments: tuple[Payment, ...]
    now: float

    @property
    def status(self) -> OrderStatus:
        return status_of(self.order, self.payments, self.now)

    @property
    def payment(self) -> Payment | None:
        """The payment that counts: the newest paid one, else the newest."""
        paid = [one for one in self.payments if one.status in PAID]
        return (paid or self.payments or [None])[-1]  # type: ignore[list-item]

    @property
    def refundable(self) -> Payment | None:
        """The payment that a refund takes from unless it names another: the newest of which
        something is left, else the one that counts."""
        left = [one for one in self.payments if one.refundable_minor]
        return left[-1] if left else self.payment

    @property
    def unfinished(self) -> tuple[Payment, ...]:
        """What somebody may still pay."""
        return tuple(one for one in self.payments if one.status not in PAID | OVER)

    @property
    def claimed(self) -> bool:
        """Whether a try was begun a moment ago whose payment is not written down yet."""
        known = {one.trans_id for one in self.payments}
        tries = self.order.attempts
        return any(one.trans_id not in known and self.now - one.at < CLAIM_S for one in tries)

    def tried(self, try_id: str | None) -> Payment | None:
        """What the payer who numbered a try should see: of an order that many may pay their own
        payment only, else the newest."""
        if not self.order.multiple:
            return self.payments[-1] if self.payments else None
        mine = self.order.trans_id_of(try_id) if try_id else None
        return next((one for one in self.payments if one.trans_id == mine), None)


@dataclass(frozen=True, slots=True)
class OrderChange:
    """What a cancelOrRefund did: a refund, or the order closed under ``closed_by``."""

    view: OrderView
    refund: Change | None = None
    command: ChangePayment | None = None


@dataclass(frozen=True, slots=True)
class LinkOrders:
    """The use cases, over their ports."""

    orders: Orders
    payments: PaymentStore
    refund_payment: RefundPayment
    withdraw: WithdrawAttempt
    clock: Clock
    ids: Ids

    def create(
        self, store: Store, command: CreateOrder, idempotency: IdempotencyRecord | None = None
    ) -> OrderView:
        """A new order, or the one that the same request made: a moment ago, or ever under the
        same key.

        Raises CurrencyUnsupported, BrandUnsupported, InvalidValue, DuplicateOrder, KeyReused.
        """
        known = first_use(self.payments, idempotency) is not None
        if command.amount.currency not in store.currencies:
            raise CurrencyUnsupported(field="transAmount.currency")
        if command.mcc not in {None, store.acceptor.mcc}:
            raise InvalidValue("the store has no such MCC", field="storeInfo.MCC")
        now = int(self.clock.now())
        order = Order(
            sid=store.sid,
            order_id=command.order_id,
            version=1,
            amount=command.amount,
            order_time=command.order_time,
            created_at=now,
            expires_at=now + 60 * command.valid_minutes,
            secret=self.ids.secret_id(),
            multiple=command.multiple,
            brands=_brands(store, command),
            return_url=command.return_url,
            webhook=command.webhook,
            user_reference=command.user_reference,
            recurring=command.recurring,
            collect=command.collect,
        )
        claim(self.payments, idempotency)
        held = self.orders.create(order)
        if held is None:
            return OrderView(order, (), now)
        same = (held.amount, held.multiple) == (order.amount, order.multiple)
        recent = now - held.created_at <= SAME_REQUEST_S and not held.closed(now)
        if same and (recent or known):
            return self._view(held)
        raise DuplicateOrder(field="merchantOrderInfo.merchantOrderID")

    def find(self, sid: str, order_id: str) -> OrderView:
        """By the merchant's id; raises OrderUnknown."""
        order = self.orders.get(sid, order_id)
        if order is None:
            raise OrderUnknown(field="merchantOrderID")
        return self._view(order)

    def behind(self, link: str, try_id: str | None = None) -> OrderView:
        """By its link; raises OrderUnknown. The first look makes a pending order active. Of an
        order for many it holds the payment of this try alone."""
        sid, order_id, secret = _read_link(link)
        order = self.orders.get(sid, order_id)
        if order is None or not hmac.compare_digest(order.secret.encode(), secret.encode()):
            raise OrderUnknown
        if not order.opened:
            try:
                opened = order.changed(opened=True)
                self.orders.update(order, opened)
            except StaleVersion:
                return self.behind(link, try_id)
            order = opened
        if order.multiple:
            return self._with(order, [order.trans_id_of(try_id)] if try_id else [])
        return self._with(order, [one.trans_id for one in order.attempts])

    def refund(
        self,
        store: Store,
        order_id: str,
        command: ChangePayment,
        idempotency: IdempotencyRecord | None = None,
    ) -> OrderChange:
        """Refund the payment of the order that the command names, else the newest of which
        something is left. Raises OrderUnknown, TransactionUnknown, WrongStatus and what a refund
        raises."""
        view = self.find(store.sid, order_id)
        named = command.payment_trans_id
        payment = self._of_order(view.order, named) if named else view.refundable
        if payment is None or payment.status not in PAID:
            raise WrongStatus("the order is not paid")
        given = replace(command, payment_trans_id=payment.trans_id)
        change = self.refund_payment(store, given, idempotency)
        return OrderChange(self.find(store.sid, order_id), change, given)

    def cancel_or_refund(
        self,
        store: Store,
        order_id: str,
        command: ChangePayment,
        idempotency: IdempotencyRecord | None = None,
    ) -> OrderChange:
        """Close an order that is not paid, refund one that is. Raises OrderUnknown, OrderClosed,
        DuplicateTransaction, KeyReused, WrongStatus while it is being paid, and what a refund
        raises."""
        for _ in range(CONFLICT_TRIES):
            view = self.find(store.sid, order_id)
            payment = view.payment
            if command.payment_trans_id or (payment is not None and payment.status in PAID):
                return self.refund(store, order_id, command, idempotency)
            known = first_use(self.payments, idempotency) is not None
            if known and view.order.closed_by == command.trans_id:
                return OrderChange(view, None, command)
            if self.payments.get(store.sid, command.trans_id) is not None:
                raise DuplicateTransaction(field="merchantTransInfo.merchantTransID")
            if view.claimed or any(
                self.withdraw(one).status not in OVER for one in view.unfinished
            ):
                raise WrongStatus("somebody is paying the order")
            if view.unfinished:
                continue
            if view.status is OrderStatus.CLOSED:
                raise OrderClosed
            claim(self.payments, idempotency)
            now = self.clock.now()
            after = view.order.changed(
                closed_by=command.trans_id,
                closed_at=int(now),
                closing_evo_id=self.ids.evo_trans_id(now),
            )
            try:
                if not self.orders.close(view.order, after, command.trans_id):
                    raise DuplicateTransaction(field="merchantTransInfo.merchantTransID")
            except StaleVersion:
                continue
            return OrderChange(self._view(after), None, command)
        raise StaleVersion("too many changes at once")

    def refund_made(self, query: Query, sid: str, trans_id: str) -> OrderChange:
        """A refund by its own id. Raises TransactionUnknown, OrderUnknown."""
        change = query.operation(sid, trans_id, REFUNDS)
        order_id = change.payment.order
        if order_id is None:
            raise OrderUnknown(field="merchantTransID")
        return OrderChange(self.find(sid, order_id), change)

    def _of_order(self, order: Order, trans_id: str) -> Payment:
        found = self.payments.get(order.sid, trans_id)
        if not isinstance(found, Payment) or found.order != order.order_id:
            raise TransactionUnknown("the order has no such payment", field="merchantTransID")
        return found

    def _view(self, order: Order) -> OrderView:
        """The order with its payments; of an order for many with the newest."""
        attempts = order.attempts
        if order.multiple:
            attempts = self.orders.attempts(order.sid, order.order_id, LISTED)
        return self._with(order, [one.trans_id for one in attempts])

    def _with(self, order: Order, names: Sequence[str]) -> OrderView:
        found = (self.payments.get(order.sid, name) for name in names)
        payments = tuple(one for one in found if isinstance(one, Payment))
        return OrderView(order, payments, self.clock.now())


def link_of(order: Order) -> str:
    """What an order's page is called; nobody can guess it."""
    text = f"{order.sid}|{order.order_id}|{order.secret}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_link(link: str) -> tuple[str, str, str]:
    try:
        text = base64.urlsafe_b64decode(link + "=" * (-len(link) % 4)).decode()
        sid, order_id, secret = text.split("|")
    except (binascii.Error, ValueError):
        raise OrderUnknown from None
    return sid, order_id, secret


def _brands(store: Store, command: CreateOrder) -> tuple[str, ...]:
    """What the order allows of what the store takes; raises BrandUnsupported if that is nothing."""
    if not command.brands:
        return ()
    at = "merchantOrderInfo.enabledPaymentMethod"
    named = [brand_named(name, field=at).name for name in command.brands]
    taken = tuple(name for name, ways in store.routes if ways and name in named)
    if not taken:
        raise BrandUnsupported("the store takes none of these brands", field=at)
    return taken

"""One try to pay an order through its page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.domain.authentication import BrowserInfo
from tidegate.domain.errors import (
    BrandUnsupported,
    MissingField,
    OrderClosed,
    OrderPaid,
    StaleVersion,
    WrongStatus,
)
from tidegate.domain.message import Card
from tidegate.domain.order import (
    MAX_ATTEMPTS_OF_MANY,
    OVER,
    PAID,
    Attempt,
    Detail,
    Order,
)
from tidegate.domain.routing import brand_of
from tidegate.domain.store import Store
from tidegate.ports import Clock, Ids, StoreDirectory
from tidegate.ports_orders import Orders
from tidegate.services.commands import Authenticate, CreatePayment, KeepCard, PayByWallet
from tidegate.services.create_payment import CreatePayment as Create
from tidegate.services.link_orders import LinkOrders, OrderView
from tidegate.services.payer_action import Step
from tidegate.services.withdraw_attempt import WithdrawAttempt


@dataclass(frozen=True, slots=True)
class PayOrder:
    """The use case, over its ports."""

    orders: Orders
    links: LinkOrders
    stores: StoreDirectory
    create: Create
    withdraw: WithdrawAttempt
    clock: Clock
    ids: Ids

    def __call__(
        self,
        link: str,
        means: Card | PayByWallet,
        browser: BrowserInfo | None,
        page_url: str,
        holder_name: str | None = None,
        try_id: str | None = None,
        payer: Mapping[Detail, Any] | None = None,
    ) -> Step:
        """The payment that was begun. Raises MissingField for what the order wants to know of its
        payer, OrderUnknown, OrderPaid, OrderClosed, WrongStatus
        while another try may still succeed, and what a payment raises."""
        view = self.links.behind(link, try_id)
        store = self.stores.get(view.order.sid)
        self._check(store, view, means)
        told = _told(view.order, payer or {})
        order, trans_id = self._claimed(view, try_id)
        kept = order.user_reference is not None and order.recurring is not None
        command = CreatePayment(
            trans_id=trans_id,
            trans_time=order.order_time,
            amount=order.amount,
            means=means,
            capture_after_hours=0,
            order_reference=order.order_id,
            platform="WEB",
            webhook=order.webhook,
            return_url=page_url,
            authenticate=Authenticate(
                wanted=None if store.authentication == "none" else True, browser=browser
            ),
            keep=KeepCard(order.user_reference or "", None, holder_name)
            if kept and isinstance(means, Card)
            else None,
            user_reference=order.user_reference,
            recurring=order.recurring if kept else None,
            order=order.order_id,
            payer=told,
        )
        return self.create(store, command)

    def _check(self, store: Store, view: OrderView, means: Card | PayByWallet) -> None:
        order = view.order
        paid = any(one.status in PAID for one in view.payments)
        if paid and not order.multiple:
            raise OrderPaid
        if order.closed(self.clock.now()):
            raise OrderClosed
        brand = brand_of(means.pan) if isinstance(means, Card) else means.brand
        if order.brands and brand not in order.brands:
            raise BrandUnsupported(f"the order is not paid with {brand}", field="paymentBrand")
        if order.multiple:
            return
        if any(self.withdraw(one).status not in OVER for one in view.unfinished):
            raise WrongStatus("the order is being paid")
        if view.claimed:
            raise WrongStatus("the order is being paid")

    def _claimed(self, view: OrderView, try_id: str | None) -> tuple[Order, str]:
        """The order with this attempt on it: of two payers, one gets it, unless it is for many.
        Raises WrongStatus, OrderClosed."""
        order = view.order
        trans_id = order.trans_id_of(try_id) if try_id else self.ids.secret_id()
        made = {one.trans_id for one in order.attempts} | {one.trans_id for one in view.payments}
        if trans_id in made:
            raise WrongStatus("this try was made before")
        attempt = Attempt(trans_id, int(self.clock.now()))
        if order.multiple:
            if not self.orders.join(order, attempt, MAX_ATTEMPTS_OF_MANY):
                raise OrderClosed
            return order, trans_id
        after = order.changed(attempts=(*order.attempts, attempt))
        try:
            self.orders.update(order, after)
        except StaleVersion:
            raise WrongStatus("the order is being paid") from None
        return after, trans_id


def _told(order: Order, payer: Mapping[Detail, Any]) -> str | None:
    """What the order asked for and the payer said, no more of it; raises MissingField."""
    for name in order.collect:
        if not payer.get(name):
            raise MissingField(field=f"payer.{name}")
    wanted = {name: payer[name] for name in order.collect}
    return json.dumps(wanted, separators=(",", ":"), ensure_ascii=False) if wanted else None

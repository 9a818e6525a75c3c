"""LinkPay joined to its adapters."""

from __future__ import annotations

from functools import cache
from typing import Any

from tidegate.adapters.dynamodb.orders import DynamoOrders
from tidegate.api.page import order_json
from tidegate.domain.brands import Wanted
from tidegate.domain.errors import TidegateError
from tidegate.domain.wallet import Action
from tidegate.runtime import bootstrap
from tidegate.runtime.bootstrap import PAGES
from tidegate.services.link_orders import LinkOrders, OrderView, link_of
from tidegate.services.list_brands import brands_of
from tidegate.services.pay_order import PayOrder
from tidegate.services.withdraw_attempt import WithdrawAttempt


@cache
def orders() -> DynamoOrders:
    return DynamoOrders(bootstrap.settings().table)


@cache
def withdraw_attempt() -> WithdrawAttempt:
    return WithdrawAttempt(
        bootstrap.payments(), bootstrap.sequences(), bootstrap.take_back(), bootstrap.clock()
    )


@cache
def link_orders() -> LinkOrders:
    return LinkOrders(
        orders(),
        bootstrap.payments(),
        bootstrap.refund_payment(),
        withdraw_attempt(),
        bootstrap.clock(),
        bootstrap.ids(),
    )


@cache
def pay_order() -> PayOrder:
    return PayOrder(
        orders(),
        link_orders(),
        bootstrap.stores(),
        bootstrap.create_payment(),
        withdraw_attempt(),
        bootstrap.clock(),
        bootstrap.ids(),
    )


def link_url(view: OrderView) -> str:
    """Where the order is paid."""
    return page_url(link_of(view.order))


def page_url(link: str) -> str:
    """The address of a link's page."""
    return f"{bootstrap.settings().public_url}{PAGES}/pay/{link}"


def page_order(
    link: str,
    try_id: str | None,
    *,
    action: Action | None = None,
    refusal: TidegateError | None = None,
) -> dict[str, Any]:
    """What the page of a link shows; ``action`` is what only the payment's answer knew."""
    from tidegate.pages import qr_svg

    view = link_orders().behind(link, try_id)
    store = bootstrap.stores().get(view.order.sid)
    brands = brands_of(store, Wanted())
    payment = view.tried(try_id)
    if action is None and payment is not None:
        action = bootstrap.payer_action()(payment)
    return order_json(view, payment, store, brands, action, qr_svg, refusal)

"""What customers come for."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.simulation.merchants import Shop, amount
from tests.simulation.purchases import CARDS, an_amount, by_card, change_mind, when_captured
from tests.simulation.visits_authentication import pay_authenticated
from tests.simulation.visits_orders import order_by_link
from tests.simulation.visits_tokens import keep_a_card, pay_out
from tests.simulation.visits_wallets import pay_by_wallet

Visit = Callable[[Shop], None]


def pay_by_card(shop: Shop) -> None:
    """One payment, and a few operations on it."""
    random = shop.world.random
    minor = an_amount(random)
    payment, body = shop.new("payment")
    body |= {"transAmount": amount(minor), "paymentMethod": by_card(random.choice(CARDS))}
    shop.insist(payment, body | when_captured(random))
    change_mind(shop, payment.trans_id, minor)


VISITS: tuple[tuple[Visit, int], ...] = (
    (pay_by_card, 5),
    (keep_a_card, 3),
    (pay_out, 1),
    (pay_by_wallet, 4),
    (pay_authenticated, 4),
    (order_by_link, 3),
)
"""And how often each comes among the others."""


def some_visits(random: Random, count: int) -> list[Visit]:
    """As they come."""
    kinds, weights = zip(*VISITS, strict=True)
    return random.choices(kinds, weights, k=count)

"""Parts of requests that take money, and what merchants do to payments afterwards."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.simulation.merchants import Asked, Shop, amount

CARDS = ("4111111111111111", "5555555555554444")
"""Without zeros: a masked number must not look like the whole one."""
CHALLENGED_CARDS = ("4761340002000009", "5120350002000001")
OTHER_CARDS = (
    "4761340001000000",
    "4761340003000008",
    "4761340004000007",
    "4761340005000006",
    "4761340006000005",
    "4761340007000004",
    "5120350001000002",
    "5120350003000000",
    "5120350005000008",
)
"""What their issuers do (docs/three-d-secure.md): attempt, fail, refuse, are unavailable, reject or
keep silent."""
CVC = "321"
ENDINGS = ("00", "00", "00", "00", "00", "10", "33", "99", "77", "77", "51", "62", "68")
"""Of amounts: what the hosts do by them (docs/networks.md)."""
HOURS = (None, None, "0", "0", "1", "30")
PAUSES_S = (0.1, 3.0, 70.0)
KINDS = ("capture", "capture", "refund", "refund", "cancel", "cancelOrRefund")


def an_amount(random: Random, endings: tuple[str, ...] = ENDINGS) -> int:
    """Minor units."""
    return random.randrange(10, 400) * 100 + int(random.choice(endings))


def by_card(number: str, **more: Any) -> dict[str, Any]:
    """``paymentMethod``."""
    info = {"cardNumber": number, "expiryDate": "1249", "cvc": CVC}
    return {"type": "card", "card": {"cardInfo": info, **more}}


def when_captured(random: Random) -> dict[str, Any]:
    """At once, later, when the merchant says so, or as the store has it."""
    hours = random.choice(HOURS)
    return {} if hours is None else {"captureAfterHours": hours}


def change_mind(
    shop: Shop, payment: str, minor: int, *, most: int = 4, kinds: tuple[str, ...] = KINDS
) -> None:
    """A few operations on a payment, some at the same time."""
    random = shop.world.random
    operations = [
        _operation(shop, payment, minor, random.choice(kinds))
        for _ in range(random.randrange(most + 1))
    ]
    while operations:
        count = min(len(operations), random.randrange(3))
        shop.together([operations.pop() for _ in range(count)])
        shop.world.scheduler.sleep(random.choice(PAUSES_S))


def _operation(shop: Shop, payment: str, minor: int, kind: str) -> tuple[Asked, dict[str, Any]]:
    asked, body = shop.new(kind, payment)
    if kind in {"capture", "refund"}:
        parts = (minor, minor // 2, minor // 3, minor - 100, minor // 100 * 100)
        body["transAmount"] = amount(max(shop.world.random.choice(parts), 1))
    return asked, body

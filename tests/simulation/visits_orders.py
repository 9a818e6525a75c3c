"""Orders behind a link: several payers try, by card and by wallet, at once or one after the other,
again after a failure, too late; the merchant closes or refunds them meanwhile."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from tests.simulation.browsers import Browser, GaveUp
from tests.simulation.merchants import Shop, amount
from tests.simulation.purchases import CARDS, CHALLENGED_CARDS, CVC, ENDINGS, an_amount
from tests.simulation.visits_authentication import BROWSER, go_to_our_page

WALLET_BRANDS = ("Alipay", "AlipayHK", "GCash")
MINUTES = (5, 5, 30, 60)
WAITS_S = (0.0, 0.0, 0.2, 3.0, 20.0, 100.0, 290.0, 400.0)
THINKS_S = (0.5, 5.0, 30.0, 100.0)
OPEN = {"Pending", "Active"}
OVER = {"paid", "failed", None}
SHOWN_AS_PAID = {"Paid", "Partial Refunded", "Refunding", "Refunded"}
LOOKS = 6


@dataclass
class Ordered:
    """An order, and what its payers know of it."""

    sid: str
    order_id: str
    minor: int
    multiple: bool
    tries: list[str] = field(default_factory=list)
    """``tryID`` of every try that a payer's page made."""
    paid: list[str] = field(default_factory=list)
    """Those of which the page said that they were paid."""


def order_by_link(shop: Shop) -> None:
    """One order."""
    random = shop.world.random
    asked, _ = shop.new("linkpay")
    minor = an_amount(random, (*ENDINGS, "00"))
    multiple = random.random() < 0.2
    ordered = Ordered(shop.store.sid, asked.trans_id, minor, multiple)
    shop.orders.append(ordered)
    body = {
        "merchantOrderInfo": {
            "merchantOrderID": asked.trans_id,
            "merchantOrderTime": "2026-03-04T02:00:00Z",
            "orderType": "Multiple" if multiple else "Single",
        },
        "transAmount": amount(minor),
        "validTime": random.choice(MINUTES),
        "returnUrl": "https://shop.example/done",
    }
    told = shop.insist(asked, body)
    if told is None or "linkUrl" not in told:
        return
    tasks = [
        shop.world.scheduler.spawn(
            "payer", partial(_try_to_pay, shop, ordered, told["linkUrl"]), random.choice(WAITS_S)
        )
        for _ in range(random.randrange(1, 4))
    ]
    _meanwhile(shop, ordered)
    for task in tasks:
        shop.world.scheduler.wait(task)
        task.outcome()


def _meanwhile(shop: Shop, ordered: Ordered) -> None:
    """What the merchant does about it."""
    random = shop.world.random
    for _ in range(random.randrange(3)):
        shop.world.scheduler.sleep(random.choice(WAITS_S))
        kind = random.choice(("linkpayRefund", "linkpayCancelorRefund", "linkpayCancelorRefund"))
        asked, body = shop.new(kind, ordered.order_id)
        minor = random.choice((ordered.minor, ordered.minor // 2))
        shop.insist(asked, body | {"transAmount": amount(minor)})


def _try_to_pay(shop: Shop, ordered: Ordered, link: str) -> None:
    """A payer's page: it looks, pays, waits for what comes of it, and tries again once."""
    browser = Browser(shop.world)
    with suppress(GaveUp):
        for _ in range(2):
            shown = browser.get(f"{link}/order").json()
            if shown["order"]["status"] not in OPEN:
                return
            try_id = f"{shop.world.random.getrandbits(128):032x}"
            ordered.tries.append(try_id)
            state = _one_try(shop, browser, link, try_id)
            if state == "paid":
                ordered.paid.append(try_id)
            if state != "failed":
                return


def _one_try(shop: Shop, browser: Browser, link: str, try_id: str) -> str | None:
    """What became of it as far as the page shows. Raises GaveUp."""
    with suppress(GaveUp):  # its answer was lost: the order knows
        told = browser.post_json(f"{link}/payment", _means(shop) | {"tryID": try_id}).json()
        refused = told["attempt"] is not None and "field" in told["attempt"]
        if refused:
            return "failed"
        _go_on(shop, told["attempt"])
    for _ in range(LOOKS):
        shown = browser.get(f"{link}/order?tryID={try_id}").json()["attempt"]
        state = shown["state"] if shown else None
        if state in OVER:
            return state
        shop.world.scheduler.sleep(shop.world.random.choice(THINKS_S))
    return state


def _means(shop: Shop) -> dict[str, Any]:
    random = shop.world.random
    if random.random() < 0.3:
        how = random.choice(("qr", "redirect"))
        wallet = {"brand": random.choice(WALLET_BRANDS), "presentation": how}
        return {"wallet": wallet, "browser": BROWSER}
    number = random.choice((*CARDS, *CARDS, *CHALLENGED_CARDS))
    card = {"cardNumber": number, "expiryDate": "1249", "cvc": CVC, "holderName": "MEI CHAN"}
    return {"card": card, "browser": BROWSER}


def _go_on(shop: Shop, attempt: dict[str, Any] | None) -> None:
    """To the bank's page or the wallet's; who was shown a picture scans none here."""
    url = str(((attempt or {}).get("action") or {}).get("url") or "")
    if "/3ds/" in url:
        go_to_our_page(shop, url)
    elif url and shop.world.random.random() < 0.85:
        shop.world.scheduler.sleep(shop.world.random.choice(THINKS_S))
        shop.world.pay_at_wallet(urlsplit(url).path, pays=shop.world.random.random() < 0.85)

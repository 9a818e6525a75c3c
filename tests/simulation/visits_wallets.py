"""Payments by wallet: the payer goes to the wallet, shows its code or scans ours; he pays soon,
late, twice at two places, or never, while the merchant may change his mind."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from tests.simulation.merchants import Shop, amount
from tests.simulation.purchases import ENDINGS, an_amount, change_mind

BRANDS = ("Alipay", "AlipayHK", "GCash", "Alipayplus")
CODE_ENDINGS = ("00", "11", "11", "11", "51", "23", "23", "23", "23")
"""Of payment codes: what the wallet does by them (docs/wallets.md)."""
MINUTES = ("1", "5", "30")
"""How long the payer may take."""
THINKS_S = (0.5, 5.0, 5.0, 30.0, 59.0, 290.0, 1000.0)
KINDS = ("refund", "refund", "refund", "cancel", "cancelOrRefund")
IN_STORE = {"platform": "WEB", "paymentScenario": "inStore"}


def pay_by_wallet(shop: Shop) -> None:
    """One payment; the payer decides while the merchant perhaps does, too."""
    random = shop.world.random
    minor = an_amount(random, (*ENDINGS, "00", "00"))
    payment, body = shop.new("payment")
    body |= {"transAmount": amount(minor), "validTime": random.choice(MINUTES)}
    told = shop.insist(payment, body | _a_scenario(shop))
    if told is not None:
        decide_later(shop, told)
    if random.random() < 0.5:
        shop.world.scheduler.sleep(random.choice(THINKS_S))
    change_mind(shop, payment.trans_id, minor, most=3, kinds=KINDS)


def decide_later(shop: Shop, told: Mapping[str, Any]) -> None:
    """The payer pays, declines or forgets it, in his own time; sometimes he presses twice."""
    random = shop.world.random
    path = _page(shop, told)
    if path is None or random.random() < 0.15:
        return
    for _ in range(1 if random.random() < 0.9 else 2):
        decides = partial(shop.world.pay_at_wallet, path, pays=random.random() < 0.85)
        shop.world.scheduler.spawn("payer", decides, random.choice(THINKS_S))


def _a_scenario(shop: Shop) -> dict[str, Any]:
    random = shop.world.random
    match random.choice(("redirect", "MPM", "CPM")):
        case "CPM":
            code = f"{random.choice(('28', '29'))}{random.randrange(10**15):016d}"
            code += random.choice(CODE_ENDINGS)
            shop.secrets.append(("a payment code", code))
            wallet = {"paymentCode": code}
            where: dict[str, Any] = {
                "transInitiator": {**IN_STORE, "inStorePaymentScenario": "CPM"}
            }
        case "MPM":
            wallet = {"paymentBrand": random.choice(BRANDS)}
            where = {"transInitiator": {**IN_STORE, "inStorePaymentScenario": "MPM"}}
        case _:
            wallet = {"paymentBrand": random.choice(BRANDS)}
            where = {"returnURL": "https://shop.example/back"}
    return {**where, "paymentMethod": {"type": "e-wallet", "e-wallet": wallet}}


def _page(shop: Shop, told: Mapping[str, Any]) -> str | None:
    """Where the payer decides; None where he is not asked."""
    action = told.get("action", {})
    if action.get("type") == "redirectUser":
        return urlsplit(str(action["redirectData"]["url"])).path
    books = shop.world.wallet.books
    if action.get("type") == "presentQRCode":
        code = action["qrData"]["qrCode"].rpartition("/")[2]
        order = books.order("qr_code", code)
    elif action.get("type") == "promptUser":
        evo = told["payment"]["evoTransInfo"]["evoTransID"]
        order = books.order("request_id", evo)
    else:
        return None
    return None if order is None else f"/pay/{order['payment_id']}"

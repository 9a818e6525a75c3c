"""Payments whose cardholder is authenticated, before or after his bank was asked: without a
challenge, with one that is passed or failed, by payers who come late, twice or never."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any
from urllib.parse import urldefrag

from tests.simulation.browsers import CODE, Browser, GaveUp, Page
from tests.simulation.merchants import Shop, amount
from tests.simulation.purchases import (
    CARDS,
    CHALLENGED_CARDS,
    ENDINGS,
    OTHER_CARDS,
    an_amount,
    by_card,
    change_mind,
    when_captured,
)

BACK = {"returnURL": "https://shop.example/back"}
SOFT_DECLINE = "65"
THINKS_S = (0.1, 5.0, 5.0, 40.0, 40.0, 300.0, 880.0, 1200.0)
BROWSER = {"colorDepth": 24, "language": "en", "screenHeight": 900, "screenWidth": 1440}


def pay_authenticated(shop: Shop) -> None:
    """One payment on our page for it, or on the merchant's own."""
    random = shop.world.random
    stepped_up = random.random() < 0.25
    own_pages = not stepped_up and random.random() < 0.3
    minor = an_amount(random, (SOFT_DECLINE,) if stepped_up else (*ENDINGS, "00", "65"))
    payment, body = shop.new("payment")
    payment.authenticated = not stepped_up
    body |= {
        "transAmount": amount(minor),
        "paymentMethod": by_card(_a_card(random)),
        **BACK,
        **when_captured(random),
    }
    if not stepped_up:
        body["allowAuthentication"] = True
    if own_pages:
        body["authentication"] = {"type": "threeDSIntegrator", "browserInfo": BROWSER}
    told = shop.insist(payment, body)
    if own_pages:
        on_own_pages(shop, payment.trans_id, told)
    elif told is not None:
        authenticate_later(shop, told)
    if random.random() < 0.7:
        shop.world.scheduler.sleep(random.choice((30.0, 100.0, 500.0)))
    change_mind(shop, payment.trans_id, minor, most=3)


def _a_card(random: Random) -> str:
    return random.choice(random.choice((CARDS, CHALLENGED_CARDS, CHALLENGED_CARDS, OTHER_CARDS)))


def authenticate_later(shop: Shop, told: Mapping[str, Any]) -> None:
    """The payer goes to our page, if the answer sends him there; sometimes in two windows."""
    action = told.get("action", {})
    if action.get("type") == "threeDSRedirect":
        goes = partial(go_to_our_page, shop, str(action["threeDSData"]["url"]))
        for _ in range(2 if shop.world.random.random() < 0.15 else 1):
            shop.world.scheduler.spawn("payer", goes, shop.world.random.choice(THINKS_S[:4]))


def go_to_our_page(shop: Shop, url: str) -> None:
    """Through the issuer's method and challenge, as far as this payer goes."""
    browser = Browser(shop.world)
    page, sealed = urldefrag(url)
    given = {"browser": BROWSER, "sealed": sealed or None}
    with suppress(GaveUp):
        step = browser.post_json(page, given).json()
        if step["next"] == "method":
            browser.post(step["url"], {"threeDSMethodData": step["threeDSMethodData"]})
            step = browser.post_json(page, given | {"methodCompleted": "Y"}).json()
        if step["next"] == "challenge":
            names = ("creq", "threeDSSessionData")
            fields = {name: step[name] for name in names if name in step}
            meet_challenge(shop, browser, browser.post(step["url"], fields), page)


def meet_challenge(shop: Shop, browser: Browser, form: Page, page: str) -> None:
    """Answer, fail, cancel, leave, or pretend to have been there; then come back, perhaps twice.
    Raises GaveUp."""
    random = shop.world.random
    shop.world.scheduler.sleep(random.choice(THINKS_S))
    whim = random.random()
    if whim < 0.1:
        return
    if whim < 0.2:
        browser.post(f"{page}/result", {"cres": "e30"})
        return
    answers = {"code": CODE if whim < 0.9 else "000000", "action": "submit"}
    if whim > 0.96:
        answers["action"] = "cancel"
    back = browser.post("https://issuer.example/acs/answer", form.fields | answers)
    for _ in range(2 if random.random() < 0.2 else 1):
        if back.action.startswith(page):
            browser.post(back.action, back.fields)


def on_own_pages(shop: Shop, payment: str, told: Mapping[str, Any] | None) -> None:
    """The merchant's page runs the steps and reports each one."""
    browser = Browser(shop.world)
    for _ in range(3):
        action = (told or {}).get("action", {})
        url = action.get("threeDSData", {}).get("url", "")
        if action.get("type") == "threeDSIdentify":
            with suppress(GaveUp):
                method = browser.get(url)
                browser.post(method.action, method.fields)
            told = _report(shop, payment, {"threeDSCompInd": shop.world.random.choice("YNU")})
        elif action.get("type") == "threeDSChallenge":
            with suppress(GaveUp):
                handoff = browser.get(url)
                form = browser.post(handoff.action, handoff.fields)
                meet_challenge(shop, browser, form, url.removesuffix("/challenge"))
            told = _report(shop, payment, {"threeDSFinished": "Y"})
        else:
            return


def _report(shop: Shop, payment: str, data: Mapping[str, str]) -> Mapping[str, Any] | None:
    asked, _ = shop.new("additionalInfo", payment)
    given = {"type": "threeDSIntegrator", "threeDS": {"redirectData": data}, "browserInfo": BROWSER}
    return shop.insist(asked, {"authentication": given})

"""The page behind a LinkPay link, in a real browser against the running stack."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from local.merchant_client import Merchant
from local.stack import Stack
from tests.e2e.conftest import eventually
from tests.support.browser import PHONE, WIDE, a_page, keep, launch, require_browser

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]
NewId = Callable[[str], str]
LINK = "evo.e-commerce.linkpay"
CHALLENGED_CARD = "4761340002000009"


@pytest.fixture(autouse=True)
def _browser() -> None:
    require_browser()


def an_order(merchant: Merchant, order_id: str, value: str = "88.00", **more: Any) -> str:
    body = {
        "merchantOrderInfo": {
            "merchantOrderID": order_id,
            "merchantOrderTime": "2026-03-04T09:10:11Z",
            **more.pop("info", {}),
        },
        "transAmount": {"currency": "HKD", "value": value},
        "validTime": 30,
        **more,
    }
    answer = merchant.link("POST", LINK, body)
    assert answer.code == "S0000", answer.body
    return str(answer["linkUrl"])


def status_of(merchant: Merchant, order_id: str) -> str:
    found = merchant.link("GET", f"{LINK}/{order_id}")
    return str(found["merchantOrderInfo"]["status"])


def fill_card(page: Page, number: str = "4761340000000043", cvc: str = "321") -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry date").fill("12/49")
    page.get_by_label("Security code").fill(cvc)
    page.get_by_label(re.compile("Name on card")).fill("MEI CHAN")


def test_a_card_is_taken_authenticated_and_leads_back(
    stack: Stack, merchant: Merchant, new_id: NewId
) -> None:
    order_id = new_id("LP")
    shop = f"{stack.url('merchant')}/"
    link = an_order(merchant, order_id, returnUrl=shop)
    with a_page() as page:
        page.goto(link)
        expect(page.get_by_role("heading", level=1)).to_have_text("HK$88.00")
        keep(page, "link-open")
        fill_card(page)
        keep(page, "link-card")
        page.get_by_role("button", name="Pay HK$88.00").click()
        page.wait_for_url(f"{shop}**", timeout=30_000)
        assert page.url == f"{shop}?merchantOrderID={order_id}&result=success"
    assert status_of(merchant, order_id) == "Paid"


def test_a_challenge_is_passed(merchant: Merchant, new_id: NewId) -> None:
    order_id = new_id("LP")
    with a_page() as page:
        page.goto(an_order(merchant, order_id))
        fill_card(page, CHALLENGED_CARD)
        page.get_by_role("button", name="Pay HK$88.00").click()
        page.wait_for_url("**/acs/challenge", timeout=30_000)
        keep(page, "challenge")
        page.locator("button[type=submit]").first.click()
        expect(page.get_by_role("heading", level=2)).to_have_text("Payment complete")
        keep(page, "link-paid")
    assert status_of(merchant, order_id) == "Paid"


def test_a_failure_is_shown_and_tried_again(merchant: Merchant, new_id: NewId) -> None:
    order_id = new_id("LP")
    with a_page() as page:
        page.goto(an_order(merchant, order_id, "10.51"))  # this amount is declined by the issuer
        fill_card(page)
        page.get_by_role("button", name="Pay HK$10.51").click()
        expect(page.get_by_text("There is not enough money")).to_be_visible(timeout=30_000)
        keep(page, "link-declined")
        assert status_of(merchant, order_id) == "Active"
        page.get_by_text("AlipayHK").click()
        page.get_by_role("button", name="Pay HK$10.51 with AlipayHK").click()
        expect(page.locator("#qr-image")).to_be_visible(timeout=30_000)
        keep(page, "link-qr")
        code = merchant.link("GET", f"{LINK}/{order_id}")["merchantOrderInfo"]
        assert len(code["relatedTransactions"]) == 2


def test_a_wallet_is_paid_on_the_phone(merchant: Merchant, new_id: NewId) -> None:
    order_id = new_id("LP")
    with a_page(PHONE) as page:
        page.goto(an_order(merchant, order_id))
        page.get_by_text("AlipayHK").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        keep(page, "link-phone")
        page.get_by_role("button", name="Pay HK$88.00 with AlipayHK").click()
        page.get_by_role("button", name="Pay", exact=True).click(timeout=30_000)
        expect(page.get_by_role("heading", level=2)).to_have_text(
            "Payment complete", timeout=30_000
        )
    eventually(lambda: status_of(merchant, order_id) == "Paid")


def test_a_qr_code_is_scanned_by_another_device(merchant: Merchant, new_id: NewId) -> None:
    order_id = new_id("LP")
    link = an_order(merchant, order_id, info={"enabledPaymentMethod": ["AlipayHK"]})
    with a_page(WIDE, "zh-CN", dark=True) as page:
        page.goto(link)
        page.get_by_role("button", name="用AlipayHK支付").click()
        expect(page.locator("#qr-image")).to_be_visible(timeout=30_000)
        keep(page, "link-qr-zh-dark")
        with a_page(PHONE) as phone:
            phone.goto(wallet_page(merchant, order_id))
            phone.get_by_role("button", name="Pay", exact=True).click()
        expect(page.get_by_role("heading", level=2)).to_have_text("付款成功", timeout=30_000)


def wallet_page(merchant: Merchant, order_id: str) -> str:
    """What the QR code says."""
    order = merchant.link("GET", f"{LINK}/{order_id}")["merchantOrderInfo"]
    payment = merchant.query("payment", order["relatedTransactions"][-1]["merchantTransID"])
    return str(payment["action"]["qrData"]["qrCode"])


def test_what_is_typed_is_checked_as_one_types(merchant: Merchant, new_id: NewId) -> None:
    with a_page() as page:
        page.goto(an_order(merchant, new_id("LP")))
        number = page.get_by_label("Card number")
        number.press_sequentially("4761340000000044")
        assert number.input_value() == "4761 3400 0000 0044"
        expect(page.locator("#brand")).to_have_text("Visa")
        page.keyboard.press("Tab")
        expect(page.locator("#number-error")).to_have_text("Check the card number")
        page.get_by_label("Expiry date").press_sequentially("0120")
        page.get_by_label("Security code").press_sequentially("12")
        page.keyboard.press("Enter")
        expect(page.locator("#expiry-error")).to_have_text("The card has expired")
        expect(page.locator("#cvc-error")).to_have_text("Check the security code")
        keep(page, "link-errors")
        expect(number).to_be_focused()


def test_nothing_leaves_but_to_us_and_little_comes(merchant: Merchant, new_id: NewId) -> None:
    link = an_order(merchant, new_id("LP"))
    origin = link.split("/g2/")[0]
    asked: list[str] = []
    size = 0
    with a_page() as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("response", lambda answer: answer.finished())
        page.goto(link)
        expect(page.get_by_label("Card number")).to_be_visible()
        for url in set(asked):
            size += len(page.request.get(url).body())
    assert {url for url in asked if not url.startswith(origin)} == set()
    assert size < 40_000


def test_a_link_that_nobody_made_says_so(merchant: Merchant) -> None:
    browser = launch()  # its console calls the order's 404 an error
    page = browser.new_page()
    page.goto(f"{merchant.base_url}/g2/pay/bm90aGluZw")
    expect(page.get_by_text("This payment link does not exist")).to_be_visible()
    browser.close()

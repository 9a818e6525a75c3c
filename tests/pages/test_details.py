"""What a merchant wants to know of the payer: asked above the ways to pay, and only then."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.pages.conftest import Open
from tests.pages.form import fill, submit
from tests.pages.orders import VISA, attempt, order
from tests.pages.server import PageServer
from tests.support.browser import PHONE, keep
from tidegate.domain.order import DETAILS

ADDRESS = {"Street and number": "1 Harbour Road", "City": "Hong Kong"}


def part(page: Page, of: str, name: str) -> str:
    """The field's value as it will be sent."""
    return page.locator(f"#{of}-{name}").input_value()


def test_nothing_is_asked_and_nothing_loaded_unless_the_order_wants_it(
    server: PageServer, tab: Open
) -> None:
    server.script("plain", order=[order()])
    seen = tab(server.page("plain"))
    expect(seen.page.get_by_label("Card number")).to_be_visible()
    expect(seen.page.get_by_text("Your details")).to_be_hidden()
    assert [url for url in seen.requests if "details" in url or "countries" in url] == []


def test_what_is_missing_or_wrong_is_said_before_anything_is_paid(
    server: PageServer, tab: Open
) -> None:
    script = server.script("missing", order=[order(collect=DETAILS)])
    seen = tab(server.page("missing"), size=PHONE)
    page = seen.page
    fill(page, VISA)
    page.get_by_label("Email").fill("mei(at)shop.example")
    page.get_by_label("Telephone").fill("call me")
    submit(page)
    expect(page.locator("#fullName-error")).to_have_text("This is needed")
    expect(page.locator("#email-error")).to_have_text("Check the email address")
    expect(page.locator("#phoneNumber-error")).to_have_text("Check the telephone number")
    expect(page.locator("#billingAddress-city-error")).to_have_text("This is needed")
    expect(page.locator("#billingAddress-addressLine2-error")).to_be_empty()
    expect(page.locator("#shippingAddress-city")).to_be_hidden()
    expect(page.get_by_label("Full name")).to_be_focused()
    keep(page, "details-wrong-small-en")
    page.get_by_label("Email").fill("mei@shop.example")
    expect(page.locator("#email-error")).to_be_empty()
    assert script.bodies == []
    assert seen.problems == []


def test_what_the_payer_says_goes_with_the_payment(server: PageServer, tab: Open) -> None:
    declined = order(attempt=attempt("failed", code="I0051"), collect=DETAILS)
    script = server.script("told", order=[order(collect=DETAILS)], payment=[declined])
    page = tab(server.page("told"), locale="en-HK").page
    page.get_by_label("Full name").fill("Mei Chan")
    page.get_by_label("Email").fill("mei@shop.example")
    page.get_by_label("Telephone").fill("+852 2345 6789")
    page.get_by_label("The same as the billing address").uncheck()
    for group in ("Billing address", "Delivery address"):
        for label, text in ADDRESS.items():
            page.get_by_role("group", name=group).get_by_label(label).fill(text)
    assert part(page, "billingAddress", "country") == "HKG", "the browser's own region"
    page.get_by_role("group", name="Delivery").get_by_label("Country").select_option("Japan")
    fill(page, VISA)
    submit(page)
    expect(page.locator("#notice")).to_contain_text("There is not enough money")
    address = {"addressLine1": "1 Harbour Road", "city": "Hong Kong"}
    assert script.bodies[0]["payer"] == {
        "fullName": "Mei Chan",
        "email": "mei@shop.example",
        "phoneNumber": "+852 2345 6789",
        "billingAddress": {**address, "country": "HKG"},
        "shippingAddress": {**address, "country": "JPN"},
    }
    expect(page.get_by_label("Full name")).to_have_value("Mei Chan")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_label("电子邮箱")).to_have_value("mei@shop.example")
    assert part(page, "shippingAddress", "country") == "JPN"
    keep(page, "details-declined-desk-zh")


def test_a_parcel_goes_where_the_bill_goes_unless_the_payer_says_otherwise(
    server: PageServer, tab: Open
) -> None:
    both = ("billingAddress", "shippingAddress")
    script = server.script("same", order=[order(collect=both)], payment=[order("Paid")])
    page = tab(server.page("same"), locale="en-HK").page
    for label, text in ADDRESS.items():
        page.get_by_role("group", name="Billing address").get_by_label(label).fill(text)
    fill(page, VISA)
    submit(page)
    expect(page.get_by_role("heading", level=2)).to_have_text("Payment complete")
    told = script.bodies[0]["payer"]
    assert told["shippingAddress"] == told["billingAddress"]
    assert told["billingAddress"]["country"] == "HKG"


def test_a_wallet_is_not_gone_to_before_the_details_are_there(
    server: PageServer, tab: Open
) -> None:
    script = server.script("wallet", order=[order(collect=("email",))], payment=[order("Paid")])
    page = tab(server.page("wallet")).page
    page.get_by_text("AlipayHK").click()
    pay = page.get_by_role("button", name="with AlipayHK")
    pay.click()
    expect(page.get_by_label("Email")).to_be_focused()
    page.get_by_label("Email").fill("mei@shop.example")
    pay.click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Payment complete")
    assert script.bodies[0]["payer"] == {"email": "mei@shop.example"}


def test_what_the_service_finds_wrong_is_shown_at_its_field(server: PageServer, tab: Open) -> None:
    refused = order(attempt={**attempt("failed", code="V0002"), "field": "payer.email"})
    refused["collect"] = ["email"]
    server.script("blamed", order=[order(collect=("email",))], payment=[refused])
    page = tab(server.page("blamed")).page
    page.get_by_label("Email").fill("mei@shop.example")
    fill(page, VISA)
    submit(page)
    expect(page.locator("#email-error")).to_have_text("Check this")
    expect(page.get_by_label("Email")).to_be_focused()

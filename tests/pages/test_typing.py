"""The card form while somebody types."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Open
from tests.pages.form import submit
from tests.pages.orders import AMEX, VISA, attempt, order
from tests.pages.server import PageServer
from tests.support.browser import keep

ALL = tuple(
    {"name": name, "type": "card"}
    for name in ("Visa", "Mastercard", "AMEX", "JCB", "UnionPay", "Diners", "Discover")
)


@pytest.fixture
def page(server: PageServer, tab: Open) -> Page:
    """An order that takes every brand of card but Discover."""
    server.script("typing", order=[order(brands=ALL[:-1])])
    return tab(server.page("typing")).page


@pytest.mark.parametrize(
    ("number", "brand", "shown"),
    [
        (VISA, "Visa", "4761 3400 0000 0043"),
        ("5555555555554444", "Mastercard", "5555 5555 5555 4444"),
        ("2221000000000009", "Mastercard", "2221 0000 0000 0009"),
        ("2720990000000007", "Mastercard", "2720 9900 0000 0007"),
        (AMEX, "American Express", "3782 822463 10005"),
        ("3566002020360505", "JCB", "3566 0020 2036 0505"),
        ("6250941006528599", "UnionPay", "6250 9410 0652 8599"),
        ("36259600000004", "Diners", "3625 9600 0000 04"),
        ("2721", "", "2721"),
    ],
)
def test_a_number_is_grouped_and_its_brand_recognised(
    page: Page, number: str, brand: str, shown: str
) -> None:
    page.get_by_label("Card number").press_sequentially(number)
    expect(page.get_by_label("Card number")).to_have_value(shown)
    expect(page.locator("#brand")).to_have_text(brand)
    expect(page.locator("#number-error")).to_be_empty()


def test_a_number_is_held_wrong_once_it_is_complete_and_no_longer_when_repaired(
    page: Page,
) -> None:
    number, error = page.get_by_label("Card number"), page.locator("#number-error")
    number.press_sequentially("476134000000004")
    expect(error).to_be_empty()
    number.press_sequentially("4")
    expect(error).to_have_text("Check the card number")
    expect(number).to_have_attribute("aria-invalid", "true")
    assert "number-error" in (number.get_attribute("aria-describedby") or "")
    keep(page, "wrong-number-desk-en")
    number.press("Backspace")
    expect(error).to_be_empty()
    number.press_sequentially("3")
    expect(error).to_be_empty()
    expect(number).to_have_attribute("aria-invalid", "false")


def test_a_card_that_the_shop_does_not_take_is_told_at_once(page: Page) -> None:
    page.get_by_label("Card number").press_sequentially("6011")
    expect(page.locator("#number-error")).to_have_text("This shop does not take this card")


def test_a_digit_in_the_middle_is_put_where_the_cursor_is(page: Page) -> None:
    number = page.get_by_label("Card number")
    number.press_sequentially("476134000000043")
    for _ in range(9):
        number.press("ArrowLeft")
    number.press_sequentially("09")
    expect(number).to_have_value("4761 3400 0900 0004 3")
    number.press("Backspace")
    expect(number).to_have_value("4761 3400 0000 0043")


def test_a_number_is_pasted_as_it_comes(page: Page) -> None:
    page.get_by_label("Card number").fill(" 4761-3400-0000-0043 ")
    expect(page.get_by_label("Card number")).to_have_value("4761 3400 0000 0043")


@pytest.mark.parametrize(
    ("typed", "shown", "error"),
    [
        ("1231", "12 / 31", ""),
        ("931", "09 / 31", ""),
        ("12/2031", "12 / 31", ""),
        ("1/31", "01 / 31", ""),
        ("1331", "13 / 31", "Check the expiry date"),
        ("0120", "01 / 20", "The card has expired"),
    ],
)
def test_an_expiry_date_takes_its_form(page: Page, typed: str, shown: str, error: str) -> None:
    field = page.get_by_label("Expiry date")
    if "/" in typed:  # as browsers fill it in, in one piece
        field.fill(typed)
    else:
        field.press_sequentially(typed)
    expect(field).to_have_value(shown)
    expect(page.locator("#expiry-error")).to_have_text(error)


def test_an_expiry_date_is_checked_when_it_is_left(page: Page) -> None:
    page.get_by_label("Expiry date").press_sequentially("12")
    expect(page.locator("#expiry-error")).to_be_empty()
    page.keyboard.press("Tab")
    expect(page.locator("#expiry-error")).to_have_text("Check the expiry date")


def test_a_security_code_has_the_length_of_its_brand(page: Page) -> None:
    code = page.get_by_label("Security code")
    expect(page.locator("#cvc-hint")).to_have_text("3 digits")
    code.press_sequentially("12a34")
    expect(code).to_have_value("123")
    page.get_by_label("Card number").press_sequentially(AMEX)
    expect(page.locator("#cvc-hint")).to_have_text("4 digits")
    code.focus()
    code.press("Tab")
    expect(page.locator("#cvc-error")).to_have_text("Check the security code")


def test_a_name_that_is_too_long_is_told(page: Page) -> None:
    page.get_by_label("Name on card").fill("王" * 17)
    expect(page.locator("#holder-error")).to_have_text("The name is too long")


def test_an_empty_form_leads_to_its_first_fault_and_sends_nothing(
    server: PageServer, tab: Open
) -> None:
    script = server.script("empty", order=[order()])

    seen = tab(server.page("empty"))
    submit(seen.page)
    expect(seen.page.get_by_label("Card number")).to_be_focused()
    expect(seen.page.locator(".error:not(:empty)")).to_have_count(3)
    assert script.bodies == []


def test_browsers_and_phones_know_the_fields(page: Page) -> None:
    fields = page.locator("#card input").evaluate_all(
        "all => all.map((one) => [one.autocomplete, one.inputMode, one.name])"
    )
    assert fields == [
        ["cc-number", "numeric", ""],
        ["cc-exp", "numeric", ""],
        ["cc-csc", "numeric", ""],
        ["cc-name", "", ""],
    ]


def test_the_keyboard_is_enough(server: PageServer, tab: Open) -> None:
    paid = order("Paid", attempt("paid"))
    script = server.script("keyboard", order=[order()], payment=[paid])

    seen = tab(server.page("keyboard"))
    expect(seen.page.get_by_label("Card number")).to_be_visible()
    keyboard = seen.page.keyboard
    for text in ("", "", "", VISA, "1231", "123", "Ada"):  # languages, ways to pay, the card
        keyboard.press("Tab")
        keyboard.type(text)
    keyboard.press("Enter")
    expect(seen.page.get_by_role("heading", name="Payment complete")).to_be_focused()
    assert script.bodies[0]["card"]["cardNumber"] == VISA
    assert script.bodies[0]["card"]["holderName"] == "Ada"


def test_arrows_choose_the_way_to_pay(server: PageServer, tab: Open) -> None:
    server.script("arrows", order=[order()])

    seen = tab(server.page("arrows"))
    seen.page.get_by_role("radio", name="Card").focus()
    seen.page.keyboard.press("ArrowDown")
    expect(seen.page.get_by_role("radio", name="AlipayHK")).to_be_checked()
    expect(seen.page.get_by_role("button", name="with AlipayHK")).to_be_visible()
    expect(seen.page.get_by_label("Card number")).to_be_hidden()

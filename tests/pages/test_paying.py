"""A payer pays an order: by card, through an issuer, by wallet; with what goes wrong on the way."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import Open
from tests.pages.form import fill, submit
from tests.pages.orders import AMEX, CARDS, VISA, WALLETS, attempt, moment, order
from tests.pages.server import Elsewhere, PageServer
from tests.support.browser import PHONE, keep
from tidegate import pages

PAID = order("Paid", attempt("paid"))
WORKING = order(attempt=attempt("working"))


def test_a_card_pays_and_the_payer_returns_to_the_shop(
    server: PageServer, elsewhere: Elsewhere, tab: Open
) -> None:
    back = f"{elsewhere.origin}/done?merchantOrderID=LP-2025-7&result=success"
    paid = order("Paid", attempt("paid"), return_to=back)
    script = server.script("card", order=[order(), WORKING, paid], payment=[WORKING])

    seen = tab(server.page("card"))
    expect(seen.page).to_have_title("Pay Harbour Tea House")
    expect(seen.page.get_by_role("heading", level=1)).to_have_text("HK$1,280.50")
    fill(seen.page, VISA, holder="Ada Wong")
    keep(seen.page, "filled-desk-en")
    submit(seen.page)
    expect(seen.page.get_by_text("being processed")).to_be_focused()
    expect(seen.page.get_by_role("heading", name="Payment complete")).to_be_focused()
    assert seen.origins == {server.origin}
    assert seen.problems == []
    seen.page.wait_for_url(back)

    body = script.bodies[0]
    assert body["card"] == {
        "cardNumber": VISA,
        "expiryDate": "1231",
        "cvc": "123",
        "holderName": "Ada Wong",
    }
    assert set(body["browser"]) == {
        "colorDepth",
        "javaEnabled",
        "javaScriptEnabled",
        "language",
        "screenHeight",
        "screenWidth",
        "timeZoneOffset",
    }
    assert body["browser"]["timeZoneOffset"] == -480


def test_the_button_leads_back_without_waiting(
    server: PageServer, elsewhere: Elsewhere, tab: Open
) -> None:
    back = f"{elsewhere.origin}/at-once"
    server.script("at-once", order=[order("Paid", attempt("paid"), return_to=back)])

    seen = tab(server.page("at-once"))
    seen.page.get_by_role("link", name="Back to the shop").click()
    seen.page.wait_for_url(back, timeout=2000)


def test_an_address_of_the_merchant_is_never_run_as_a_script(server: PageServer, tab: Open) -> None:
    back = "javascript:document.title='owned'"
    server.script("script-back", order=[order("Paid", attempt("paid"), return_to=back)])

    seen = tab(server.page("script-back"))
    seen.page.get_by_role("link", name="Back to the shop").click()
    expect(seen.page.get_by_role("heading", name="Payment complete")).to_be_visible()
    assert seen.page.title() == "Pay Harbour Tea House"
    assert any("Content Security Policy" in one for one in seen.problems)


def test_what_a_store_is_called_stays_text(server: PageServer, tab: Open) -> None:
    name = "<img src=x onerror=\"document.title='owned'\">"
    server.script("markup", order=[order(store={"name": name, "city": "<b>x</b>"})])

    seen = tab(server.page("markup"))
    expect(seen.page.locator("#store")).to_have_text(name)
    expect(seen.page).to_have_title(f"Pay {name}")
    assert seen.problems == []


def test_after_a_failure_the_card_is_still_there_but_its_code_is_not(
    server: PageServer, tab: Open
) -> None:
    failed = order(attempt=attempt("failed", code="I0051"))
    script = server.script("retry", order=[order()], payment=[failed, PAID])

    seen = tab(server.page("retry"))
    fill(seen.page, VISA)
    submit(seen.page)
    expect(seen.page.get_by_role("alert").filter(has_text="not enough money")).to_be_focused()
    expect(seen.page.get_by_label("Card number")).to_have_value("4761 3400 0000 0043")
    expect(seen.page.get_by_label("Expiry date")).to_have_value("12 / 31")
    expect(seen.page.get_by_label("Security code")).to_have_value("")
    submit(seen.page)
    expect(seen.page.get_by_text("Check the security code")).to_be_visible()
    expect(seen.page.get_by_label("Security code")).to_be_focused()

    seen.page.get_by_label("Security code").fill("999")
    submit(seen.page)
    expect(seen.page.get_by_role("heading", name="Payment complete")).to_be_visible()
    assert [body["card"]["cvc"] for body in script.bodies] == ["123", "999"]


def test_a_field_that_the_service_refuses_is_named(server: PageServer, tab: Open) -> None:
    refused = order(attempt=attempt("failed", code="V0002") | {"field": "card.expiryDate"})
    server.script("field", order=[order()], payment=[refused])

    seen = tab(server.page("field"))
    fill(seen.page, VISA)
    submit(seen.page)
    expect(seen.page.get_by_label("Expiry date")).to_be_focused()
    expect(seen.page.get_by_text("Check the expiry date")).to_be_visible()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("I0093", "The bank declined it."),
        ("I0057", "The bank declined it."),
        ("B0021", "Your bank could not confirm that it is you."),
        ("P0098", "It was not confirmed in time."),
        ("X1", "Please try again, or pay another way."),
    ],
)
def test_a_failure_says_why_by_its_code(
    server: PageServer, tab: Open, code: str, text: str
) -> None:
    server.script(f"why-{code}", order=[order(attempt=attempt("failed", code=code))])

    seen = tab(server.page(f"why-{code}"))
    expect(seen.page.locator("#notice")).to_have_text(f"The payment did not go through. {text}")


def test_a_refused_request_shows_its_reason_and_keeps_the_form(
    server: PageServer, tab: Open
) -> None:
    refusal = {"status": 400, "result": {"code": "B0012", "message": "no"}}
    server.script("refused", order=[order()], payment=[refusal])

    seen = tab(server.page("refused"))
    fill(seen.page, VISA)
    submit(seen.page)
    expect(seen.page.get_by_text("Another payment for this order")).to_be_visible()
    expect(seen.page.get_by_label("Card number")).to_have_value("4761 3400 0000 0043")


def test_an_answer_that_was_lost_is_looked_up(server: PageServer, tab: Open) -> None:
    server.script("lost", order=[order(), 502, PAID], payment=[504])

    seen = tab(server.page("lost"))
    fill(seen.page, VISA)
    submit(seen.page)
    expect(seen.page.get_by_text("We cannot reach the payment service")).to_be_visible()
    expect(seen.page.get_by_role("heading", name="Payment complete")).to_be_visible()


def test_a_try_that_never_arrived_can_be_made_again(server: PageServer, tab: Open) -> None:
    script = server.script("offline", order=[order()], payment=[PAID])

    seen = tab(server.page("offline"))
    fill(seen.page, VISA)
    seen.page.context.set_offline(True)
    submit(seen.page)
    expect(seen.page.get_by_text("We cannot reach the payment service")).to_be_visible()
    keep(seen.page, "offline-desk-en")
    seen.page.context.set_offline(False)
    seen.page.get_by_role("button", name="Try again").click()
    expect(seen.page.get_by_text("The connection was lost.")).to_be_visible()
    seen.page.get_by_label("Security code").fill("123")
    submit(seen.page)
    expect(seen.page.get_by_role("heading", name="Payment complete")).to_be_visible()
    assert len(script.bodies) == 1


def test_an_issuer_is_visited_and_the_payer_comes_back(
    server: PageServer, elsewhere: Elsewhere, tab: Open
) -> None:
    address = f"{elsewhere.origin}/bank#sealed.cvc"
    waiting = order(attempt=attempt("waiting", type="redirect", url=address))
    server.script("issuer", order=[order(), waiting, PAID], payment=[waiting])

    seen = tab(server.page("issuer"))
    fill(seen.page, VISA)
    submit(seen.page)
    seen.page.wait_for_url(address)
    seen.page.goto(server.page("issuer", "?status=finished"))
    expect(seen.page.get_by_role("heading", name="Payment complete")).to_be_visible()


def test_a_payer_who_went_back_may_go_on_or_pay_another_way(
    server: PageServer, elsewhere: Elsewhere, tab: Open
) -> None:
    address = f"{elsewhere.origin}/bank"
    server.script("back", order=[order(attempt=attempt("waiting", type="redirect", url=address))])

    seen = tab(server.page("back"))
    seen.page.get_by_role("button", name="Pay another way").click()
    expect(seen.page.get_by_label("Card number")).to_be_visible()
    seen.page.reload()
    seen.page.get_by_role("button", name="Continue to confirm").click()
    seen.page.wait_for_url(address)


def test_a_wallet_shows_a_code_on_a_wide_screen(server: PageServer, tab: Open) -> None:
    svg = pages.qr_svg("https://wallet.example/28100")
    until = {"svg": svg, "expiresAt": moment(5)}
    waiting = order(attempt=attempt("waiting", "AlipayHK", type="qr", **until))
    script = server.script("qr", order=[order(), waiting, PAID], payment=[waiting])

    seen = tab(server.page("qr"))
    seen.page.get_by_label("AlipayHK").check()
    seen.page.get_by_role("button", name="Pay HK$1,280.50 with AlipayHK").click()
    image = seen.page.get_by_role("img", name="Scan with AlipayHK")
    expect(image).to_be_visible()
    assert image.evaluate("one => one.complete && one.naturalWidth > 0")
    expect(seen.page.get_by_role("heading", name="Payment complete")).to_be_visible()
    assert script.bodies[0]["wallet"] == {"brand": "AlipayHK", "presentation": "qr"}
    assert seen.problems == []


def test_an_old_code_is_replaced_by_a_new_one(server: PageServer, tab: Open) -> None:
    svg = pages.qr_svg("https://wallet.example/28100")
    old, new = (
        order(attempt=attempt("waiting", "AlipayHK", type="qr", svg=svg, expiresAt=moment(at)))
        for at in (0.03, 5)
    )
    script = server.script("old-qr", order=[old], payment=[new])

    seen = tab(server.page("old-qr"))
    expect(seen.page.get_by_text("This code has expired.")).to_be_visible()
    seen.page.get_by_role("button", name="Show a new code").click()
    expect(seen.page.get_by_text("The code is valid until")).to_be_visible()
    assert script.bodies[0]["wallet"]["brand"] == "AlipayHK"


def test_a_wallet_is_visited_on_a_phone(
    server: PageServer, elsewhere: Elsewhere, tab: Open
) -> None:
    address = f"{elsewhere.origin}/wallet?pay=1"
    waiting = order(attempt=attempt("waiting", "WeChat_Pay", type="redirect", url=address))
    script = server.script("phone", order=[order(brands=WALLETS), waiting], payment=[waiting])

    seen = tab(server.page("phone"), size=PHONE, is_mobile=True, has_touch=True)
    seen.page.get_by_label("WeChat Pay").check()
    seen.page.get_by_role("button", name="Pay HK$1,280.50 with WeChat Pay").click()
    seen.page.wait_for_url(address)
    assert script.bodies[0]["wallet"] == {"brand": "WeChat_Pay", "presentation": "redirect"}


@pytest.mark.parametrize(
    ("link", "told", "text"),
    [
        ("expired", order("Closed"), "This payment link is no longer open"),
        ("refunded", order("Refunded", attempt("paid")), "paid and refunded"),
        ("no-brands", order(brands=()), "This shop takes no payments"),
        ("unknown", 404, "This payment link does not exist"),
    ],
)
def test_an_order_that_cannot_be_paid_says_so(
    server: PageServer, tab: Open, link: str, told: dict[str, object] | int, text: str
) -> None:
    server.script(link, order=[told])

    seen = tab(server.page(link))
    expect(seen.page.get_by_text(text)).to_be_visible()
    expect(seen.page.get_by_label("Card number")).to_be_hidden()


def test_an_order_that_expires_while_it_is_looked_at_is_closed(
    server: PageServer, tab: Open
) -> None:
    # Whole seconds, and the page may take some of them to come.
    server.script("expiring", order=[order(expiresAt=moment(0.1)), order("Closed")])

    seen = tab(server.page("expiring"))
    expect(seen.page.get_by_label("Card number")).to_be_visible()
    closed = seen.page.get_by_text("This payment link is no longer open")
    expect(closed).to_be_visible(timeout=15_000)


def test_an_open_order_that_others_have_paid_is_offered(server: PageServer, tab: Open) -> None:
    mine = order("Active", attempt("paid"))
    script = server.script("many", order=[order("Active"), mine], payment=[mine])

    seen = tab(server.page("many"))
    fill(seen.page, VISA)
    submit(seen.page)
    expect(seen.page.get_by_role("heading", name="Payment complete")).to_be_visible()
    seen.page.reload()
    expect(seen.page.get_by_role("heading", name="Payment complete")).to_be_visible()
    asked = [urlsplit(url) for url in seen.requests if urlsplit(url).path.endswith("/order")]
    assert [one.query for one in asked] == ["", f"tryID={script.bodies[0]['tryID']}"]


def test_the_page_works_behind_a_stage(server: PageServer, tab: Open) -> None:
    server.script("staged", order=[order(brands=CARDS)], payment=[PAID])

    seen = tab(server.page("staged", prefix="/prod"))
    fill(seen.page, VISA)
    submit(seen.page)
    expect(seen.page.get_by_role("heading", name="Payment complete")).to_be_visible()
    assert all(
        urlsplit(url).path.startswith("/prod/g2/pay/")
        for url in seen.requests[1:]
        if urlsplit(url).netloc
    )
    assert seen.problems == []


def test_an_amex_card_is_taken_where_it_is_accepted(server: PageServer, tab: Open) -> None:
    brands = ({"name": "AMEX", "type": "card"},)
    script = server.script("amex", order=[order(brands=brands)], payment=[PAID])

    seen = tab(server.page("amex"))
    fill(seen.page, AMEX, cvc="1234")
    expect(seen.page.get_by_label("Card number")).to_have_value("3782 822463 10005")
    expect(seen.page.locator("#brand")).to_have_text("American Express")
    submit(seen.page)
    expect(seen.page.get_by_role("heading", name="Payment complete")).to_be_visible()
    assert script.bodies[0]["card"]["cvc"] == "1234"
    assert parse_qs(urlsplit(seen.page.url).query) == {}

"""The page that introduces a browser to an issuer."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.pages.conftest import Open
from tests.pages.orders import attempt, order
from tests.pages.server import Elsewhere, PageServer, encoded
from tests.support.browser import PHONE, keep

SEALED = "c2VhbGVkIGN2Yw.e30_-"


def method(server: PageServer, elsewhere: Elsewhere, ticket: str) -> dict[str, str]:
    """A step that runs the issuer's method."""
    back = server.authentication(ticket, "/method-done")
    data = encoded({"threeDSServerTransID": "1", "threeDSMethodNotificationURL": back})
    return {"next": "method", "url": f"{elsewhere.origin}/method", "threeDSMethodData": data}


def challenge(server: PageServer, elsewhere: Elsewhere, ticket: str) -> dict[str, str]:
    """A step that leaves for the issuer's challenge."""
    creq = encoded({"acsTransID": "1", "back": server.authentication(ticket, "/result")})
    return {
        "next": "challenge",
        "url": f"{elsewhere.origin}/challenge",
        "creq": creq,
        "threeDSSessionData": SEALED,
    }


def test_method_challenge_and_the_way_back_to_the_payment_page(
    server: PageServer, elsewhere: Elsewhere, tab: Open
) -> None:
    identify, confirm = method(server, elsewhere, "t1"), challenge(server, elsewhere, "t1")
    back = server.page("after-t1", "?status=finished")
    script = server.script("t1", steps=[identify, confirm], ended=back)
    server.script("after-t1", order=[order("Paid", attempt("paid"))])

    seen = tab(server.authentication("t1", f"#{SEALED}"))
    seen.page.wait_for_url(f"{elsewhere.origin}/challenge")
    forms = elsewhere.forms[-2:]
    assert [path for path, _ in forms] == ["/method", "/challenge"]
    assert forms[0][1] == {"threeDSMethodData": identify["threeDSMethodData"]}
    assert forms[1][1] == {"creq": confirm["creq"], "threeDSSessionData": SEALED}
    first, second = script.bodies
    assert first["sealed"] == second["sealed"] == SEALED
    assert "methodCompleted" not in first
    assert second["methodCompleted"] == "Y"
    assert second["browser"]["timeZoneOffset"] == -480
    assert second["browser"]["language"] == "en-GB"

    seen.page.get_by_role("button", name="Submit").click()
    expect(seen.page.get_by_role("heading", name="Payment complete")).to_be_visible()
    assert seen.problems == []
    assert not any(SEALED in url for url in seen.requests[1:])


def test_without_a_challenge_the_payer_goes_straight_back(
    server: PageServer, elsewhere: Elsewhere, tab: Open
) -> None:
    back = f"{elsewhere.origin}/shop?status=finished"
    script = server.script("t2", steps=[{"next": "done", "url": back}])

    seen = tab(server.authentication("t2", prefix="/prod"))
    seen.page.wait_for_url(back)
    assert script.bodies[0]["sealed"] is None
    assert seen.page.evaluate("history.length") <= 2
    assert seen.problems == []


def test_a_method_that_never_ends_is_given_ten_seconds(
    server: PageServer, elsewhere: Elsewhere, tab: Open
) -> None:
    lost = {**method(server, elsewhere, "t3"), "url": f"{elsewhere.origin}/nothing"}
    back = f"{elsewhere.origin}/shop"
    script = server.script("t3", steps=[lost, {"next": "done", "url": back}])

    seen = tab(server.authentication("t3"))
    seen.page.wait_for_url(back, timeout=13_000)
    assert script.bodies[1]["methodCompleted"] == "N"


def test_the_button_does_not_start_a_second_time(
    server: PageServer, elsewhere: Elsewhere, tab: Open
) -> None:
    lost = {**method(server, elsewhere, "t4"), "url": f"{elsewhere.origin}/nothing"}
    script = server.script("t4", steps=[lost, {"next": "done", "url": elsewhere.origin}])

    seen = tab(server.authentication("t4"), size=PHONE)
    button = seen.page.locator("button[type=submit]#submitBtn")
    expect(button).to_have_text("Continue")
    button.click()
    button.click()
    keep(seen.page, "authentication-small-en")
    assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    seen.page.wait_for_url(f"{elsewhere.origin}/", timeout=13_000)
    assert len(script.bodies) == 2


def test_a_failure_is_told_and_the_button_begins_anew(
    server: PageServer, elsewhere: Elsewhere, tab: Open
) -> None:
    done = {"next": "done", "url": f"{elsewhere.origin}/shop"}
    failed = {"next": "failed", "message": "The directory server is silent."}
    script = server.script("t5", steps=[500, failed, done])

    seen = tab(server.authentication("t5", f"?lang=zh#{SEALED}"))
    expect(seen.page.get_by_role("alert")).to_have_text("无法开始银行验证，请重试。")
    seen.page.get_by_role("button", name="继续").click()
    expect(seen.page.get_by_role("alert")).to_contain_text("The directory server is silent.")
    keep(seen.page, "authentication-failed-zh")
    seen.page.get_by_role("button", name="继续").click()
    seen.page.wait_for_url(done["url"])
    assert [body["sealed"] for body in script.bodies] == [SEALED] * 3

"""Every view in both languages, on a phone and on a desk, in light and dark: kept as pictures, and
held to what everybody can read and reach."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Open
from tests.pages.orders import attempt, moment, order
from tests.pages.server import PageServer
from tests.support.browser import PHONE, WIDE, keep
from tidegate import pages
from tidegate.domain.order import DETAILS

QR = {"type": "qr", "svg": pages.qr_svg("https://wallet.example/pay/28100")}
LONG = {"name": "Wohltemperierte-Klavierstimmungsgesellschaft 西环海味贸易有限公司", "city": "HK"}
VIEWS: dict[str, dict[str, Any]] = {
    "choose": order(),
    "details": order(collect=DETAILS),
    "working": order(attempt=attempt("working")),
    "confirm": order(attempt=attempt("waiting", "AlipayHK", type="prompt")),
    "waiting": order(attempt=attempt("waiting", type="redirect", url="https://bank.example/")),
    "qr": order(attempt=attempt("waiting", "AlipayHK", **QR, expiresAt=moment(5))),
    "failed": order(attempt=attempt("failed", code="I0051")),
    "paid": order("Paid", attempt("paid")),
    "closed": order("Closed"),
    "long": order(store=LONG, amount={"currency": "IDR", "value": "1234567890123.45"}),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "desk-en": {"size": WIDE},
    "phone-zh-dark": {"size": (390, 780), "locale": "zh-CN", "color_scheme": "dark"},
    "small-en-dark": {"size": PHONE, "color_scheme": "dark"},
    "small-zh": {"size": PHONE, "locale": "zh-HK"},
}
LEAST_CONTRAST = 4.5
LEAST_TARGET_PX = 44
# Text against the first ground behind it that is not transparent (WCAG 2.2, 1.4.3).
CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (color) => color.slice(0, 3)
    .map((value) => value / 255)
    .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (node) => {
    const color = rgb(getComputedStyle(node).backgroundColor);
    return color[3] || !node.parentElement ? color : ground(node.parentElement);
  };
  const found = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!own || !node.checkVisibility() || node.closest("script, template")) continue;
    const pair = [luminance(rgb(getComputedStyle(node).color)), luminance(ground(node))];
    const [dark, light] = pair.sort((a, b) => a - b);
    found.push([node.textContent.trim(), (light + 0.05) / (dark + 0.05)]);
  }
  return found;
}"""
TARGETS = """() => [...document.querySelectorAll("button, a, input, select, .ways label, .same")]
  .filter((node) => node.checkVisibility() && !["radio", "checkbox"].includes(node.type))
  .map((node) => [node.id || node.className, node.getBoundingClientRect().height])"""
NAMELESS = """() => [...document.querySelectorAll("button, a, input, select, img, iframe")]
  .filter((node) => node.checkVisibility())
  .filter((node) => !(node.labels?.length || node.textContent.trim() || node.alt || node.title))
  .map((node) => node.outerHTML)"""
DANGLING = """() => [...document.querySelectorAll("[aria-describedby], [aria-labelledby], [for]")]
  .flatMap((node) => ["aria-describedby", "aria-labelledby", "for"]
    .flatMap((name) => (node.getAttribute(name) ?? "").split(" ").filter(Boolean)))
  .filter((id) => !document.getElementById(id))"""


def hold_to_account(page: Page) -> None:
    """Readable, reachable, named, and no wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    contrasts = page.evaluate(CONTRASTS)
    assert contrasts
    assert [one for one in contrasts if one[1] < LEAST_CONTRAST] == []
    assert [one for one in page.evaluate(TARGETS) if one[1] < LEAST_TARGET_PX] == []
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(DANGLING) == []
    expect(page.get_by_role("heading", level=1)).to_have_count(1)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_can_be_read_and_reached(
    server: PageServer, tab: Open, view: str, setting: str
) -> None:
    link = f"{view}-{setting}"
    server.script(link, order=[VIEWS[view]])

    seen = tab(server.page(link), **SETTINGS[setting])
    expect(seen.page.locator("#amount")).to_be_visible()
    hold_to_account(seen.page)
    language = "zh-Hans" if "zh" in setting else "en"
    expect(seen.page.locator("html")).to_have_attribute("lang", language)
    keep(seen.page, link)
    assert seen.problems == []


def test_faults_of_a_form_can_be_read(server: PageServer, tab: Open) -> None:
    server.script("faults", order=[order()])

    seen = tab(server.page("faults", "?lang=zh"), size=PHONE, color_scheme="dark")
    seen.page.locator("#number").fill("4761340000000044")
    seen.page.locator("#expiry").fill("0120")
    assert seen.page.locator("#number").evaluate("one => one.scrollWidth <= one.clientWidth")
    seen.page.locator("#pay").click()
    expect(seen.page.get_by_text("此卡已过期")).to_be_visible()
    hold_to_account(seen.page)
    keep(seen.page, "faults-small-zh-dark")


@pytest.mark.parametrize(
    ("query", "locale", "wanted"),
    [
        ("", "en-GB", "en"),
        ("", "zh-TW", "zh-Hans"),
        ("", "fr-FR", "en"),
        ("?lang=zh-CN", "en-GB", "zh-Hans"),
        ("?lang=en", "zh-CN", "en"),
        ("?lang=xx", "zh-CN", "zh-Hans"),
    ],
)
def test_the_language_is_the_one_asked_for_or_the_browsers(
    server: PageServer, tab: Open, query: str, locale: str, wanted: str
) -> None:
    server.script("language", order=[order()])

    seen = tab(server.page("language", query), locale=locale)
    expect(seen.page.locator("html")).to_have_attribute("lang", wanted)


def test_a_chosen_language_stays_while_the_form_does(server: PageServer, tab: Open) -> None:
    server.script("choose-language", order=[order(attempt=attempt("failed", code="I0054"))])

    seen = tab(server.page("choose-language"))
    seen.page.get_by_label("Card number").press_sequentially("4761")
    seen.page.get_by_role("button", name="中文").click()
    expect(seen.page.get_by_label("卡号")).to_have_value("4761")
    expect(seen.page.locator("#notice")).to_have_text("付款未成功。此卡已过期。")
    expect(seen.page.get_by_role("button", name="中文")).to_have_attribute("aria-pressed", "true")
    seen.page.goto(server.page("choose-language", "?status=finished"))
    expect(seen.page.locator("html")).to_have_attribute("lang", "zh-Hans")

"""What the pages are made of, as it is served: headers, versions, weight, texts."""

from __future__ import annotations

import re

import pytest
from defusedxml import ElementTree

from tidegate import pages
from tidegate.domain.brands import BRANDS

SOURCES = sorted(pages.STATIC.iterdir())
HTML = {
    "payment": pages.payment_page(),
    "authentication": pages.authentication_page(plain_http=False),
}
MOST_BYTES = 40_000


def loaded(html: str) -> list[str]:
    """The assets that a page names, with their versions."""
    return re.findall(r'assets/([^"]+)"', html)


def directives(page: pages.Page) -> dict[str, str]:
    policy = page.headers["Content-Security-Policy"]
    return dict(one.strip().partition(" ")[::2] for one in policy.split(";"))


def served(name: str) -> pages.Page:
    page = pages.asset(name)
    assert page is not None, name
    return page


def test_the_payment_page_lets_nothing_in_and_nothing_out() -> None:
    assert directives(pages.payment_page()) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-src": "'none'",
        "frame-ancestors": "'none'",
    }


@pytest.mark.parametrize(("plain_http", "anywhere"), [(False, "https:"), (True, "https: http:")])
def test_the_authentication_page_posts_to_issuers(plain_http: bool, anywhere: str) -> None:
    policy = directives(pages.authentication_page(plain_http=plain_http))

    assert policy["form-action"] == policy["frame-src"] == anywhere
    assert policy["script-src"] == policy["connect-src"] == "'self'"


@pytest.mark.parametrize("name", HTML)
def test_a_page_is_never_kept_and_says_nothing_of_itself(name: str) -> None:
    headers = HTML[name].headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "payment=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize("name", HTML)
def test_nothing_is_written_into_a_page(name: str) -> None:
    body = HTML[name].body

    assert re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", body) is None
    assert re.search(r"https?:|//", body) is None


@pytest.mark.parametrize("name", HTML)
def test_what_a_page_loads_is_named_after_its_content_and_kept(name: str) -> None:
    for asset in loaded(HTML[name].body):
        page = served(asset)
        assert re.fullmatch(r"\w+\.[0-9a-f]{12}\.(js|css)", asset)
        assert page.headers["Cache-Control"] == pages.LASTING
        assert page.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", HTML)
def test_every_module_that_is_imported_is_loaded_with_the_page(name: str) -> None:
    named = {one for one in loaded(HTML[name].body) if one.endswith(".js")}
    imported = {
        one for asset in named for one in re.findall(r'from "\./([^"]+)"', served(asset).body)
    }

    assert imported < named
    assert all(re.fullmatch(r"\w+\.[0-9a-f]{12}\.js", one) for one in imported)


@pytest.mark.parametrize("name", HTML)
def test_a_page_says_in_both_languages_that_it_needs_scripts(name: str) -> None:
    said = re.search(r"<noscript>(.+?)</noscript>", HTML[name].body)

    assert said is not None
    assert "needs JavaScript." in said[1]
    assert "需要 JavaScript。" in said[1]


def test_the_payment_page_is_light() -> None:
    html = HTML["payment"].body
    parts = [html, *(served(name).body for name in loaded(html))]

    assert sum(len(part.encode()) for part in parts) < MOST_BYTES


def test_comments_stay_here() -> None:
    for name in ("payment.js", "texts.js", "cards.js", "dom.js", "page.css"):
        assert not re.search(r"^\s*(//|/\*)", served(name).body, re.MULTILINE), name


@pytest.mark.parametrize("name", ["page.css", "page.0123456789ab.css"])
def test_a_file_without_its_version_is_kept_for_a_moment_only(name: str) -> None:
    assert served(name).headers["Cache-Control"] == pages.PASSING


@pytest.mark.parametrize(
    "name",
    [
        "",
        "payment.html",
        "../__init__.py",
        "..%2f__init__.py",
        "none.js",
        "page.css/",
        "Nobody.svg",
    ],
)
def test_nothing_else_is_served(name: str) -> None:
    assert pages.asset(name) is None


@pytest.mark.parametrize("brand", [brand.name for brand in BRANDS])
def test_every_brand_has_a_picture(brand: str) -> None:
    page = served(f"{brand}.svg")

    assert page.headers["Content-Type"] == "image/svg+xml"
    title = ElementTree.fromstring(page.body).findtext("{http://www.w3.org/2000/svg}title")
    assert title == brand.replace("_", " ")


def test_a_qr_code_is_a_picture_that_stands_by_itself() -> None:
    picture = ElementTree.fromstring(pages.qr_svg("https://wallet.example/?a=1&b=<2>"))

    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    assert picture.get("viewBox") is not None


def test_both_languages_have_the_same_texts() -> None:
    source = (pages.STATIC / "texts.js").read_text(encoding="utf-8").split("const KEPT")[0]
    english, chinese = re.split(r"\n  zh: \{\n", source)
    texts = {
        language: dict(
            re.findall(r'^ +(\w+): "(.*)",$', re.sub(r"names: \{[^}]*\}", "", block), re.M)
        )
        for language, block in (("en", english), ("zh", chinese))
    }

    more = (pages.STATIC / "words.js").read_text(encoding="utf-8")
    for language, block in zip(("en", "zh"), re.split(r"\n  zh: \{\n", more), strict=True):
        texts[language] |= dict(re.findall(r'^    (\w+): "(.*)",$', block, re.MULTILINE))

    assert texts["en"].keys() == texts["zh"].keys()
    assert len(texts["en"]) > 80
    for key, text in texts["en"].items():
        holes = set(re.findall(r"\{\w+\}", text))
        assert set(re.findall(r"\{\w+\}", texts["zh"][key])) == holes, key


def test_every_text_that_is_said_exists() -> None:
    sources = [(pages.STATIC / name).read_text() for name in ("texts.js", "words.js")]
    known = set(re.findall(r"^    (\w+): ", "\n".join(sources), re.MULTILINE))
    said = {
        key
        for source in SOURCES
        if source.suffix == ".js"
        for key in re.findall(r'say\("(\w+)"', source.read_text(encoding="utf-8"))
    }

    assert said <= known


def test_a_script_is_one_idea() -> None:
    assert [one.name for one in SOURCES if len(one.read_text().splitlines()) > 400] == []

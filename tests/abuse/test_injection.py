"""Text that somebody else runs: in spreadsheets, pages, mails and files, what a stranger wrote
stays text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from defusedxml import ElementTree

from local.merchant_client import Merchant
from local.stack import Stack
from tests.abuse.test_foreign_ids import LINK, ordered
from tests.abuse.wire import a_payment, signed
from tidegate import pages
from tidegate.adapters import aws, notices
from tidegate.domain.ledger import CAPTURE, BatchKey, Movement, totals_of
from tidegate.domain.payout import payout_instruction
from tidegate.domain.statement import statement
from tidegate.domain.store import PayoutAccount
from tidegate.pages.handoff import form_page
from tidegate.ports_reconciliation import Break
from tidegate.services import close_reconciliation

NewId = Callable[[str], str]
pytestmark = pytest.mark.xdist_group("abuse")
FORMULAS = ['=HYPERLINK("http://x")', "+1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1"]
MARKUP = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
KEY = BatchKey("S810001", "HKD", "20250304")
RUNS = ("=", "+", "-", "@", "\t", "\r")


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


@pytest.mark.parametrize("text", [*FORMULAS, "a\r\ntotal,S810001,,,,HKD,9,9,9", 'a",b'])
def test_a_statement_holds_no_formula_and_no_line_of_a_strangers(text: str) -> None:
    movement = Movement(text, 2, CAPTURE, text, "visa", "40055200017", 1000, 20, KEY.day)
    rows = cells(statement(KEY, [movement], totals_of(KEY.sid, KEY.currency, [movement]), 0))
    assert len(rows) == 4, "the head, the movement, what was carried, the total"
    assert not [cell for cell in rows[1][:6] if cell.startswith(RUNS)]
    assert rows[1][1].lstrip("'") == text


@pytest.mark.parametrize("text", FORMULAS)
def test_a_list_of_breaks_holds_none_either(text: str) -> None:
    """Some of it is what a network wrote."""
    found = Break("visa", text, "amount", 1, text, -1, text, text, text, 0, 1)
    rows = cells(close_reconciliation._csv([found], 0))
    texts = [cell for cell in rows[1] if not re.fullmatch(r"-?\d+", cell)]
    assert not [cell for cell in texts if cell.startswith(RUNS)]


def test_a_payout_instruction_is_one_document_whoever_is_paid() -> None:
    account = PayoutAccount(f"A & B {MARKUP} ]]>", "1</Id><Id>2", "HSBCHKHHHKH", "HK")
    content = payout_instruction(KEY, account, 1000, date(2025, 3, 5))
    space = re.match(rb".*?xmlns=\"([^\"]+)\"", content, re.DOTALL)
    assert space is not None
    names = {"x": space[1].decode()}
    root = ElementTree.fromstring(content, forbid_dtd=True)
    assert [one.text for one in root.findall(".//x:Cdtr/x:Nm", names)] == [account.holder]
    assert [one.text for one in root.findall(".//x:CdtrAcct//x:Id/x:Othr/x:Id", names)] == [
        account.account
    ]


class Tags(HTMLParser):
    """The tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_a_handed_on_form_is_one_form_whatever_is_in_it() -> None:
    url = f"https://acs.example/{MARKUP}"
    answer = form_page(url, {MARKUP: MARKUP}, plain_http=False)
    tags = Tags(answer["body"]).seen
    assert [attributes.get("src") for tag, attributes in tags if tag == "script"] == [
        "../../pay/assets/handoff.js"
    ]
    assert "img" not in {tag for tag, _ in tags}
    (form,) = (attributes for tag, attributes in tags if tag == "form")
    (field,) = (attributes for tag, attributes in tags if tag == "input")
    assert (form["action"], field["name"], field["value"]) == (url, MARKUP, MARKUP)
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]


def test_pages_run_no_text_and_put_none_in_as_markup() -> None:
    """Scripts come from us as files; what orders say is put in as text."""
    for page in (pages.payment_page(), pages.authentication_page(plain_http=False)):
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        for tag, attributes in Tags(page.body).seen:
            assert tag != "script" or attributes.get("src"), "no script in the page itself"
            assert not [name for name in attributes if name.startswith("on")]
    sinks = re.compile(
        r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|DOMParser|setHTML\w*"
        r"|createContextualFragment|srcdoc|Function)\b"
    )
    for script in pages.STATIC.glob("*.js"):
        assert not sinks.search(script.read_text()), script.name


@pytest.mark.e2e
def test_markup_in_an_order_stays_json(stack: Stack, shop: Merchant, new_id: NewId) -> None:
    """What a merchant says is given to the page as JSON that no browser takes for a document."""
    made = shop.link("POST", LINK, ordered(new_id("LP")) | {"metadata": "<b>"})
    link = made["linkUrl"].rpartition("/")[2]
    assert made["linkUrl"].startswith(stack.base_url)
    answer, _ = shop.send("GET", f"/g2/pay/{link}/order", b"", {})
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.e2e
@pytest.mark.parametrize(
    "trans_id",
    ["=1+1", "@SUM(A1)", "a\r\nBcc: x@x.example", "a,b", '"a', "<b>", "a|b", "../a", "a\u202eb"],
)
def test_an_id_that_goes_into_mails_and_files_is_letters_digits_and_hyphens(
    shop: Merchant, trans_id: str
) -> None:
    answer = signed(shop, "POST", "payment", a_payment(trans_id)).deliver(shop)
    assert answer.code == "V0002"
    body = ordered(trans_id)
    assert shop.link("POST", LINK, body).code.startswith(("V", "B"))


def test_a_mail_is_text_whatever_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """SES is given address, subject and text apart: none of them can become a header or markup."""
    sent: list[dict[str, Any]] = []

    class Ses:
        def send_email(self, **given: Any) -> None:
            sent.append(given)

    monkeypatch.setattr(aws, "client", lambda *_, **__: Ses())
    notices.SesMailer("pay@tidegate.example").send("m@shop.example", "a\r\nBcc: x@x", MARKUP)
    (mail,) = sent
    assert mail["Message"]["Body"] == {"Text": {"Data": MARKUP, "Charset": "UTF-8"}}
    assert mail["Destination"] == {"ToAddresses": ["m@shop.example"]}

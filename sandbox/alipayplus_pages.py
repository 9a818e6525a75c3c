"""What a payer sees of the wallet: one page an order, and a list of those that wait."""

from __future__ import annotations

import html
import sqlite3

from sandbox.alipayplus_books import CANCELLED, OPEN, PAID
from sandbox.alipayplus_orders import ANY_WALLET, METHODS

NAMES = {
    "ALIPAY_CN": "Alipay",
    "ALIPAY_HK": "AlipayHK",
    "DANA": "DANA",
    "GCASH": "GCash",
    "KAKAOPAY": "Kakao Pay",
    "TNG": "Touch ’n Go",
    "TRUEMONEY": "TrueMoney",
}
WHOLE_UNITS = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF"})
THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
ENDS = {
    PAID: "This payment is done.",
    CANCELLED: "The merchant has cancelled this order.",
    "USER_PAYMENT_VERIFICATION_FAILED": "You declined this payment.",
    "ORDER_IS_CLOSED": "This order has expired.",
}
STYLE = (
    "*{box-sizing:border-box}body{font:16px/1.5 system-ui,sans-serif;margin:0;"
    "background:#eaf2fc;color:#10243c}main{max-width:26rem;margin:2rem auto;background:#fff;"
    "border-radius:14px;padding:1.5rem}h1{font-size:1.1rem;margin:0 0 1rem}"
    ".amount{font-size:2.2rem;font-weight:700;margin:.2rem 0 1rem}"
    "button,select{font:inherit;width:100%;padding:.75rem;border-radius:10px;margin-top:.75rem}"
    "button{border:2px solid #0958d9;background:#0958d9;color:#fff;cursor:pointer}"
    "button.plain{background:#fff;color:#0958d9}select{border:1px solid #5b6b80;background:#fff}"
    ":focus-visible{outline:3px solid #ffb020;outline-offset:2px}"
    "li{margin:.5rem 0}a{color:#0958d9}p{margin:.3rem 0}"
)


def order_page(order: sqlite3.Row) -> str:
    """The order, and while it is open the payer's choice."""
    about = (
        f"<p>{_text(order['merchant_name'])}</p>"
        f"<p class='amount'>{_text(shown(order['amount_minor'], order['currency']))}</p>"
        f"<p>{_text(order['description'])}</p>"
    )
    if order["status"] != OPEN:
        end = ENDS.get(order["status"]) or ENDS.get(order["result_code"]) or "This payment failed."
        return _page("Payment", f"{about}<p role='status'><strong>{end}</strong></p>")
    return _page(
        f"Pay with {NAMES.get(order['method'], 'your wallet')}",
        f"{about}<form method='post' action='/pay/{order['payment_id']}'>{_choice(order)}"
        "<button type='submit' name='do' value='pay'>Pay</button>"
        "<button type='submit' class='plain' name='do' value='decline'>Decline</button></form>",
    )


def list_page(orders: list[sqlite3.Row]) -> str:
    """All orders that wait for their payers."""
    rows = "".join(
        f"<li><a href='/pay/{order['payment_id']}'>"
        f"{_text(shown(order['amount_minor'], order['currency']))}</a>"
        f" {_text(order['merchant_name'])}</li>"
        for order in orders
    )
    return _page("Open orders", f"<ul>{rows}</ul>" if rows else "<p>No order waits.</p>")


def shown(amount_minor: int, currency: str) -> str:
    """An amount in major units with its currency."""
    places = 0 if currency in WHOLE_UNITS else 3 if currency in THOUSANDTHS else 2
    whole, rest = divmod(amount_minor, 10**places)
    return f"{currency} {whole}.{rest:0{places}d}" if places else f"{currency} {whole}"


def _choice(order: sqlite3.Row) -> str:
    """Which wallet pays, where the acquirer left it open."""
    if order["method"] != ANY_WALLET:
        return ""
    options = "".join(f"<option value='{one}'>{_text(NAMES[one])}</option>" for one in METHODS)
    return f"<label>Wallet<select name='method'>{options}</select></label>"


def _page(title: str, content: str) -> str:
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<link rel='icon' href='data:,'>"
        f"<title>{_text(title)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{_text(title)}</h1>{content}</main></body></html>"
    )


def _text(value: str) -> str:
    return html.escape(value)

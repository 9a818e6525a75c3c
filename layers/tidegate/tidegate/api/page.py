"""The JSON between the payment page and its endpoints (docs/hosted-page.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import Field, StrictStr

from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.result_codes import message_of
from tidegate.api.evocloud.schemas.authentication import Browser
from tidegate.api.evocloud.schemas.context import S16, S50, Country
from tidegate.api.evocloud.schemas.fields import (
    S128,
    S254,
    Rule,
    WireModel,
    at_most,
    fault,
    one_of,
)
from tidegate.api.evocloud.schemas.payment_method import (
    CardInfo,
    CardMethod,
    PaymentMethod,
)
from tidegate.api.evocloud.schemas.validation import validated
from tidegate.domain.authentication import BrowserInfo
from tidegate.domain.brands import Brand
from tidegate.domain.errors import DecryptionFailed, MissingField, TidegateError
from tidegate.domain.message import Card
from tidegate.domain.order import DETAILS, PAID, Detail, Order, OrderStatus
from tidegate.domain.payment import Payment
from tidegate.domain.store import Store
from tidegate.domain.transitions import Status
from tidegate.domain.wallet import Action
from tidegate.services.commands import PayByWallet
from tidegate.services.link_orders import OrderView

DrawQr = Callable[[str], str]
"""A text as an SVG picture of its QR code."""
_STATES = {
    Status.WAITING: "waiting",
    Status.VERIFYING: "waiting",
    Status.FAILED: "failed",
    Status.CANCELLED: "failed",
    **dict.fromkeys(PAID, "paid"),
}
CLOSED_CODE = "P0098"
TRY_ID = re.compile(r"[0-9a-f]{32}")
"""What a page calls its try to pay."""


def _try_id(text: str) -> str:
    if not TRY_ID.fullmatch(text):
        raise fault("V0002", "must be 32 hex digits")
    return text


EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,30}")


def _email(text: str) -> str:
    if not EMAIL.fullmatch(text):
        raise fault("V0002", "must be an email address")
    return text


def _phone(text: str) -> str:
    if not PHONE.fullmatch(text):
        raise fault("V0002", "must be a telephone number")
    return text


class PageWallet(WireModel):
    """A wallet that the payer chose."""

    brand: Annotated[StrictStr, at_most(32)]
    presentation: Annotated[StrictStr, one_of("qr", "redirect")]


class PageAddress(WireModel):
    """An address as one types it."""

    addressLine1: S50
    addressLine2: S50 | None = None
    city: S50
    stateOrProvince: S50 | None = None
    postalCode: S16 | None = None
    country: Country


class PagePayer(WireModel):
    """What the page asked its payer for the merchant."""

    fullName: S128 | None = Field(None, repr=False)
    email: Annotated[S254, Rule(_email, {"pattern": EMAIL.pattern})] | None = Field(
        None, repr=False
    )
    phoneNumber: Annotated[StrictStr, Rule(_phone, {"pattern": PHONE.pattern})] | None = Field(
        None, repr=False
    )
    billingAddress: PageAddress | None = None
    shippingAddress: PageAddress | None = None


class PayBody(WireModel):
    """POST payment of the page."""

    card: CardInfo | None = None
    wallet: PageWallet | None = None
    browser: Browser | None = None
    payer: PagePayer | None = None
    tryID: Annotated[StrictStr, Rule(_try_id, {"pattern": TRY_ID.pattern})] | None = None


class BrowserBody(WireModel):
    """POST of the authentication page."""

    browser: Browser | None = None
    sealed: Annotated[StrictStr, at_most(2048)] | None = None
    methodCompleted: Annotated[StrictStr, one_of("Y", "N", "U")] | None = None


@dataclass(frozen=True, slots=True)
class Paying:
    """What a payer sends."""

    means: Card | PayByWallet = field(repr=False)
    holder_name: str | None = field(repr=False)
    browser: BrowserInfo
    try_id: str | None
    payer: dict[Detail, Any] = field(repr=False)


def paying(request: Request, today: date) -> Paying:
    """POST payment of the page. Raises the errors of fields."""
    body = validated(PayBody, request.body())
    browser = _browser(body.browser, request)
    means, holder = _means(body, today)
    given = body.payer.model_dump(exclude_none=True) if body.payer else {}
    return Paying(means, holder, browser, body.tryID, {name: given.get(name) for name in DETAILS})


def try_asked_for(request: Request) -> str | None:
    """GET order's ``tryID``, which the page gave the try that it made."""
    given = request.parameter("tryID") or ""
    return given if TRY_ID.fullmatch(given) else None


def _means(body: PayBody, today: date) -> tuple[Card | PayByWallet, str | None]:
    if body.wallet is not None:
        scenario = "MPM" if body.wallet.presentation == "qr" else "redirect"
        return PayByWallet(scenario, body.wallet.brand), None  # type: ignore[arg-type]
    if body.card is None:
        raise MissingField(field="card")
    method = PaymentMethod(type="card", card=CardMethod(cardInfo=body.card))
    return method.require_card(today, _nothing_encrypted), body.card.holderName


def browser_step(request: Request) -> tuple[BrowserInfo, BrowserBody]:
    """What the authentication page sends; raises the errors of fields."""
    body = validated(BrowserBody, request.body())
    return _browser(body.browser, request), body


def _browser(given: Browser | None, request: Request) -> BrowserInfo:
    """What the browser says of itself in the body and in its headers."""
    headers = request.headers
    named = (given or Browser()).model_copy(
        update={
            "acceptHeader": headers.get("accept", "*/*")[:2048],
            "userAgent": headers.get("user-agent", "unknown")[:2048],
        }
    )
    return named.read(headers.get("x-forwarded-for", "").split(",")[0].strip() or None)


def order_json(
    view: OrderView,
    payment: Payment | None,
    store: Store,
    brands: list[Brand],
    action: Action | None,
    draw_qr: DrawQr,
    refusal: TidegateError | None = None,
) -> dict[str, Any]:
    """Everything that the page shows; ``payment`` is the try that its payer made."""
    order = view.order
    status = view.status
    if order.multiple and not order.closed(view.now):
        status = OrderStatus.ACTIVE  # whatever became of those who have paid before
    paid = payment is not None and payment.status in PAID
    attempt = _attempt(payment, action, draw_qr) if payment else None
    if refusal is not None and not paid:
        attempt = _refused(refusal)
    return {
        "order": {
            "merchantOrderID": order.order_id,
            "status": status.value,
            "amount": {"currency": order.amount.currency, "value": order.amount.value},
            "store": {"name": store.acceptor.name, "city": store.acceptor.city},
            "expiresAt": datetime.fromtimestamp(order.expires_at, UTC).strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            ),
        },
        "collect": list(order.collect),
        "brands": [
            {"name": one.name, "type": one.type}
            for one in brands
            if not order.brands or one.name in order.brands
        ],
        "attempt": attempt,
        "returnTo": _return_to(order) if paid or status is OrderStatus.PAID else None,
    }


def with_query(address: str, query: str) -> str:
    """The merchant's address with more behind it: its own text stays the beginning."""
    return f"{address}{'&' if '?' in address else '?'}{query}"


def json_answer(body: Mapping[str, Any], status: int = 200) -> dict[str, Any]:
    """As API Gateway takes it."""
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": "application/json; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
        "body": json.dumps(body, separators=(",", ":"), ensure_ascii=False),
        "isBase64Encoded": False,
    }


def _return_to(order: Order) -> str | None:
    if order.return_url is None:
        return None
    return with_query(order.return_url, f"merchantOrderID={order.order_id}&result=success")


def _attempt(payment: Payment, action: Action | None, draw_qr: DrawQr) -> dict[str, Any]:
    state = _STATES.get(payment.status, "working")
    code = payment.failure_code or CLOSED_CODE if state == "failed" else None
    return {
        "state": state,
        "brand": payment.brand,
        "code": code,
        "message": message_of(code) if code else None,
        "action": _action(action, draw_qr) if action and state == "waiting" else None,
    }


def _refused(error: TidegateError) -> dict[str, Any]:
    return {
        "state": "failed",
        "brand": None,
        "code": error.code,
        "message": message_of(error.code),
        "field": error.field,
        "action": None,
    }


def _action(action: Action, draw_qr: DrawQr) -> dict[str, Any]:
    if action.type == "presentQRCode":
        return {
            "type": "qr",
            "svg": draw_qr(action.data["qrCode"]),
            "expiresAt": action.data.get("expiredAt"),
        }
    if action.type == "promptUser":
        return {"type": "prompt"}
    return {"type": "redirect", "url": action.data["url"]}


def _nothing_encrypted(_encrypted: str) -> dict[str, Any]:
    raise DecryptionFailed

"""What an acquirer asks of Alipay+, read strictly: the requests of the AMS API v1."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

METHODS = (
    "ALIPAY_CN",
    "ALIPAY_HK",
    "DANA",
    "GCASH",
    "KAKAOPAY",
    "TNG",
    "TRUEMONEY",
)
"""``paymentMethodType`` of the wallets behind this host."""
ANY_WALLET = "CONNECT_WALLET"
SCENARIOS = frozenset({"PaymentCode", "OrderCode"})
"""The payer shows a code, or scans the one that the merchant shows."""
DEFAULT_EXPIRY_S = 600
MAX_ID, MAX_URL, MAX_TEXT = 64, 2048, 256
_CURRENCY = re.compile(r"[A-Z]{3}")
_VALUE = re.compile(r"[1-9][0-9]{0,14}")


class Refused(Exception):
    """Answered with ``resultStatus`` F and this ``resultCode``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A pay request. ``scenario`` is None at the cashier, where the payer is redirected."""

    request: dict[str, Any] = field(repr=False)
    request_id: str
    scenario: str | None
    method: str
    payment_code: str | None = field(repr=False)
    merchant_id: str
    merchant_name: str
    description: str
    amount_minor: int
    currency: str
    expires_at: float
    notify_url: str
    redirect_url: str | None

    def by(self, method: str) -> NewOrder:
        """The same order, once its wallet is known."""
        return replace(self, method=method)


@dataclass(frozen=True, slots=True)
class NewRefund:
    """A refund request, and by which of its ids the paid order is found."""

    request: dict[str, Any]
    request_id: str
    order_column: str
    order_value: str
    amount_minor: int
    currency: str


def read_order(request: dict[str, Any], now: float) -> NewOrder:
    """A pay request; raises Refused (PARAM_ILLEGAL and the like)."""
    order, method = _object(request, "order"), _object(request, "paymentMethod")
    merchant = _object(order, "merchant")
    _amount(order, "orderAmount")
    amount_minor, currency = _amount(request, "paymentAmount")
    strategy = request.get("settlementStrategy")
    if strategy is not None and _object(request, "settlementStrategy") != {
        "settlementCurrency": currency
    }:
        raise Refused("CURRENCY_NOT_SUPPORT")
    scenario = _scenario(request)
    kind = _text(method, "paymentMethodType")
    if kind != ANY_WALLET and kind not in METHODS:
        raise Refused("UNAVAILABLE_PAYMENT_METHOD")
    code = _text(method, "paymentMethodId") if scenario == "PaymentCode" else None
    return NewOrder(
        request=request,
        request_id=_text(request, "paymentRequestId"),
        scenario=scenario,
        method=kind,
        payment_code=code,
        merchant_id=_text(merchant, "referenceMerchantId"),
        merchant_name=_text(merchant, "merchantName", MAX_TEXT),
        description=_text(order, "orderDescription", MAX_TEXT),
        amount_minor=amount_minor,
        currency=currency,
        expires_at=_moment(request, "paymentExpiryTime", now + DEFAULT_EXPIRY_S),
        notify_url=_url(request, "paymentNotifyUrl"),
        redirect_url=_url(request, "paymentRedirectUrl")
        if "paymentRedirectUrl" in request
        else None,
    )


def read_refund(request: dict[str, Any]) -> NewRefund:
    """A refund request; raises Refused."""
    amount_minor, currency = _amount(request, "refundAmount")
    column, value = payment_named(request)
    return NewRefund(
        request=request,
        request_id=_text(request, "refundRequestId"),
        order_column=column,
        order_value=value,
        amount_minor=amount_minor,
        currency=currency,
    )


def payment_named(request: dict[str, Any]) -> tuple[str, str]:
    """(column, value) of the order that a request is about; paymentId goes first."""
    if request.get("paymentId") is not None:
        return "payment_id", _text(request, "paymentId")
    return "request_id", _text(request, "paymentRequestId")


def refund_named(request: dict[str, Any]) -> tuple[str, str]:
    """(column, value) of the refund that a request is about; refundId goes first."""
    if request.get("refundId") is not None:
        return "refund_id", _text(request, "refundId")
    return "request_id", _text(request, "refundRequestId")


def _scenario(request: dict[str, Any]) -> str | None:
    product = _text(request, "productCode")
    if product == "CASHIER_PAYMENT":
        return None
    scenario = _text(_object(request, "paymentFactor"), "inStorePaymentScenario")
    if product != "IN_STORE_PAYMENT" or scenario not in SCENARIOS:
        raise Refused("PARAM_ILLEGAL")
    return scenario


def _object(message: dict[str, Any], name: str) -> dict[str, Any]:
    value = message.get(name)
    if not isinstance(value, dict):
        raise Refused("PARAM_ILLEGAL")
    return value


def _text(message: dict[str, Any], name: str, longest: int = MAX_ID) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        raise Refused("PARAM_ILLEGAL")
    return value


def _amount(message: dict[str, Any], name: str) -> tuple[int, str]:
    amount = _object(message, name)
    value, currency = _text(amount, "value"), _text(amount, "currency")
    if not _VALUE.fullmatch(value) or not _CURRENCY.fullmatch(currency):
        raise Refused("PARAM_ILLEGAL")
    return int(value), currency


def _url(message: dict[str, Any], name: str) -> str:
    url = _text(message, name, MAX_URL)
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not url.isascii():
        raise Refused("PARAM_ILLEGAL")
    return url


def _moment(message: dict[str, Any], name: str, default: float) -> float:
    """ISO 8601 with its zone, as Unix seconds."""
    if message.get(name) is None:
        return default
    try:
        moment = datetime.fromisoformat(_text(message, name))
        if moment.tzinfo is None:
            raise Refused("PARAM_ILLEGAL")
        return moment.timestamp()
    except (ValueError, OverflowError):
        raise Refused("PARAM_ILLEGAL") from None

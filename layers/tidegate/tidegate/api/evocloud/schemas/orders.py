"""LinkPay requests (contract, sections 2.18 to 2.21), in the dialects that known clients speak."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, StrictBool, StrictStr

from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas.context import Context, TransInitiator, UserInfo
from tidegate.api.evocloud.schemas.fields import (
    AS_TEXT,
    S64,
    Identifier,
    Metadata,
    ReturnUrl,
    Url,
    WireModel,
    at_most,
    fault,
    one_of,
    whole,
)
from tidegate.api.evocloud.schemas.payment_method import RecurringModel
from tidegate.api.evocloud.schemas.transaction import MerchantTransInfo, Moment, TransAmount
from tidegate.api.evocloud.schemas.validation import validated
from tidegate.domain.errors import InvalidAmount, InvalidValue, MissingField
from tidegate.domain.money import Money
from tidegate.domain.order import DETAILS, Detail
from tidegate.services.commands import ChangePayment, CreateOrder

DEFAULT_VALID_MINUTES = 60
REASONS = ("duplicate", "fraudulent", "requested_by_customer", "expired_uncaptured", "other")
MAX_METADATA = 50
MAX_BRANDS = 2048


def _brands(names: list[str]) -> list[str]:
    if len(names) > MAX_BRANDS:
        raise fault("V0002", f"must name at most {MAX_BRANDS} brands")
    return names


class OrderInfo(WireModel):
    """``merchantOrderInfo``."""

    merchantOrderID: Identifier
    merchantOrderTime: Moment
    orderType: Annotated[StrictStr, one_of("Single", "Multiple")] | None = None
    enabledPaymentMethod: (
        Annotated[list[Annotated[StrictStr, at_most(32)]], AfterValidator(_brands)] | None
    ) = None
    isCollectBillingAddress: StrictBool | None = None
    isCollectEmail: StrictBool | None = None
    isCollectFullName: StrictBool | None = None
    isCollectPhoneNumber: StrictBool | None = None
    isCollectShippingAddress: StrictBool | None = None

    def collect(self) -> tuple[Detail, ...]:
        """What the page has to ask its payer."""
        return tuple(
            name for name in DETAILS if getattr(self, f"isCollect{name[0].upper()}{name[1:]}")
        )


class Recurring(WireModel):
    """``paymentMethod`` of an order: only whether later charges will follow."""

    recurringProcessingModel: RecurringModel | None = None


class OrderUser(UserInfo):
    """``userInfo`` of an order."""

    vaultID: Annotated[StrictStr, at_most(36)] | None = None


class OrderBody(Context):
    """POST linkpay; ``payerInfo`` and ``deliveryAddress`` are of an older time."""

    spellings: ClassVar = {"userinfo": "userInfo", "returnURL": "returnUrl"}

    merchantOrderInfo: OrderInfo
    transAmount: TransAmount
    validTime: Annotated[StrictStr, AS_TEXT, whole(5, 43200)] | None = None
    returnUrl: ReturnUrl | None = None
    webhook: Url | None = None
    userInfo: OrderUser | None = None
    transInitiator: TransInitiator | None = None
    paymentMethod: Recurring | None = None
    allowAvsCheck: StrictBool | None = None
    payerInfo: dict[str, Any] | None = None
    deliveryAddress: dict[str, Any] | None = None


class OrderRefundBody(WireModel):
    """POST linkpayRefund, first dialect, and linkpayCancelorRefund."""

    merchantTransInfo: MerchantTransInfo
    transAmount: TransAmount
    initiatingReason: S64 | None = None
    webhook: Url | None = None
    metadata: Metadata | None = None


class FlatRefundBody(WireModel):
    """POST linkpayRefund, second dialect: flat, as the Python SDK sends it."""

    merchantTransID: Identifier
    merchantTransTime: Moment
    refundAmount: TransAmount
    reason: Annotated[StrictStr, one_of(*REASONS)] | None = None
    description: Annotated[StrictStr, at_most(255)] | None = None
    webhook: Url | None = None
    metadata: dict[str, Any] | None = None


def create_order(request: Request) -> CreateOrder:
    """POST linkpay as a command; raises the errors of the contract, each naming its field."""
    body = validated(OrderBody, request.body())
    info, user = body.merchantOrderInfo, body.userInfo or OrderUser()
    minutes = int(body.validTime) if body.validTime else DEFAULT_VALID_MINUTES
    recurring = body.paymentMethod.recurringProcessingModel if body.paymentMethod else None
    if recurring is not None and user.reference is None:
        raise MissingField("whose card is to be kept?", field="userInfo.reference")
    return CreateOrder(
        order_id=info.merchantOrderID,
        order_time=info.merchantOrderTime,
        amount=_some(body.transAmount),
        valid_minutes=minutes,
        multiple=info.orderType == "Multiple",
        brands=tuple(info.enabledPaymentMethod or ()),
        return_url=body.returnUrl,
        webhook=body.webhook,
        user_reference=user.reference,
        recurring=recurring,
        collect=info.collect(),
        mcc=body.mcc(),
    )


def refund_order(request: Request) -> ChangePayment:
    """POST linkpayRefund in either dialect: a flat ``refundAmount`` tells the second."""
    raw = request.body()
    if "refundAmount" not in raw and "merchantTransID" not in raw:
        return cancel_or_refund_order(request)
    body = validated(FlatRefundBody, raw)
    _check_metadata(body.metadata or {})
    return ChangePayment(
        trans_id=body.merchantTransID,
        trans_time=body.merchantTransTime,
        payment_trans_id=_paid_by(request, body.merchantTransID),
        amount=_some(body.refundAmount, "refundAmount"),
        initiating_reason=body.reason,
        description=body.description,
        labels=_compact(body.metadata) if body.metadata else None,
        webhook=body.webhook,
    )


def cancel_or_refund_order(request: Request) -> ChangePayment:
    """POST linkpayCancelorRefund."""
    body = validated(OrderRefundBody, request.body())
    trans_id = body.merchantTransInfo.merchantTransID
    return ChangePayment(
        trans_id=trans_id,
        trans_time=body.merchantTransInfo.merchantTransTime,
        payment_trans_id=_paid_by(request, trans_id),
        amount=_some(body.transAmount),
        initiating_reason=body.initiatingReason,
        webhook=body.webhook,
        metadata=body.metadata,
    )


def path_id(request: Request, name: str) -> str:
    """An id out of the path; raises InvalidValue."""
    given = request.path_parameters[name]
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", given):
        raise InvalidValue("letters, digits, _ and -, at most 64", field=name)
    return given


def _paid_by(request: Request, own_id: str) -> str:
    """Which of an order's payments the query names; empty for none, or the request's own id."""
    named = request.parameter("merchantTransID") or ""
    return "" if named == own_id else named


def _some(given: TransAmount, field: str = "transAmount") -> Money:
    """An amount; raises InvalidAmount for none."""
    amount = Money.parse(given.value, given.currency, field=field)
    if amount.minor == 0:
        raise InvalidAmount("must be more than zero", field=f"{field}.value")
    return amount


def _compact(given: dict[str, Any]) -> str:
    return json.dumps(given, separators=(",", ":"), ensure_ascii=False)


def _check_metadata(given: dict[str, Any]) -> None:
    """At most 50 entries, keys of 40 and values of 500 bytes; raises InvalidValue."""
    if len(given) > MAX_METADATA:
        raise InvalidValue(f"at most {MAX_METADATA} entries", field="metadata")
    for key, value in given.items():
        if len(key.encode("utf-8", "surrogatepass")) > 40:
            raise InvalidValue("a key has at most 40 bytes", field="metadata")
        if len(str(value).encode("utf-8", "surrogatepass")) > 500:
            raise InvalidValue("a value has at most 500 bytes", field="metadata")

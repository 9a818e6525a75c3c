"""Whole request bodies, and how they become commands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import Field, StrictBool, StrictStr, ValidationError

from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas.fields import (
    S64,
    Hours,
    Metadata,
    Platform,
    ReturnUrl,
    Url,
    WireModel,
    one_of,
)
from tidegate.api.evocloud.schemas.payment_method import PaymentMethod
from tidegate.api.evocloud.schemas.transaction import MerchantTransInfo, TransAmount
from tidegate.domain import errors
from tidegate.domain.errors import InvalidFormat, InvalidValue, MissingField, TidegateError
from tidegate.services.commands import ChangePayment, CreatePayment

_ERRORS: dict[str, type[TidegateError]] = {
    kind.code: kind for kind in (InvalidFormat, MissingField, InvalidValue)
}
Model = TypeVar("Model", bound=WireModel)


class TransInitiator(WireModel):
    """Where the payer is."""

    platform: Platform | None = None
    paymentScenario: Annotated[StrictStr, one_of("EC", "inStore")] | None = None
    inStorePaymentScenario: Annotated[StrictStr, one_of("CPM", "MPM")] | None = None


class ThreeDS(WireModel):
    """``mpiData`` proves an authentication that the merchant had made elsewhere."""

    mpiData: dict[str, Any] | None = Field(None, repr=False)


class Authentication(WireModel):
    """This version authenticates nobody."""

    threeDS: ThreeDS | None = None


class PaymentBody(WireModel):
    """POST payment."""

    merchantTransInfo: MerchantTransInfo
    transAmount: TransAmount
    paymentMethod: PaymentMethod
    transInitiator: TransInitiator | None = None
    captureAfterHours: Hours | None = None
    allowAuthentication: StrictBool | None = None
    authenticationOnly: StrictBool | None = None
    authentication: Authentication | None = None
    webhook: Url | None = None
    returnURL: ReturnUrl | None = None
    metadata: Metadata | None = None


class ChangeBody(WireModel):
    """POST capture, cancel, refund and cancelOrRefund."""

    merchantTransInfo: MerchantTransInfo
    transAmount: TransAmount | None = None
    initiatingReason: S64 | None = None
    webhook: Url | None = None
    metadata: Metadata | None = None


def create_payment(request: Request, today: date) -> CreatePayment:
    """POST payment as a command; raises the errors of the contract, each naming its field."""
    raw = request.body()
    body = _validated(PaymentBody, raw)
    _refuse_unsupported(request, body)
    method = raw["paymentMethod"]
    card = body.paymentMethod.require_card(method, today)
    hours = body.captureAfterHours
    return CreatePayment(
        trans_id=body.merchantTransInfo.merchantTransID,
        trans_time=body.merchantTransInfo.merchantTransTime,
        amount=body.transAmount.money(),
        card=card,
        capture_after_hours=None if hours is None else int(hours),
        order_reference=body.merchantTransInfo.merchantOrderReference,
        platform=body.transInitiator.platform if body.transInitiator else None,
        metadata=body.metadata,
        webhook=body.webhook,
    )


def _refuse_unsupported(request: Request, body: PaymentBody) -> None:
    """What would be charged differently from what the merchant means; raises OperationUnsupported,
    or MissingConditionalField for a shop without its scenario."""
    initiator, authentication = body.transInitiator, body.authentication
    if body.authenticationOnly:
        raise errors.OperationUnsupported(field="authenticationOnly")
    if authentication and authentication.threeDS and authentication.threeDS.mpiData:
        raise errors.OperationUnsupported(field="authentication.threeDS.mpiData")
    if any(name == "merchantTransID" for name, _ in request.query):
        # The query of POST payment names the FX rate to be used.
        raise errors.OperationUnsupported(field="merchantTransID")
    in_store = initiator is not None and initiator.paymentScenario == "inStore"
    if in_store and initiator and initiator.inStorePaymentScenario is None:
        raise errors.MissingConditionalField(field="transInitiator.inStorePaymentScenario")


def capture_or_refund(request: Request) -> ChangePayment:
    """POST capture or refund: the amount is mandatory."""
    command = change_payment(request)
    if command.amount is None:
        raise MissingField(field="transAmount")
    return command


def cancel_payment(request: Request) -> ChangePayment:
    """POST cancel: an amount is ignored."""
    return change_payment(request, with_amount=False)


def change_payment(request: Request, *, with_amount: bool = True) -> ChangePayment:
    """POST cancelOrRefund: the amount is optional."""
    payment_trans_id = transaction_id(request)
    raw = request.body()
    if not with_amount:
        raw.pop("transAmount", None)
    body = _validated(ChangeBody, raw)
    amount = body.transAmount.money() if body.transAmount else None
    return ChangePayment(
        trans_id=body.merchantTransInfo.merchantTransID,
        trans_time=body.merchantTransInfo.merchantTransTime,
        payment_trans_id=payment_trans_id,
        amount=amount,
        initiating_reason=body.initiatingReason,
        metadata=body.metadata,
        webhook=body.webhook,
    )


def transaction_id(request: Request) -> str:
    """The query's merchantTransID; raises MissingField or InvalidValue."""
    given = request.parameter("merchantTransID")
    if not given:
        raise MissingField("the query needs one merchantTransID", field="merchantTransID")
    if len(given.encode("utf-8", "surrogatepass")) > 64:
        raise InvalidValue("at most 64 bytes", field="merchantTransID")
    return given


def _validated(model: type[Model], raw: Mapping[str, Any]) -> Model:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise _first(error) from None


def _first(error: ValidationError) -> TidegateError:
    """The first failure in the contract's terms; what is missing goes before what is wrong."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    failure = next((one for one in found if one["type"] == "missing"), found[0])
    field = ".".join(str(part) for part in failure["loc"])
    if failure["type"] == "missing":
        return MissingField(f"{field} is missing", field=field)
    kind = _ERRORS.get(failure["type"])
    if kind is not None:
        return kind(f"{field} {failure['msg']}", field=field)
    return InvalidFormat(f"{field} has the wrong type", field=field)

"""Whole request bodies of payments and what is done to them, and how they become commands."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StrictBool, StrictStr

from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas.authentication import AuthenticationBody, authenticate
from tidegate.api.evocloud.schemas.context import Context, TransInitiator, UserInfo
from tidegate.api.evocloud.schemas.fields import (
    AS_TEXT,
    S64,
    Hours,
    Metadata,
    ReturnUrl,
    Url,
    WireModel,
    one_of,
    whole,
)
from tidegate.api.evocloud.schemas.payment_method import Decrypt, PaymentMethod
from tidegate.api.evocloud.schemas.transaction import MerchantTransInfo, TransAmount
from tidegate.api.evocloud.schemas.validation import validated
from tidegate.domain.errors import (
    InapplicableField,
    InvalidValue,
    MissingConditionalField,
    MissingField,
)
from tidegate.domain.message import Card
from tidegate.services.commands import AdditionalInfo, ChangePayment, CreatePayment, KeepCard


class PaymentBody(Context):
    """POST payment."""

    merchantTransInfo: MerchantTransInfo
    transAmount: TransAmount
    paymentMethod: PaymentMethod
    transInitiator: TransInitiator | None = None
    captureAfterHours: Hours | None = None
    allowAuthentication: StrictBool | None = None
    authenticationOnly: StrictBool | None = None
    authentication: AuthenticationBody | None = None
    allowAvsCheck: StrictBool | None = None
    enhanceMonitoring: StrictBool | None = None
    extendAuthorizationDateIndicator: Annotated[StrictStr, one_of("Y")] | None = None
    localAmount: TransAmount | None = None
    validTime: Annotated[StrictStr, AS_TEXT, whole(1, 43200)] | None = None
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


class AdditionalInfoBody(WireModel):
    """PUT payment and PUT paymentMethod, to go on with an authentication."""

    authentication: AuthenticationBody | None = None
    metadata: Metadata | None = Field(None)


def create_payment(request: Request, today: date, decrypt: Decrypt) -> CreatePayment:
    """POST payment as a command; raises the errors of the contract, each naming its field."""
    body = validated(PaymentBody, request.body())
    initiator = body.transInitiator
    scenario = initiator.scenario() if initiator else "redirect"
    means = body.paymentMethod.means(today, scenario, decrypt)
    hours, user = body.captureAfterHours, body.userInfo or UserInfo()
    quote_id = request.parameter("merchantTransID")
    if body.localAmount is not None and quote_id is None:
        raise InapplicableField("only with the id of an FX inquiry", field="localAmount")
    return CreatePayment(
        trans_id=body.merchantTransInfo.merchantTransID,
        trans_time=body.merchantTransInfo.merchantTransTime,
        amount=body.transAmount.money(),
        means=means,
        capture_after_hours=None if hours is None else int(hours),
        order_reference=body.merchantTransInfo.merchantOrderReference,
        platform=initiator.platform if initiator else None,
        metadata=body.metadata,
        webhook=body.webhook,
        return_url=body.returnURL,
        valid_minutes=int(body.validTime) if body.validTime else None,
        authenticate=authenticate(
            body.authentication, body.allowAuthentication, body.authenticationOnly
        ),
        keep=_keep(body, user, decrypt) if isinstance(means, Card) else None,
        user_reference=user.reference,
        recurring=body.paymentMethod.recurringProcessingModel,
        quote_id=quote_id,
        local=body.localAmount.money() if body.localAmount else None,
        mcc=body.mcc(),
    )


def _keep(body: PaymentBody, user: UserInfo, decrypt: Decrypt) -> KeepCard | None:
    """Whether the card is kept: as a token, or for a recurring agreement alone."""
    method = body.paymentMethod
    card = method.card
    info = method.card_info(decrypt)
    holder = info.holderName if info else None
    if card is not None and card.tokenize:
        reference = card.userReference or user.reference
        if reference is None:
            raise MissingConditionalField(field="paymentMethod.card.userReference")
        if card.vaultID is None:
            raise MissingConditionalField(field="paymentMethod.card.vaultID")
        return KeepCard(reference, card.vaultID, holder, user.email, user.locale)
    if method.recurringProcessingModel is None:
        return None
    # A customer that the merchant does not name is this agreement's alone.
    reference = user.reference or body.merchantTransInfo.merchantTransID
    return KeepCard(reference, None, holder, gateway_token=False, network_token=False)


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
    body = validated(ChangeBody, raw)
    amount = body.transAmount.money() if body.transAmount else None
    if amount is not None and amount.minor == 0:
        raise InvalidValue("must be more than zero", field="transAmount.value")
    return ChangePayment(
        trans_id=body.merchantTransInfo.merchantTransID,
        trans_time=body.merchantTransInfo.merchantTransTime,
        payment_trans_id=payment_trans_id,
        amount=amount,
        initiating_reason=body.initiatingReason,
        metadata=body.metadata,
        webhook=body.webhook,
    )


def additional_info(request: Request) -> AdditionalInfo:
    """PUT payment; raises AuthenticationUnsupported, MissingConditionalField and the errors of
    fields."""
    body = validated(AdditionalInfoBody, request.body())
    given = body.authentication
    if given is None:
        raise MissingField(field="authentication")
    given.mode()
    data = given.threeDS.redirectData if given.threeDS else None
    if data is None:
        raise MissingConditionalField(field="authentication.threeDS.redirectData")
    completed = data.threeDSCompInd
    finished = data.threeDSFinished == "Y" or data.cres is not None
    if completed is None and not finished:
        raise MissingConditionalField(field="authentication.threeDS.redirectData.threeDSFinished")
    browser = given.browserInfo.read(None) if given.browserInfo else None
    return AdditionalInfo(browser, completed, finished, body.metadata)


def transaction_id(request: Request) -> str:
    """The query's merchantTransID; raises MissingField or InvalidValue."""
    return query_text(request, "merchantTransID", 64)


def query_text(request: Request, name: str, limit: int) -> str:
    """A query parameter given exactly once; raises MissingField or InvalidValue."""
    given = request.parameter(name)
    if not given:
        raise MissingField(f"the query needs one {name}", field=name)
    if len(given.encode("utf-8", "surrogatepass")) > limit:
        raise InvalidValue(f"at most {limit} bytes", field=name)
    return given

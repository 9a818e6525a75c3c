"""paymentMethod and cryptogram requests (contract, sections 2.11 to 2.14), and payouts (2.15)."""

from __future__ import annotations

from datetime import date

from pydantic import StrictBool

from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas.authentication import AuthenticationBody, authenticate
from tidegate.api.evocloud.schemas.context import (
    Context,
    TradeInfo,
    TransInitiator,
    UserInfo,
)
from tidegate.api.evocloud.schemas.fields import (
    S64,
    Currency,
    Metadata,
    ReturnUrl,
    Url,
    WireModel,
)
from tidegate.api.evocloud.schemas.payment_method import (
    Decrypt,
    PaymentMethod,
    normalised_expiry,
)
from tidegate.api.evocloud.schemas.transaction import MerchantTransInfo, TransAmount
from tidegate.api.evocloud.schemas.validation import validated
from tidegate.domain.errors import (
    FunctionUnsupported,
    InvalidValue,
    MissingConditionalField,
    MissingField,
    OperationUnsupported,
)
from tidegate.domain.money import Money
from tidegate.domain.store import Store
from tidegate.domain.tokens import TokenStatus
from tidegate.domain.transitions import Operation
from tidegate.services.card_tokens import CardChange
from tidegate.services.commands import CreatePayment, KeepCard, MakeCryptogram

_VAULT = "paymentMethod.card.vaultID"


class CurrencyOnly(WireModel):
    """``transAmount`` of a tokenization: nothing is charged."""

    currency: Currency


class TokenizeBody(Context):
    """POST paymentMethod."""

    merchantTransInfo: MerchantTransInfo
    paymentMethod: PaymentMethod
    transInitiator: TransInitiator
    transAmount: CurrencyOnly | None = None
    networkTokenOnly: StrictBool | None = None
    allowAuthentication: StrictBool | None = None
    authentication: AuthenticationBody | None = None
    returnURL: ReturnUrl | None = None
    webhook: Url | None = None
    metadata: Metadata | None = None


class ChangeTokenBody(WireModel):
    """PUT paymentMethod?token=…"""

    paymentMethod: PaymentMethod | None = None
    userInfo: UserInfo | None = None
    metadata: Metadata | None = None


class DeleteTokenBody(WireModel):
    """DELETE paymentMethod; it may be left out."""

    initiatingReason: S64 | None = None
    metadata: Metadata | None = None


class CryptogramBody(WireModel):
    """POST cryptogram."""

    merchantTransInfo: MerchantTransInfo
    paymentMethod: PaymentMethod
    webhook: Url | None = None
    metadata: Metadata | None = None


class PayoutBody(Context):
    """POST payout."""

    merchantTransInfo: MerchantTransInfo
    transAmount: TransAmount
    paymentMethod: PaymentMethod
    transInitiator: TransInitiator
    webhook: Url | None = None
    metadata: Metadata | None = None


def tokenize(request: Request, store: Store, today: date, decrypt: Decrypt) -> CreatePayment:
    """POST paymentMethod as a command: a zero-amount check that keeps the card."""
    body = validated(TokenizeBody, request.body())
    method, user = body.paymentMethod, body.userInfo or UserInfo()
    if method.kind() == "e-wallet":
        raise FunctionUnsupported("no wallet here makes tokens", field="paymentMethod.type")
    if method.kind() != "card":
        raise OperationUnsupported("only cards are tokenized here", field="paymentMethod.type")
    card = method.require_card(today, decrypt)
    given = method.card
    reference = user.reference or (given.userReference if given else None)
    if reference is None:
        raise MissingConditionalField(field="userInfo.reference")
    if given is None or given.vaultID is None:
        raise MissingConditionalField(field=_VAULT)
    network_only = bool(body.networkTokenOnly)
    if network_only:
        for name in ("email", "locale"):
            if getattr(user, name) is None:
                raise MissingConditionalField(field=f"userInfo.{name}")
    info = method.card_info(decrypt)
    currency = body.transAmount.currency if body.transAmount else store.currencies[0]
    return CreatePayment(
        trans_id=body.merchantTransInfo.merchantTransID,
        trans_time=body.merchantTransInfo.merchantTransTime,
        amount=Money(0, currency),
        means=card,
        intent=Operation.TOKENIZE,
        order_reference=body.merchantTransInfo.merchantOrderReference,
        platform=body.transInitiator.platform,
        metadata=body.metadata,
        webhook=body.webhook,
        return_url=body.returnURL,
        authenticate=authenticate(body.authentication, body.allowAuthentication, None),
        keep=KeepCard(
            reference,
            given.vaultID,
            info.holderName if info else None,
            user.email,
            user.locale,
            gateway_token=not network_only,
        ),
        user_reference=reference,
        mcc=body.mcc(),
    )


def change_token(request: Request, today: date, decrypt: Decrypt) -> CardChange:
    """PUT paymentMethod?token=…; raises MissingField where nothing is to be changed.

    A CVC is checked for its form and then forgotten: it is never kept.
    """
    body = validated(ChangeTokenBody, request.body())
    method, user = body.paymentMethod, body.userInfo or UserInfo()
    info = method.card_info(decrypt) if method else None
    expiry = None
    if info is not None and info.expiryDate is not None:
        expiry = normalised_expiry(info.expiryDate, today)
    status = method.token.status if method and method.token else None
    change = CardChange(
        expiry=expiry,
        status=TokenStatus(status) if status else None,
        metadata=body.metadata,
        email=user.email,
        locale=user.locale,
        user_reference=user.reference,
    )
    if change == CardChange() and (info is None or info.cvc is None):
        raise MissingField("nothing is to be changed", field="paymentMethod")
    return change


def token_to_delete(request: Request) -> tuple[str, bool]:
    """(token or network token id, whether it is the latter); raises MissingField,
    InvalidValue."""
    for name in ("token", "networkTokenID"):
        value = request.parameter(name)
        if value:
            if len(value.encode("utf-8", "surrogatepass")) > 64:
                raise InvalidValue("at most 64 bytes", field=name)
            if request.raw:
                validated(DeleteTokenBody, request.body())
            return value, name == "networkTokenID"
    raise MissingField("the query needs token or networkTokenID", field="token")


def cryptogram(request: Request) -> MakeCryptogram:
    """POST cryptogram; the query is a hint only, the token's id decides."""
    body = validated(CryptogramBody, request.body())
    method = body.paymentMethod
    if method.kind() != "networkToken":
        raise InvalidValue("must be networkToken", field="paymentMethod.type")
    token_id = method.networkToken.tokenID if method.networkToken else None
    if token_id is None:
        raise MissingField(field="paymentMethod.networkToken.tokenID")
    return MakeCryptogram(
        body.merchantTransInfo.merchantTransID,
        body.merchantTransInfo.merchantTransTime,
        token_id,
        body.webhook,
        body.metadata,
    )


def payout(request: Request, today: date, decrypt: Decrypt) -> CreatePayment:
    """POST payout as a command; raises MissingField, InvalidValue, OperationUnsupported."""
    body = validated(PayoutBody, request.body())
    _check_trade(body.tradeInfo)
    if body.paymentMethod.kind() != "card":
        raise OperationUnsupported("payouts go to cards", field="paymentMethod.type")
    amount = body.transAmount.money()
    if amount.minor == 0:
        raise InvalidValue("must be more than zero", field="transAmount.value")
    return CreatePayment(
        trans_id=body.merchantTransInfo.merchantTransID,
        trans_time=body.merchantTransInfo.merchantTransTime,
        amount=amount,
        means=body.paymentMethod.payout_card(today, decrypt),
        intent=Operation.PAYOUT,
        order_reference=body.merchantTransInfo.merchantOrderReference,
        platform=body.transInitiator.platform,
        metadata=body.metadata,
        webhook=body.webhook,
        mcc=body.mcc(),
    )


def _check_trade(trade: TradeInfo | None) -> None:
    """Card payouts are original credits and nothing else."""
    given = trade or TradeInfo()
    for name, needed in (("tradeType", "Funds_Disbursement"), ("purposeOfPayment", "OCT")):
        value = getattr(given, name)
        if value is None:
            raise MissingField(field=f"tradeInfo.{name}")
        if value != needed:
            raise InvalidValue(f"must be {needed}", field=f"tradeInfo.{name}")

"""FXRateInquiry: the request for a quote, and the pair that a daily rate is asked for."""

from __future__ import annotations

from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas.fields import Currency, Metadata, WireModel
from tidegate.api.evocloud.schemas.transaction import MerchantTransInfo, TransAmount
from tidegate.api.evocloud.schemas.validation import validated
from tidegate.domain.errors import (
    CurrencyUnsupported,
    InapplicableValue,
    InvalidValue,
)
from tidegate.domain.fx import Inquiry
from tidegate.domain.money import CURRENCIES, Money


class LocalAmount(TransAmount):
    """The price in the merchant's currency."""

    def money(self) -> Money:
        """As integers; raises CurrencyUnsupported, InvalidFormat, InvalidValue."""
        if self.value.startswith("-"):
            raise InvalidValue("localAmount.value must be above zero", field="localAmount.value")
        money = Money.parse(self.value, self.currency, field="localAmount")
        if money.minor == 0:
            raise InvalidValue("localAmount.value must be above zero", field="localAmount.value")
        return money


class PayerCurrency(WireModel):
    """What the payer pays in; the value is what is asked for, so one that is given is ignored."""

    currency: Currency


class InquiryBody(WireModel):
    """POST FXRateInquiry."""

    merchantTransInfo: MerchantTransInfo
    transAmount: PayerCurrency
    localAmount: LocalAmount
    metadata: Metadata | None = None


class Pair(WireModel):
    """The query of GET FXRateInquiry."""

    baseCurrency: Currency
    quoteCurrency: Currency


def inquiry(request: Request) -> Inquiry:
    """POST FXRateInquiry as a command; raises the errors of the contract, each naming its field."""
    body = validated(InquiryBody, request.body())
    local, currency = body.localAmount.money(), body.transAmount.currency
    _check_pair(local.currency, currency, "localAmount.currency", "transAmount.currency")
    return Inquiry(
        trans_id=body.merchantTransInfo.merchantTransID,
        trans_time=body.merchantTransInfo.merchantTransTime,
        local=local,
        currency=currency,
        metadata=body.metadata,
    )


def pair(request: Request) -> tuple[str, str]:
    """Base and quote currency of GET FXRateInquiry; raises the errors of the contract."""
    given = {name: request.parameter(name) for name in ("baseCurrency", "quoteCurrency")}
    asked = validated(Pair, given)
    _check_pair(asked.baseCurrency, asked.quoteCurrency, "baseCurrency", "quoteCurrency")
    return asked.baseCurrency, asked.quoteCurrency


def _check_pair(base: str, quote: str, base_field: str, quote_field: str) -> None:
    for currency, field in ((base, base_field), (quote, quote_field)):
        if currency not in CURRENCIES:
            raise CurrencyUnsupported(f"{currency} is no ISO 4217 currency", field=field)
    if base == quote:
        raise InapplicableValue(f"{quote_field} must differ from {base_field}", field=quote_field)

"""Foreign exchange joined to its adapters."""

from __future__ import annotations

from functools import cache

from tidegate.adapters.dynamodb.fx import DynamoQuotes, DynamoRates
from tidegate.ports_fx import Quotes, Rates
from tidegate.runtime import bootstrap
from tidegate.services.quote_fx_rate import QuoteFxRate
from tidegate.services.use_quote import UseQuote


@cache
def rates() -> Rates:
    return DynamoRates(bootstrap.settings().table)


@cache
def quotes() -> Quotes:
    return DynamoQuotes(bootstrap.settings().table)


@cache
def quote_fx_rate() -> QuoteFxRate:
    return QuoteFxRate(rates(), quotes(), bootstrap.clock(), bootstrap.ids())


@cache
def use_quote() -> UseQuote:
    return UseQuote(quotes(), bootstrap.clock())

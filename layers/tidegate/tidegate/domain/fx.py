"""Exchange rates, and the quotes that are made of them.

Rates are ``Decimal``, money stays integers in minor units; an amount is rounded once, when it is
converted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal

from tidegate.domain.errors import InvalidValue, RateUnknown
from tidegate.domain.money import CURRENCIES, MAX_VALUE_BYTES, Money

SIGNIFICANT_DIGITS = 10
QUOTE_S = 30 * 60

_RATES = Context(prec=SIGNIFICANT_DIGITS, rounding=ROUND_HALF_UP)
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)  # a product of an amount and a rate fits whole


@dataclass(frozen=True, slots=True)
class Rate:
    """How many major units of ``quote`` one major unit of ``base`` is worth."""

    base: str
    quote: str
    value: Decimal
    date: date
    source: str

    @property
    def text(self) -> str:
        """The value as plain decimal text, without an exponent."""
        return format(self.value.normalize(_EXACT), "f")


@dataclass(frozen=True, slots=True)
class RateSheet:
    """What one source says of one day: the worth of one unit of ``base`` in other currencies."""

    base: str
    date: date
    source: str
    quotes: Mapping[str, Decimal]
    loaded_at: int = 0
    """Unix seconds; decides between two sources of the same day."""

    def worth(self, currency: str) -> Decimal | None:
        """Units of ``currency`` per unit of the base; None if the source does not know it."""
        return Decimal(1) if currency == self.base else self.quotes.get(currency)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """POST FXRateInquiry: what a price in ``local`` costs a payer in ``currency``."""

    trans_id: str
    trans_time: str
    local: Money
    currency: str
    metadata: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A price that holds until ``expires_at``, under the merchantTransID of its inquiry."""

    sid: str
    trans_id: str
    trans_time: str
    local: Money
    amount: Money
    """What the payer pays."""
    rate: Rate
    created_at: int
    expires_at: int
    """Unix seconds; from then on no payment can use it."""
    nonce: str
    metadata: str | None = None


def find_rate(sheets: Sequence[RateSheet], base: str, quote: str) -> Rate:
    """The rate of a pair; raises RateUnknown.

    One sheet that knows both currencies goes before two that know one each, because its numbers
    belong together; among the former the newest day wins, then what was loaded last. A rate from
    two sheets has both sources and the older date.
    """
    newest = sorted(sheets, key=lambda sheet: (sheet.date, sheet.loaded_at), reverse=True)
    for sheet in newest:
        if sheet.worth(base) is not None and sheet.worth(quote) is not None:
            return _cross(sheet, sheet, base, quote)
    for table_base in sorted({sheet.base for sheet in newest}):
        of_base = [sheet for sheet in newest if sheet.base == table_base]
        left = next((sheet for sheet in of_base if sheet.worth(base) is not None), None)
        right = next((sheet for sheet in of_base if sheet.worth(quote) is not None), None)
        if left is not None and right is not None:
            return _cross(left, right, base, quote)
    raise RateUnknown(f"there is no rate from {base} to {quote}")


def convert(money: Money, rate: Rate) -> Money:
    """The amount in the rate's quote currency, half-up to its minor unit.

    Raises InvalidValue for a result that is zero or wider than an amount on the wire.
    """
    if money.currency != rate.base:
        raise ValueError(f"a rate from {rate.base} does not convert {money.currency}")
    shift = CURRENCIES[rate.quote].exponent - CURRENCIES[rate.base].exponent
    exact = _EXACT.multiply(Decimal(money.minor), rate.value).scaleb(shift, _EXACT)
    converted = Money(int(exact.to_integral_value(ROUND_HALF_UP, _EXACT)), rate.quote)
    if converted.minor == 0:
        raise InvalidValue(f"{money} is less than the smallest amount in {rate.quote}")
    if len(converted.value) > MAX_VALUE_BYTES:
        raise InvalidValue(f"{money} is too large an amount in {rate.quote}")
    return converted


def _cross(left: RateSheet, right: RateSheet, base: str, quote: str) -> Rate:
    per_base, per_quote = left.worth(base), right.worth(quote)
    assert per_base is not None
    assert per_quote is not None
    source = left.source if left.source == right.source else f"{left.source}+{right.source}"
    value = _RATES.divide(per_quote, per_base)
    return Rate(base, quote, value, min(left.date, right.date), source)

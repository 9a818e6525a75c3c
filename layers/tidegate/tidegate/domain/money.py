"""Money as integers in minor units.

Amounts are strings in major units on the wire (``"12.30"``) and integers everywhere else. Exponents
and numeric codes come from ISO 4217; ``Decimal`` is for rates only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from tidegate.domain.currencies import CURRENCIES
from tidegate.domain.errors import CurrencyUnsupported, InvalidAmount, InvalidFormat

MAX_VALUE_BYTES = 12  # the contract's S(12); also the width of DE 4
_VALUE = re.compile(r"(?a:\d{1,12})(?:\.(?a:(\d+)))?\Z")


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount: ``minor`` units (cents, yen, fils) of an ISO 4217 ``currency``. Never negative
    on the wire."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, value: str, currency: str, *, field: str = "transAmount") -> Money:
        """Read a wire amount in major units.

        Raises CurrencyUnsupported for a code that ISO 4217 does not know, InvalidFormat for text
        that is no
        decimal number, InvalidAmount for more decimals than the currency has.
        """
        if currency not in CURRENCIES:
            raise CurrencyUnsupported(
                f"{currency!r} is no ISO 4217 currency", field=f"{field}.currency"
            )
        match = _VALUE.match(value) if len(value) <= MAX_VALUE_BYTES else None
        if match is None:
            raise InvalidFormat(
                f"{field}.value must be a decimal number of at most {MAX_VALUE_BYTES} characters",
                field=f"{field}.value",
            )
        exponent = CURRENCIES[currency].exponent
        whole, _, decimals = value.partition(".")
        if len(decimals) > exponent:
            raise InvalidAmount(
                f"{currency} has {exponent} decimals, {field}.value has {len(decimals)}",
                field=f"{field}.value",
            )
        minor = int(whole + decimals.ljust(exponent, "0"))
        if minor >= 10**12:
            raise InvalidAmount(f"{field}.value is too large", field=f"{field}.value")
        return cls(minor, currency)

    @property
    def value(self) -> str:
        """The amount in major units, as written on the wire."""
        exponent = CURRENCIES[self.currency].exponent
        sign, digits = ("-", -self.minor) if self.minor < 0 else ("", self.minor)
        if exponent == 0:
            return f"{sign}{digits}"
        return f"{sign}{digits // 10**exponent}.{digits % 10**exponent:0{exponent}d}"

    @property
    def numeric_currency(self) -> str:
        """The three-digit ISO 4217 code that card networks use (DE 49)."""
        return CURRENCIES[self.currency].numeric

    def __str__(self) -> str:
        return f"{self.currency} {self.value}"


def currency_of_numeric(numeric: str) -> str:
    """The alphabetic code of a three-digit ISO 4217 code; raises CurrencyUnsupported."""
    try:
        return _BY_NUMERIC[numeric]
    except KeyError:
        raise CurrencyUnsupported(f"{numeric!r} is no ISO 4217 number") from None


def share(minor: int, rate: Decimal) -> int:
    """``minor`` times ``rate``, rounded half-up to the minor unit; the one place where money is
    rounded."""
    return int((Decimal(minor) * rate).quantize(Decimal(1), rounding=ROUND_HALF_UP))


_BY_NUMERIC = {entry.numeric: code for code, entry in CURRENCIES.items()}

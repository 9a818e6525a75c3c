"""Money as integers in minor units.

Amounts are strings in major units on the wire (``"12.30"``) and integers everywhere else. Exponents
and numeric codes come from ISO 4217; ``Decimal`` is for rates only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from tidegate.domain.errors import CurrencyUnsupported, InvalidAmount, InvalidFormat

MAX_VALUE_BYTES = 12  # the contract's S(12); also the width of DE 4
_VALUE = re.compile(r"(?a:\d{1,12})(?:\.(?a:(\d+)))?\Z")


class Currency(NamedTuple):
    """A currency's three-digit number and how many decimals its major unit has."""

    numeric: str
    exponent: int


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


# In code rather than from a package: it is read on every payment, and history needs codes that the
# current list drops. Generated once from the ISO 4217 list of 2026-01-01.
CURRENCIES: dict[str, Currency] = {
    "AED": Currency("784", 2),
    "AFN": Currency("971", 2),
    "ALL": Currency("008", 2),
    "AMD": Currency("051", 2),
    "AOA": Currency("973", 2),
    "ARS": Currency("032", 2),
    "AUD": Currency("036", 2),
    "AWG": Currency("533", 2),
    "AZN": Currency("944", 2),
    "BAM": Currency("977", 2),
    "BBD": Currency("052", 2),
    "BDT": Currency("050", 2),
    "BHD": Currency("048", 3),
    "BIF": Currency("108", 0),
    "BMD": Currency("060", 2),
    "BND": Currency("096", 2),
    "BOB": Currency("068", 2),
    "BOV": Currency("984", 2),
    "BRL": Currency("986", 2),
    "BSD": Currency("044", 2),
    "BTN": Currency("064", 2),
    "BWP": Currency("072", 2),
    "BYN": Currency("933", 2),
    "BZD": Currency("084", 2),
    "CAD": Currency("124", 2),
    "CDF": Currency("976", 2),
    "CHE": Currency("947", 2),
    "CHF": Currency("756", 2),
    "CHW": Currency("948", 2),
    "CLF": Currency("990", 4),
    "CLP": Currency("152", 0),
    "CNY": Currency("156", 2),
    "COP": Currency("170", 2),
    "COU": Currency("970", 2),
    "CRC": Currency("188", 2),
    "CUP": Currency("192", 2),
    "CVE": Currency("132", 2),
    "CZK": Currency("203", 2),
    "DJF": Currency("262", 0),
    "DKK": Currency("208", 2),
    "DOP": Currency("214", 2),
    "DZD": Currency("012", 2),
    "EGP": Currency("818", 2),
    "ERN": Currency("232", 2),
    "ETB": Currency("230", 2),
    "EUR": Currency("978", 2),
    "FJD": Currency("242", 2),
    "FKP": Currency("238", 2),
    "GBP": Currency("826", 2),
    "GEL": Currency("981", 2),
    "GHS": Currency("936", 2),
    "GIP": Currency("292", 2),
    "GMD": Currency("270", 2),
    "GNF": Currency("324", 0),
    "GTQ": Currency("320", 2),
    "GYD": Currency("328", 2),
    "HKD": Currency("344", 2),
    "HNL": Currency("340", 2),
    "HTG": Currency("332", 2),
    "HUF": Currency("348", 2),
    "IDR": Currency("360", 2),
    "ILS": Currency("376", 2),
    "INR": Currency("356", 2),
    "IQD": Currency("368", 3),
    "IRR": Currency("364", 2),
    "ISK": Currency("352", 0),
    "JMD": Currency("388", 2),
    "JOD": Currency("400", 3),
    "JPY": Currency("392", 0),
    "KES": Currency("404", 2),
    "KGS": Currency("417", 2),
    "KHR": Currency("116", 2),
    "KMF": Currency("174", 0),
    "KPW": Currency("408", 2),
    "KRW": Currency("410", 0),
    "KWD": Currency("414", 3),
    "KYD": Currency("136", 2),
    "KZT": Currency("398", 2),
    "LAK": Currency("418", 2),
    "LBP": Currency("422", 2),
    "LKR": Currency("144", 2),
    "LRD": Currency("430", 2),
    "LSL": Currency("426", 2),
    "LYD": Currency("434", 3),
    "MAD": Currency("504", 2),
    "MDL": Currency("498", 2),
    "MGA": Currency("969", 2),
    "MKD": Currency("807", 2),
    "MMK": Currency("104", 2),
    "MNT": Currency("496", 2),
    "MOP": Currency("446", 2),
    "MRU": Currency("929", 2),
    "MUR": Currency("480", 2),
    "MVR": Currency("462", 2),
    "MWK": Currency("454", 2),
    "MXN": Currency("484", 2),
    "MXV": Currency("979", 2),
    "MYR": Currency("458", 2),
    "MZN": Currency("943", 2),
    "NAD": Currency("516", 2),
    "NGN": Currency("566", 2),
    "NIO": Currency("558", 2),
    "NOK": Currency("578", 2),
    "NPR": Currency("524", 2),
    "NZD": Currency("554", 2),
    "OMR": Currency("512", 3),
    "PAB": Currency("590", 2),
    "PEN": Currency("604", 2),
    "PGK": Currency("598", 2),
    "PHP": Currency("608", 2),
    "PKR": Currency("586", 2),
    "PLN": Currency("985", 2),
    "PYG": Currency("600", 0),
    "QAR": Currency("634", 2),
    "RON": Currency("946", 2),
    "RSD": Currency("941", 2),
    "RUB": Currency("643", 2),
    "RWF": Currency("646", 0),
    "SAR": Currency("682", 2),
    "SBD": Currency("090", 2),
    "SCR": Currency("690", 2),
    "SDG": Currency("938", 2),
    "SEK": Currency("752", 2),
    "SGD": Currency("702", 2),
    "SHP": Currency("654", 2),
    "SLE": Currency("925", 2),
    "SOS": Currency("706", 2),
    "SRD": Currency("968", 2),
    "SSP": Currency("728", 2),
    "STN": Currency("930", 2),
    "SVC": Currency("222", 2),
    "SYP": Currency("760", 2),
    "SZL": Currency("748", 2),
    "THB": Currency("764", 2),
    "TJS": Currency("972", 2),
    "TMT": Currency("934", 2),
    "TND": Currency("788", 3),
    "TOP": Currency("776", 2),
    "TRY": Currency("949", 2),
    "TTD": Currency("780", 2),
    "TWD": Currency("901", 2),
    "TZS": Currency("834", 2),
    "UAH": Currency("980", 2),
    "UGX": Currency("800", 0),
    "USD": Currency("840", 2),
    "USN": Currency("997", 2),
    "UYI": Currency("940", 0),
    "UYU": Currency("858", 2),
    "UYW": Currency("927", 4),
    "UZS": Currency("860", 2),
    "VED": Currency("926", 2),
    "VES": Currency("928", 2),
    "VND": Currency("704", 0),
    "VUV": Currency("548", 0),
    "WST": Currency("882", 2),
    "XAD": Currency("396", 2),
    "XAF": Currency("950", 0),
    "XCD": Currency("951", 2),
    "XCG": Currency("532", 2),
    "XOF": Currency("952", 0),
    "XPF": Currency("953", 0),
    "YER": Currency("886", 2),
    "ZAR": Currency("710", 2),
    "ZMW": Currency("967", 2),
    "ZWG": Currency("924", 2),
    # Withdrawn, kept so that old payments stay readable.
    "HRK": Currency("191", 2),
    "ZWL": Currency("932", 2),
    "SLL": Currency("694", 2),
    "BGN": Currency("975", 2),
    "CUC": Currency("931", 2),
}
_BY_NUMERIC = {entry.numeric: code for code, entry in CURRENCIES.items()}

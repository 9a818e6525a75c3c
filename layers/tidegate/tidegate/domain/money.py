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


_BY_DECIMALS = {
    0: """
        BIF-108 CLP-152 DJF-262 GNF-324 ISK-352 JPY-392 KMF-174 KRW-410 PYG-600 RWF-646 UGX-800
        UYI-940 VND-704 VUV-548 XAF-950 XOF-952 XPF-953
    """,
    2: """
        AED-784 AFN-971 ALL-008 AMD-051 AOA-973 ARS-032 AUD-036 AWG-533 AZN-944 BAM-977 BBD-052
        BDT-050 BMD-060 BND-096 BOB-068 BOV-984 BRL-986 BSD-044 BTN-064 BWP-072 BYN-933 BZD-084
        CAD-124 CDF-976 CHE-947 CHF-756 CHW-948 CNY-156 COP-170 COU-970 CRC-188 CUP-192 CVE-132
        CZK-203 DKK-208 DOP-214 DZD-012 EGP-818 ERN-232 ETB-230 EUR-978 FJD-242 FKP-238 GBP-826
        GEL-981 GHS-936 GIP-292 GMD-270 GTQ-320 GYD-328 HKD-344 HNL-340 HTG-332 HUF-348 IDR-360
        ILS-376 INR-356 IRR-364 JMD-388 KES-404 KGS-417 KHR-116 KPW-408 KYD-136 KZT-398 LAK-418
        LBP-422 LKR-144 LRD-430 LSL-426 MAD-504 MDL-498 MGA-969 MKD-807 MMK-104 MNT-496 MOP-446
        MRU-929 MUR-480 MVR-462 MWK-454 MXN-484 MXV-979 MYR-458 MZN-943 NAD-516 NGN-566 NIO-558
        NOK-578 NPR-524 NZD-554 PAB-590 PEN-604 PGK-598 PHP-608 PKR-586 PLN-985 QAR-634 RON-946
        RSD-941 RUB-643 SAR-682 SBD-090 SCR-690 SDG-938 SEK-752 SGD-702 SHP-654 SLE-925 SOS-706
        SRD-968 SSP-728 STN-930 SVC-222 SYP-760 SZL-748 THB-764 TJS-972 TMT-934 TOP-776 TRY-949
        TTD-780 TWD-901 TZS-834 UAH-980 USD-840 USN-997 UYU-858 UZS-860 VED-926 VES-928 WST-882
        XAD-396 XCD-951 XCG-532 YER-886 ZAR-710 ZMW-967 ZWG-924
    """,
    3: """
        BHD-048 IQD-368 JOD-400 KWD-414 LYD-434 OMR-512 TND-788
    """,
    4: """
        CLF-990 UYW-927
    """,
}
_WITHDRAWN = {2: "BGN-975 CUC-931 HRK-191 SLL-694 ZWL-932"}
"""Kept so that old payments stay readable."""
CURRENCIES = {
    code: Currency(number, exponent)
    for table in (_BY_DECIMALS, _WITHDRAWN)
    for exponent, codes in table.items()
    for code, _, number in (one.partition("-") for one in codes.split())
}
"""ISO 4217 currencies that have a minor unit, by code.

In code rather than from a package: they are read on every payment, and history needs codes that the
current list drops. Generated once from the ISO 4217 list of 2026-01-01.
"""
_BY_NUMERIC = {entry.numeric: code for code, entry in CURRENCIES.items()}

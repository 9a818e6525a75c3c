"""Money as integers: what is read from the wire is written to it, and nothing is rounded twice."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.errors import CurrencyUnsupported, InvalidFormat, InvalidValue
from tidegate.domain.fees import FeePlan, Rate
from tidegate.domain.money import CURRENCIES, Money, currency_of_numeric, share


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [
        ("12.30", "HKD", 1230),
        ("12.3", "HKD", 1230),
        ("5", "USD", 500),
        ("1500", "JPY", 1500),
        ("1.234", "KWD", 1234),
        ("0", "USD", 0),
        ("0.00", "USD", 0),
        ("0.01", "USD", 1),
        ("9999999999", "USD", 999_999_999_900),
    ],
)
def test_reads_major_units(value: str, currency: str, minor: int) -> None:
    assert Money.parse(value, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("value", "currency", "error"),
    [
        ("", "USD", InvalidFormat),
        ("-1", "USD", InvalidFormat),
        ("+1", "USD", InvalidFormat),
        ("1,00", "USD", InvalidFormat),
        (".5", "USD", InvalidFormat),
        ("5.", "USD", InvalidFormat),
        ("1e3", "USD", InvalidFormat),
        (" 1", "USD", InvalidFormat),
        ("1\n", "USD", InvalidFormat),
        ("１２", "USD", InvalidFormat),
        ("1234567890123", "USD", InvalidFormat),
        ("1.234", "USD", InvalidValue),
        ("1.0", "JPY", InvalidValue),
        ("999999999999", "USD", InvalidValue),
        ("1", "XXX", CurrencyUnsupported),
        ("1", "usd", CurrencyUnsupported),
    ],
)
def test_refuses_what_is_no_amount(value: str, currency: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        Money.parse(value, currency)


@given(st.integers(0, 10**10 - 1), st.sampled_from(sorted(CURRENCIES)))
def test_what_is_written_is_read_again(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.parse(money.value, currency) == money


@pytest.mark.parametrize(
    ("minor", "rate", "expected"),
    [
        (100, "0.005", 1),
        (50, "0.01", 1),
        (49, "0.01", 0),
        (-50, "0.01", -1),
        (10_000, "0.018", 180),
    ],
)
def test_shares_round_half_up(minor: int, rate: str, expected: int) -> None:
    assert share(minor, Decimal(rate)) == expected


def test_numeric_codes_are_unique() -> None:
    assert currency_of_numeric("344") == "HKD"
    assert len({entry.numeric for entry in CURRENCIES.values()}) == len(CURRENCIES)
    with pytest.raises(CurrencyUnsupported):
        currency_of_numeric("000")


def test_fees_follow_the_brand_and_never_exceed_the_amount() -> None:
    plan = FeePlan(3, Rate(Decimal("2.0"), 30), (("Visa", Rate(Decimal("1.5"))),), 25)
    assert plan.capture_fee_minor("Visa", Money(10_010, "USD")) == 150
    assert plan.capture_fee_minor("Mastercard", Money(10_000, "USD")) == 230
    assert plan.capture_fee_minor("Mastercard", Money(20, "USD")) == 20
    assert plan.refund_fee_minor() == 25

"""Cross rates and conversion: exact, half-up, never a float."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fx_memory import ONE_DAY
from tidegate.domain.errors import InvalidValue, RateUnknown
from tidegate.domain.fx import Rate, RateSheet, convert, find_rate
from tidegate.domain.money import CURRENCIES, Money

DAY = date(2025, 3, 4)
OTHER = RateSheet("EUR", date(2025, 3, 3), "BOT", {"TWD": Decimal("35.5")})
CURRENCY = st.sampled_from(["USD", "HKD", "JPY", "KRW", "KWD", "BHD", "EUR", "CLF"])
VALUE = st.decimals("0.0000000001", "9999999999", places=10)


def rate(base: str, quote: str, value: str) -> Rate:
    return Rate(base, quote, Decimal(value), DAY, "test")


@given(st.integers(1, 10**12 - 1), CURRENCY, CURRENCY, VALUE)
def test_a_conversion_is_the_nearest_minor_unit_and_a_half_goes_up(
    minor: int, base: str, quote: str, value: Decimal
) -> None:
    places = 10 ** CURRENCIES[quote].exponent
    exact = Fraction(minor, 10 ** CURRENCIES[base].exponent) * Fraction(value) * places
    expected = (exact + Fraction(1, 2)) // 1
    try:
        converted = convert(Money(minor, base), Rate(base, quote, value, DAY, "test"))
    except InvalidValue:
        assert expected == 0 or len(Money(int(expected), quote).value) > 12
    else:
        assert converted == Money(int(expected), quote)
        assert type(converted.minor) is int


@given(st.decimals("0.0001", "99999", places=6), st.decimals("0.0001", "99999", places=6))
def test_a_cross_rate_is_right_to_ten_digits(left: Decimal, right: Decimal) -> None:
    sheet = replace(ONE_DAY, quotes={"USD": left, "HKD": right})
    value = find_rate([sheet], "USD", "HKD").value
    assert abs(Fraction(value) / (Fraction(right) / Fraction(left)) - 1) <= Fraction(1, 2 * 10**9)
    assert len(value.as_tuple().digits) <= 10


@given(VALUE)
def test_a_rate_is_written_plainly_and_read_back(value: Decimal) -> None:
    text = Rate("USD", "HKD", value, DAY, "test").text
    assert set(text) <= set("0123456789.")
    assert Decimal(text) == value


@pytest.mark.parametrize(
    ("price", "quoted", "value"),
    [
        (Money(78000, "HKD"), Money(10036, "USD"), "0.128667"),  # the contract's sample
        (Money(100, "USD"), Money(157, "JPY"), "157.25"),
        (Money(2, "USD"), Money(3, "JPY"), "125"),  # 2.5 yen
        (Money(1, "JPY"), Money(2, "KWD"), "0.0021"),
        (Money(1000, "KWD"), Money(326, "USD"), "3.26"),
        (Money(1, "KWD"), Money(1, "USD"), "5"),  # half a cent
    ],
)
def test_exponents_of_both_sides_count(price: Money, quoted: Money, value: str) -> None:
    assert convert(price, rate(price.currency, quoted.currency, value)) == quoted


@pytest.mark.parametrize(
    ("value", "text"), [("1E+2", "100"), ("1E-7", "0.0000001"), ("136.0", "136")]
)
def test_no_exponent_is_ever_sent(value: str, text: str) -> None:
    assert rate("EUR", "ISK", value).text == text


@pytest.mark.parametrize(
    ("minor", "value"), [(1, "0.4"), (10**12 - 1, "100")], ids=["nothing", "too wide"]
)
def test_what_no_payment_could_be_of_is_refused(minor: int, value: str) -> None:
    with pytest.raises(InvalidValue):
        convert(Money(minor, "USD"), rate("USD", "HKD", value))


def test_a_rate_of_another_currency_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="JPY"):
        convert(Money(1, "JPY"), rate("USD", "HKD", "7.8"))


def test_every_direction_over_the_base() -> None:
    found = [find_rate([ONE_DAY], *pair).text for pair in [("EUR", "USD"), ("USD", "EUR")]]
    assert found == ["1.1172", "0.8950948801"]
    crossed = find_rate([ONE_DAY], "USD", "JPY")
    assert (crossed.date, crossed.source, crossed.text) == (DAY, "ECB", "157.2502685")


def test_a_pair_that_one_sheet_knows_goes_before_two_halves() -> None:
    half = replace(ONE_DAY, date=date(2025, 3, 5), source="B", quotes={"USD": Decimal(2)})
    assert find_rate([half, ONE_DAY], "USD", "HKD").source == "ECB"
    assert find_rate([half, ONE_DAY], "EUR", "USD").source == "B"


def test_a_pair_that_no_sheet_knows_alone_has_both_sources_and_the_older_date() -> None:
    found = find_rate([ONE_DAY, OTHER], "HKD", "TWD")
    assert (found.source, found.date) == ("ECB+BOT", date(2025, 3, 3))


def test_of_one_days_sources_the_one_loaded_last_wins() -> None:
    later = replace(ONE_DAY, source="B", quotes={"USD": Decimal(2)}, loaded_at=1)
    assert find_rate([ONE_DAY, later], "EUR", "USD").source == "B"
    assert find_rate([later, replace(ONE_DAY, loaded_at=2)], "EUR", "USD").source == "ECB"


def test_sheets_of_different_bases_are_not_mixed() -> None:
    dollars = RateSheet("USD", DAY, "B", {"VND": Decimal(25500)})
    assert find_rate([ONE_DAY, dollars], "VND", "USD").source == "B"
    with pytest.raises(RateUnknown):
        find_rate([ONE_DAY, dollars], "VND", "HKD")

"""Postings that balance, the calendar that dates them, the numbers and routes of a message."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain import postings
from tidegate.domain.clearing import acquirer_reference_number
from tidegate.domain.errors import BrandUnsupported, CardRangeUnsupported
from tidegate.domain.legs import local_time, open_leg
from tidegate.domain.postings import Line, Posting, Unbalanced
from tidegate.domain.routing import Route, brand_of, luhn_digit, routes_for
from tidegate.domain.settlement import business_date, closes_at

amounts = st.integers(0, 10**12)


@given(amounts, amounts, st.integers(-(10**9), 10**9))
def test_every_posting_balances(gross: int, fee: int, interchange: int) -> None:
    where = {"currency": "HKD", "network": "visa"}
    made = [
        postings.captured("a", sid="S1", gross_minor=gross, fee_minor=fee, **where),
        postings.refunded("b", sid="S1", gross_minor=gross, fee_minor=fee, **where),
        postings.paid_out("c", currency="HKD", sid="S1", net_minor=gross),
        postings.settled_by_network(
            "d", gross_minor=-gross, interchange_minor=interchange, **where
        ),
        postings.held_in_suspense("e", difference_minor=interchange, **where),
    ]
    assert all(sum(line.minor for line in posting.lines) == 0 for posting in made)


def test_a_posting_that_does_not_balance_cannot_be_made() -> None:
    with pytest.raises(Unbalanced):
        Posting("x", "HKD", (Line("a", 1), Line("b", -2)))


def test_a_day_from_capture_to_payout_leaves_the_store_at_zero() -> None:
    where = {"currency": "HKD", "network": "visa"}
    day = [
        postings.captured("1", sid="S1", gross_minor=10_000, fee_minor=280, **where),
        postings.refunded("2", sid="S1", gross_minor=3_000, fee_minor=50, **where),
        postings.paid_out("3", currency="HKD", sid="S1", net_minor=10_000 - 280 - 3_000 - 50),
        postings.settled_by_network("4", gross_minor=7_000, interchange_minor=77, **where),
    ]
    balance: dict[str, int] = {}
    for posting in day:
        for line in posting.lines:
            balance[line.account] = balance.get(line.account, 0) + line.minor
    assert balance["merchant:S1"] == 0
    assert balance["network:visa"] == 0
    assert balance["bank"] + balance["payouts"] + balance["income:mdr"] == -77


def stamp(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-04T14:59:59", date(2026, 3, 4)),  # 22:59:59 in Hong Kong
        ("2026-03-04T15:00:00", date(2026, 3, 5)),  # the cut-off itself is tomorrow's
        ("2026-03-04T16:30:00", date(2026, 3, 5)),  # after local midnight
        ("2026-12-31T15:00:00", date(2027, 1, 1)),
    ],
)
def test_the_cut_off_decides_the_business_date(at: str, expected: date) -> None:
    assert business_date(stamp(at), "Asia/Hong_Kong", time(23, 0)) == expected


def test_a_batch_may_close_after_its_cut_off_and_grace() -> None:
    closing = closes_at(date(2026, 3, 4), "Asia/Hong_Kong", time(23, 0), 900)
    assert closing == stamp("2026-03-04T15:15:00")


def test_summer_time_moves_the_cut_off_with_the_wall_clock() -> None:
    winter = closes_at(date(2026, 3, 28), "Europe/Berlin", time(22, 0), 0)
    summer = closes_at(date(2026, 3, 29), "Europe/Berlin", time(22, 0), 0)
    assert summer - winter == 23 * 3600


def test_a_message_is_numbered_as_the_networks_expect() -> None:
    at = stamp("2025-11-13T09:10:12")
    leg = open_leg(Route("visa", "400001"), "T0241160", 7_004_711, at)
    assert (leg.stan, leg.rrn, leg.transmitted_at) == (4711, "531717004711", "1113091012")
    assert local_time(at, "Asia/Hong_Kong") == "251113171012"


def test_reference_numbers_carry_date_and_check_digit() -> None:
    number = acquirer_reference_number("400001", date(2026, 11, 23), 7_004_711)
    assert number[:22] == "7400001632700007004711"
    assert len(number) == 23
    assert luhn_digit(number[:22]) == number[22]
    assert luhn_digit("476134000000004") == "3"


@pytest.mark.parametrize(
    ("pan", "brand"),
    [
        ("4761340000000043", "Visa"),
        ("5120350100064594", "Mastercard"),
        ("2223001870064586", "Mastercard"),
    ],
)
def test_brands_by_range(pan: str, brand: str) -> None:
    assert brand_of(pan) == brand


@pytest.mark.parametrize("pan", ["6210940000000027", "2220990000000000", "476134000000004"])
def test_other_ranges_are_not_supported(pan: str) -> None:
    with pytest.raises(CardRangeUnsupported):
        brand_of(pan)


def test_a_store_without_a_route_takes_no_payment_of_the_brand() -> None:
    with pytest.raises(BrandUnsupported):
        routes_for("Mastercard", (("Visa", (Route("visa", "400001"),)),))

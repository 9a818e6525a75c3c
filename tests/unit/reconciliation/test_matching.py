"""A network's file against ours: every kind of difference, over several files, with postings that
balance."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.reconciliation import (
    PARTITIONS,
    Matched,
    Ours,
    Summary,
    Theirs,
    match,
    partition_of,
)


def ours(arn: str, minor: int = 1_000, currency: str = "HKD", missed: int = 0) -> Ours:
    return Ours(arn, minor, currency, "S1", f"PAY-{arn}", missed)


def theirs(arn: str, minor: int = 1_000, currency: str = "HKD", interchange: int = 11) -> Theirs:
    return Theirs(arn, minor, currency, interchange)


def results(outcome: Matched) -> dict[str, str]:
    return {line.arn: line.result for line in outcome.lines}


def balances(outcome: Matched) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for posting in outcome.postings:
        for line in posting.lines:
            sums[f"{posting.currency} {line.account}"] += line.minor
    return {name: minor for name, minor in sums.items() if minor}


def test_what_agrees_is_settled_less_interchange() -> None:
    outcome = match("visa", "f1", [theirs("a")], [ours("a")])
    assert results(outcome) == {"a": "matched"}
    assert balances(outcome) == {
        "HKD bank": 989,
        "HKD interchange:visa": 11,
        "HKD network:visa": -1_000,
    }


def test_a_refund_is_settled_the_other_way() -> None:
    outcome = match("visa", "f1", [theirs("a", -1_000, interchange=-11)], [ours("a", -1_000)])
    assert balances(outcome)["HKD network:visa"] == 1_000


def test_another_amount_clears_ours_and_holds_the_difference() -> None:
    outcome = match("visa", "f1", [theirs("a", 1_200)], [ours("a", 1_000)])
    assert results(outcome) == {"a": "amount"}
    assert outcome.lines[0].difference_minor == 200
    assert balances(outcome) == {
        "HKD bank": 1_189,
        "HKD interchange:visa": 11,
        "HKD network:visa": -1_000,
        "HKD suspense:visa": -200,
    }


def test_another_currency_is_held_and_ours_stays_owed() -> None:
    outcome = match("visa", "f1", [theirs("a", currency="USD")], [ours("a")])
    assert results(outcome) == {"a": "currency"}
    assert balances(outcome) == {"USD bank": 989, "USD suspense:visa": -989}


def test_a_line_that_comes_twice_is_settled_once_and_held_once() -> None:
    outcome = match("visa", "f1", [theirs("a"), theirs("a")], [ours("a")])
    assert [line.result for line in outcome.lines] == ["matched", "duplicate"]
    assert balances(outcome)["HKD suspense:visa"] == -989


def test_a_third_copy_is_held_under_an_id_of_its_own() -> None:
    outcome = match("visa", "f1", [theirs("a")] * 3, [ours("a")])
    ids = [posting.id for posting in outcome.postings]
    assert len(set(ids)) == len(ids) == 3


def test_what_is_missing_is_carried_without_posting_and_breaks_in_the_next_file() -> None:
    first = match("visa", "f1", [], [ours("a")])
    assert results(first) == {"a": "carried"}
    assert first.postings == []
    second = match("visa", "f2", [], first.carried_ours)
    assert results(second) == {"a": "missing_at_network"}
    assert second.postings == []
    third = match("visa", "f3", [theirs("a")], second.carried_ours)
    assert results(third) == {"a": "matched"}
    assert third.lines[0].closes == "missing_at_network"


def test_a_late_arrival_in_the_next_file_is_no_break() -> None:
    first = match("visa", "f1", [], [ours("a")])
    second = match("visa", "f2", [theirs("a")], first.carried_ours)
    assert results(second) == {"a": "matched"}
    assert second.lines[0].closes is None


def test_what_we_do_not_know_is_held_and_given_back_when_our_side_turns_up() -> None:
    first = match("visa", "f1", [theirs("a")], [])
    assert results(first) == {"a": "missing_with_us"}
    assert balances(first) == {"HKD bank": 989, "HKD suspense:visa": -989}
    second = match("visa", "f2", [], [ours("a")], first.carried_theirs)
    assert results(second) == {"a": "matched"}
    assert second.lines[0].closes == "missing_with_us"
    together: Counter[str] = Counter()
    for outcome in (first, second):
        for name, minor in balances(outcome).items():
            together[name] += minor
    assert {name: minor for name, minor in together.items() if minor} == {
        "HKD bank": 989,
        "HKD interchange:visa": 11,
        "HKD network:visa": -1_000,
    }


def test_what_stays_unexplained_is_carried_on() -> None:
    first = match("visa", "f1", [theirs("a")], [])
    second = match("visa", "f2", [], [], first.carried_theirs)
    assert second.carried_theirs == first.carried_theirs
    assert second.lines == []


arns = st.sampled_from([f"arn{n}" for n in range(6)])
sides = st.lists(
    st.builds(theirs, arns, st.integers(-500, 500), st.sampled_from(["HKD", "USD"])), max_size=12
)
books = st.lists(
    st.builds(ours, arns, st.integers(-500, 500), st.sampled_from(["HKD", "USD"])),
    max_size=6,
    unique_by=lambda one: one.arn,
)


@given(sides, books)
def test_every_line_lands_in_one_class_and_everything_balances(
    lines: list[Theirs], presented: list[Ours]
) -> None:
    outcome = match("visa", "f1", lines, presented)
    missing = {one.arn for one in presented} - {line.arn for line in lines}
    assert len(outcome.lines) == len(lines) + len(missing)
    assert {one.arn for one in outcome.carried_ours} == missing
    summary = Summary.of(outcome, lines)
    for currency in ("HKD", "USD"):
        of_currency = [m for name, m in summary.accounts.items() if name.startswith(currency)]
        assert sum(of_currency) == 0
    ids = [posting.id for posting in outcome.postings]
    assert len(ids) == len(set(ids))
    assert match("visa", "f1", lines, presented) == outcome


def test_summaries_add_up() -> None:
    total = Summary()
    for arn in ("a", "b"):
        outcome = match("visa", "f1", [theirs(arn)], [ours(arn)])
        total.plus(Summary.of(outcome, [theirs(arn)]))
    assert total.counts == {"matched": 2}
    assert total.theirs_minor == {"HKD": 2_000}
    assert total.accounts["HKD bank"] == 1_978


@pytest.mark.parametrize("number", range(50))
def test_a_reference_always_falls_into_the_same_partition(number: int) -> None:
    arn = f"7400552632700000000{number:04d}"
    assert 0 <= partition_of(arn) < PARTITIONS
    assert partition_of(arn) == partition_of(str(arn))

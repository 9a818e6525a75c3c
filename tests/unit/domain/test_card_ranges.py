"""A card finds its range by its longest prefix; a range with bounds becomes the prefixes of it."""

from __future__ import annotations

import pytest

from tidegate.domain.account_data import longest, prefixes_of
from tidegate.domain.card_ranges import covering

KNOWN = {"476134": "six", "47613400": "eight", "47613999": None}


@pytest.mark.parametrize(
    ("pan", "found"),
    [
        ("4761340000000043", "eight"),
        ("4761340100000043", "six"),
        ("4761399900000043", None),
        ("4761330000000043", None),
        ("476134", "six"),
        ("4761340", "six"),
    ],
)
def test_the_longest_known_prefix_wins(pan: str, found: str | None) -> None:
    assert longest(pan, KNOWN) == found


def test_a_longer_prefix_of_which_nothing_is_known_hides_a_shorter_one() -> None:
    assert longest("4761340000000043", {"476134": "six", "47613400": None}) is None


def test_a_head_has_the_prefixes_that_it_is_long_enough_for() -> None:
    assert prefixes_of("4761340000000043") == ("47613400", "476134")
    assert prefixes_of("4761340") == ("476134",)


@pytest.mark.parametrize(
    ("low", "high", "prefixes"),
    [
        (47613400, 47613499, ["476134"]),
        (47613400, 47613401, ["47613400", "47613401"]),
        (47613399, 47613500, ["47613399", "476134", "47613500"]),
        (0, 199, ["000000", "000001"]),
        (47613400, 47613400, ["47613400"]),
        (2, 1, []),
    ],
)
def test_bounds_are_covered_by_the_fewest_prefixes(
    low: int, high: int, prefixes: list[str]
) -> None:
    assert list(covering(low, high)) == prefixes


def test_what_is_covered_is_what_lies_between_the_bounds() -> None:
    prefixes = dict.fromkeys(covering(51203477, 51203721), "in")
    for head in range(51203400, 51203800):
        inside = 51203477 <= head <= 51203721
        assert longest(f"{head}00000000", prefixes) == ("in" if inside else None)

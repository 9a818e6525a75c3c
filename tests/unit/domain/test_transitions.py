"""The table of a payment's life, seen from every side."""

from __future__ import annotations

from itertools import product

import pytest

from tidegate.domain.errors import WrongStatus
from tidegate.domain.transitions import TRANSITIONS, Operation, Outcome, Status, next_status

EVERYTHING = list(product(Status, Operation, Outcome))
FINAL = {Status.VERIFIED, Status.CANCELLED, Status.FAILED, Status.PAID_OUT}


@pytest.mark.parametrize(("status", "operation", "outcome"), EVERYTHING)
def test_what_the_table_does_not_hold_is_refused(
    status: Status, operation: Operation, outcome: Outcome
) -> None:
    if (status, operation, outcome) in TRANSITIONS:
        assert next_status(status, operation, outcome) in Status
    else:
        with pytest.raises(WrongStatus) as refused:
            next_status(status, operation, outcome)
        assert refused.value.code == "B0012"


def test_nothing_leaves_a_final_status() -> None:
    assert not [key for key in TRANSITIONS if key[0] in FINAL]


def test_every_status_is_reached_and_every_other_one_is_left() -> None:
    assert {*TRANSITIONS.values(), Status.PENDING} == set(Status)
    assert {key[0] for key in TRANSITIONS} | FINAL == set(Status)


def test_a_decline_and_an_unknown_never_lead_to_the_same_place() -> None:
    for (status, operation, outcome), after in TRANSITIONS.items():
        if outcome is Outcome.UNKNOWN:
            assert TRANSITIONS.get((status, operation, Outcome.DECLINED)) is not after


def test_no_way_leads_back_from_captured_to_authorised() -> None:
    reached, frontier = set(), {Status.CAPTURED}
    while frontier:
        reached |= frontier
        frontier = {to for (at, _, _), to in TRANSITIONS.items() if at in frontier} - reached
    assert reached == {Status.CAPTURED, Status.PARTIAL_REFUNDED, Status.REFUNDED}


def test_an_unknown_outcome_ends_failed_or_cancelled_and_nowhere_else() -> None:
    ends = {to for (at, _, _), to in TRANSITIONS.items() if at is Status.REVERSING}
    assert ends == {Status.FAILED, Status.CANCELLING}

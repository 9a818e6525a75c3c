"""What is not acknowledged: tried later and later, in order, for three days, then parked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.notices.house import PAYMENT, SID, House
from tidegate.domain.errors import TransactionUnknown
from tidegate.domain.transitions import Status
from tidegate.services.notice_backlog import LOST_S
from tidegate.services.notice_schedule import JITTER, LIFE_S, WAITS_S, wait_s

DAY_S = 24 * 3600


@pytest.fixture
def house() -> House:
    made = House()
    made.gateway.pay()
    return made


def capture(house: House) -> None:
    house.gateway.change("capture", "CAP-1", 8_000)


def refund(house: House, trans_id: str, minor: int) -> None:
    house.gateway.change("refund", trans_id, minor)


def test_a_refused_notice_is_told_after_one_wait_in_one_run(house: House) -> None:
    house.endpoint.next = [False]
    assert house.first_try() is False
    assert house.run_out(1) == [15]
    assert house.endpoint.sequences == [2, 2]
    assert house.backlog.waiting == ()
    assert house.backlogs.writes == 2


def test_a_later_notice_waits_for_the_one_before_it(house: House) -> None:
    house.endpoint.next = [False, False]
    house.first_try()
    capture(house)
    house.first_try()
    assert house.endpoint.sequences == [2], "the capture is held back, not tried"
    assert list(house.runs) == [1], "one execution for the backlog"
    assert house.run_out(1) == [15, 60]
    assert house.endpoint.sequences == [2, 2, 2, 3]


def test_a_held_back_notice_that_fails_has_its_own_three_days(house: House) -> None:
    house.endpoint.next = [False, True, False]
    house.first_try()
    capture(house)
    house.first_try()
    house.look(1, 15)
    (left,) = house.backlog.waiting
    assert (left.sequence, left.tries, left.since) == (3, 1, int(house.clock.at))


def test_after_three_days_all_of_it_is_parked(house: House) -> None:
    house.endpoint.otherwise = False
    began = house.clock.at
    house.first_try()
    capture(house)
    house.first_try()
    waits = house.run_out(1)
    assert waits[:6] == list(WAITS_S[:6])
    assert sum(waits) == house.clock.at - began == LIFE_S
    assert len(waits) == 12
    assert house.backlog.parked
    assert house.waiting == [2, 3]
    assert set(house.endpoint.sequences) == {2}


def test_the_next_event_takes_a_parked_backlog_up_again(house: House) -> None:
    house.endpoint.otherwise = False
    house.first_try()
    house.run_out(1)
    house.endpoint.otherwise = True
    capture(house)
    house.first_try()
    assert not house.backlog.parked
    assert house.run_out(2) == [1]
    assert house.endpoint.sequences[-2:] == [2, 3]


def test_a_plain_2xx_holds_nothing_back_and_counts_after_the_last_try(house: House) -> None:
    house.endpoint.otherwise = None
    house.first_try()
    house.clock.at += 1
    capture(house)
    house.first_try()
    assert house.endpoint.sequences == [2, 3]
    sum_of_waits = sum(house.run_out(max(house.runs)))
    assert LIFE_S - 60 <= sum_of_waits <= LIFE_S + 60
    assert (house.backlog.waiting, house.backlog.parked) == ((), False)


def test_a_plain_2xx_once_is_enough_at_the_end(house: House) -> None:
    house.endpoint.next, house.endpoint.otherwise = [None], False
    house.first_try()
    house.run_out(1)
    assert (house.backlog.waiting, house.backlog.parked) == ((), False)


def test_a_run_that_would_sleep_too_long_is_followed_by_another(house: House) -> None:
    """The first was heard days ago and sleeps for hours; the second failed just now."""
    house.endpoint.next = [None]
    house.first_try()
    for _ in range(7):
        house.endpoint.next = [None]
        house.look(1, house.backlog.wakes_at - int(house.clock.at))
    capture(house)
    house.endpoint.next = [False]
    house.first_try()
    assert house.runs == {1: 15, 2: 15}
    assert house.look(1, 0).wait_s is None, "the older execution ends"
    house.look(2, 15)
    assert house.endpoint.sequences[-1] == 3


def test_what_the_queue_says_twice_is_not_told_twice_but_its_run_is_started(house: House) -> None:
    house.endpoint.next = [False]
    house.first_try()
    house.first_try()
    assert (house.endpoint.sequences, house.starts, list(house.runs)) == ([2], 2, [1])


def test_a_backlog_whose_execution_is_lost_goes_on_with_the_next_event(house: House) -> None:
    house.endpoint.next = [False]
    house.first_try()
    house.clock.at += 15 + LOST_S + 1
    capture(house)
    house.first_try()
    assert house.run_out(2) == [1]
    assert house.endpoint.sequences == [2, 2, 3]


def test_what_joins_during_a_round_is_told_next(house: House) -> None:
    house.endpoint.next = [False]
    house.first_try()

    def another() -> None:
        capture(house)
        house.outstanding.hold_back(SID, PAYMENT, house.event().sequence)

    house.endpoint.meanwhile = [another]
    assert house.run_out(1) == [15, 1]
    assert house.endpoint.sequences == [2, 2, 3]


def test_no_try_begins_when_the_time_is_over(house: House) -> None:
    house.endpoint.next = [False]
    house.first_try()
    came_of = house.look(1, 15, until_s=0)
    assert (came_of.wait_s, house.endpoint.sequences) == (1, [2])


def test_a_notice_says_the_same_at_every_try(house: House) -> None:
    house.endpoint.next = [False, False, False]
    house.first_try()
    first = house.endpoint.told[0].payment
    capture(house)
    refund(house, "REF-1", 3_000)
    house.outstanding.again(SID, PAYMENT)
    house.endpoint.next = []
    house.run_out(2)
    again, captured, refunded = house.endpoint.told[1:]
    assert [one.code for one in (again, captured, refunded)] == ["Payment", "Capture", "Refund"]
    assert (again.payment.status, again.payment.captured_minor) == (first.status, 0)
    assert captured.payment.status is Status.CAPTURED
    assert (captured.payment.refundable_minor, captured.payment.refunded_minor) == (8_000, 0)
    assert refunded.payment.status is Status.PARTIAL_REFUNDED
    assert refunded.payment == house.payments.payment(PAYMENT)


def test_what_the_history_no_longer_holds_is_dropped_and_said(house: House) -> None:
    house.endpoint.next = [False]
    house.first_try()
    payment = house.payments.payment(PAYMENT)
    house.payments.items[SID, PAYMENT] = replace(payment, history=())
    came_of = house.look(1, 15)
    assert (came_of.gone, came_of.wait_s) == ([2], None)
    assert house.backlog.waiting == ()


class TestOnDemand:
    def test_a_delivered_payment_is_told_again(self, house: House) -> None:
        house.first_try()
        capture(house)
        house.first_try()
        house.outstanding.again(SID, PAYMENT)
        house.run_out(1)
        assert house.endpoint.sequences == [2, 3, 2, 3]

    def test_one_notice_of_it(self, house: House) -> None:
        capture(house)
        house.outstanding.again(SID, PAYMENT, 3)
        house.run_out(1)
        assert house.endpoint.sequences == [3]

    @pytest.mark.parametrize(("trans_id", "sequence"), [("PAY-9", None), (PAYMENT, 9)])
    def test_only_what_there_is(self, house: House, trans_id: str, sequence: int | None) -> None:
        with pytest.raises(TransactionUnknown):
            house.outstanding.again(SID, trans_id, sequence)
        assert house.runs == {}

    def test_a_store_takes_up_what_is_parked_or_lost(self, house: House) -> None:
        house.endpoint.otherwise = False
        house.first_try()
        assert house.outstanding.all_again(SID) == []
        house.run_out(1)
        (taken_up,) = house.outstanding.all_again(SID)
        assert (taken_up.run, taken_up.parked) == (2, False)
        house.clock.at += LOST_S + 1
        (lost,) = house.outstanding.all_again(SID)
        assert lost.run == 3

    def test_a_running_round_does_not_undo_it(self, house: House) -> None:
        """The round's failure must not replace the fresh start."""
        house.endpoint.next = [False]
        house.first_try()
        house.endpoint.next = [False]
        house.endpoint.meanwhile = [lambda: house.outstanding.again(SID, PAYMENT)]
        assert house.look(1, 15).wait_s is None
        (fresh,) = house.backlog.waiting
        assert (fresh.tries, house.backlog.run) == (0, 2)


def test_waits_differ_by_a_fifth_and_end_with_the_third_day() -> None:
    for tries in range(1, 10):
        wait = WAITS_S[min(tries, len(WAITS_S)) - 1]
        assert wait_s(tries, 0, 0, 0.0) == round(wait * (1 - JITTER))
        assert wait_s(tries, 0, 0, 1.0) == round(wait * (1 + JITTER))
    assert wait_s(9, 0, 3 * DAY_S - 100, 0.5) == 100

"""A network that does not answer is left alone, and found again."""

from __future__ import annotations

import pytest

from tests.support.memory import SetClock
from tidegate.domain.errors import NotSent, Unanswered
from tidegate.networks.breaker import FAILURES, REST_S, Breaker


class Host:
    """Answers, or does not."""

    def __init__(self) -> None:
        self.asked = 0
        self.failure: Exception | None = None

    def __call__(self) -> str:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return "00"


def failing(breaker: Breaker, host: Host, times: int) -> None:
    for _ in range(times):
        with pytest.raises((NotSent, Unanswered)):
            breaker(host)


@pytest.mark.parametrize("failure", [NotSent(), Unanswered()])
def test_after_failures_in_a_row_nothing_is_sent_any_more(failure: Exception) -> None:
    host, breaker = Host(), Breaker("visa", SetClock().now)
    host.failure = failure
    failing(breaker, host, FAILURES)
    with pytest.raises(NotSent, match="left alone"):
        breaker(host)
    assert host.asked == FAILURES


def test_one_answer_is_enough_to_go_on() -> None:
    host, breaker = Host(), Breaker("visa", SetClock().now)
    for _ in range(3):
        host.failure = Unanswered()
        failing(breaker, host, FAILURES - 1)
        host.failure = None
        assert breaker(host) == "00"


def test_one_call_at_a_time_tries_whether_it_is_back() -> None:
    clock, host = SetClock(), Host()
    breaker = Breaker("visa", clock.now)
    host.failure = Unanswered()
    failing(breaker, host, FAILURES)
    clock.at += REST_S
    failing(breaker, host, 3)
    assert host.asked == FAILURES + 1
    clock.at += REST_S
    host.failure = None
    assert breaker(host) == "00"
    assert breaker(host) == "00"


def test_other_faults_do_not_count() -> None:
    host, breaker = Host(), Breaker("visa", SetClock().now)
    host.failure = ValueError()
    for _ in range(2 * FAILURES):
        with pytest.raises(ValueError):
            breaker(host)
    host.failure = None
    assert breaker(host) == "00"

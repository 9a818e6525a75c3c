"""A store's limit: shared by all processes, costless for quiet stores, kindest to what finishes a
payment."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.memory import SetClock, a_store
from tidegate.domain.errors import TooManyRequests
from tidegate.services.traffic import BLOCK, FREE, WINDOW_S, TrafficControl


class SharedCounter:
    """A RequestCounter in memory."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, int]] = Counter()
        self.leases = 0

    def take(self, sid: str, window: int, block: int) -> int:
        self.leases += 1
        self.counts[sid, window] += block
        return self.counts[sid, window]


def admitted(traffic: TrafficControl, count: int, per_s: int | None = 5, **more: bool) -> int:
    """How many of so many requests pass."""
    store = a_store(requests_per_s=per_s)
    passed = 0
    for _ in range(count):
        try:
            traffic.admit(store, urgent=more.get("urgent", False))
        except TooManyRequests:
            continue
        passed += 1
    return passed


def test_a_quiet_store_is_not_counted_at_all() -> None:
    counter, clock = SharedCounter(), SetClock()
    traffic = TrafficControl(counter, clock, 100)
    for _ in range(20):
        assert admitted(traffic, FREE) == FREE
        clock.at += WINDOW_S
    assert counter.leases == 0


def test_a_busy_store_costs_a_tenth_of_a_request() -> None:
    counter = SharedCounter()
    assert admitted(TrafficControl(counter, SetClock(), 0), 1_000, per_s=1_000) == 1_000
    assert counter.leases == -(-(1_000 - FREE) // BLOCK)


def test_a_store_that_is_too_fast_is_refused_until_the_window_ends() -> None:
    clock = SetClock()
    traffic = TrafficControl(SharedCounter(), clock, 0)
    assert admitted(traffic, 500) == 5 * WINDOW_S + FREE
    assert admitted(traffic, 10) == 0
    with pytest.raises(TooManyRequests) as refused:
        traffic.admit(a_store(requests_per_s=5), urgent=False)
    clock.at += refused.value.retry_after_s
    assert admitted(traffic, 10) == 10


def test_the_limit_holds_over_all_processes() -> None:
    counter, clock = SharedCounter(), SetClock()
    processes = [TrafficControl(counter, clock, 0) for _ in range(8)]
    passed = sum(admitted(one, 200) for one in processes)
    assert 5 * WINDOW_S <= passed <= 5 * WINDOW_S + 8 * (FREE + BLOCK)


def test_captures_and_refunds_are_refused_last() -> None:
    traffic = TrafficControl(SharedCounter(), SetClock(), 0)
    admitted(traffic, 500)
    assert admitted(traffic, 1) == 0
    assert admitted(traffic, 500, urgent=True) == 5 * WINDOW_S / 2
    assert admitted(traffic, 1, urgent=True) == 0


def test_one_stores_storm_is_not_anothers() -> None:
    traffic = TrafficControl(SharedCounter(), SetClock(), 5)
    admitted(traffic, 500)
    traffic.admit(a_store(sid="S000002"), urgent=False)


@pytest.mark.parametrize("per_s", [0, None])
def test_no_limit_counts_nothing(per_s: int | None) -> None:
    counter = SharedCounter()
    assert admitted(TrafficControl(counter, SetClock(), 0), 500, per_s=per_s) == 500
    assert counter.leases == 0

"""What a payment costs over its whole life: a day of twenty stores in two currencies, from the
request to the reconciled settlement, and what runs by the clock whether anybody pays or not.

A day's cost has three parts that are counted one by one, because a whole day of 100,000 payments
need not be played for them: what a payment causes at the day's pace (batches of the stream fill by
it), what its settlement adds to a batch, and what settling costs however small the batches are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

from bench.operations import CURRENCIES, CUT_OFF, metered_world
from bench.till import MASTERCARD, VISA, Till
from bench.world import MeteredWorld
from local.meter.tally import TRANSITIONS, Tally

STORES = 20
BATCHES = STORES * len(CURRENCIES)
DAY_S = 86_400.0
PAYMENTS = 1_000
"""Played for one pace; the count of one more or less moves the figures by less than a cent."""
MORE = 400
"""Payments that a batch has more, to see what each adds."""
AFTERWARDS_S = 700.0
CLOSING_S = 1_900.0
"""Cut-off, grace, settlement; then the networks' files and their reconciliation."""
WARM_S, IDLE_S = 400.0, 3_600.0
CARDS = (VISA, MASTERCARD)
LEAST = BATCHES * len(CARDS)
"""Payments that put one of each network into every batch."""


@dataclass(frozen=True)
class Day:
    """Counts of which a day of any size is made."""

    idle: Tally
    """Of a second in which nobody pays."""
    by_pace: dict[int, Tally]
    """Of one payment, by payments a day: request, network, notice, postings."""
    settling: Tally
    """Of all batches and both networks' files, with hardly anything in them."""
    settled: Tally
    """What one payment adds to that."""

    def payment(self, per_day: int) -> Tally:
        """One payment's share of everything but the clock, at a pace that was played."""
        return self.by_pace[per_day] + self.settled + self.settling.times(1 / per_day)

    def transitions(self, per_day: int) -> float:
        """Of Standard workflows, per payment."""
        return self.payment(per_day).billed[TRANSITIONS]


def play(paces: tuple[int, ...]) -> Iterator[str | Day]:
    """Says what it is at, and in the end what was counted."""
    yield "an idle hour"
    idle = _idle()
    by_pace = {}
    for pace in paces:
        yield f"{PAYMENTS} payments at {pace:,} a day"
        by_pace[pace] = _at_pace(pace, idle)
    yield f"the close of a day of {BATCHES} batches"
    least = _closed(0, idle)
    yield f"the same with {MORE} payments more"
    most = _closed(MORE, idle)
    settled = most.since(least).times(1 / MORE)
    yield Day(idle, by_pace, least + settled.times(-LEAST), settled)


def _idle() -> Tally:
    with metered_world(STORES) as world:
        before = world.count(WARM_S)
        return world.count(IDLE_S).since(before).times(1 / IDLE_S)


def _at_pace(per_day: int, idle: Tally) -> Tally:
    """Arrivals at random at the day's mean rate: a day with peaks fills batches better."""
    random, rate = Random(per_day), per_day / DAY_S
    with metered_world(STORES) as world:
        world.remembers_stores = False
        tills = _tills(world)
        _in_turn(world, tills, LEAST)  # everybody is warm
        before, began = world.count(AFTERWARDS_S), world.scheduler.now
        at = 0.0
        for number in range(PAYMENTS):
            at += random.expovariate(rate)
            till, currency = random.choice(tills), random.choice(CURRENCIES)
            world.scheduler.spawn("payer", partial(_pay, till, f"P{number}", number, currency), at)
        world.count(at)
        took_s = world.scheduler.now - began
        after = world.count(AFTERWARDS_S).since(before)
        return after.since(idle.times(took_s + AFTERWARDS_S)).times(1 / PAYMENTS)


def _closed(more: int, idle: Tally) -> Tally:
    """One payment per batch and network, and ``more`` in the first batch: what closing, clearing,
    paying out and reconciling them costs."""
    with metered_world(STORES) as world:
        tills = _tills(world)
        _in_turn(world, tills, LEAST)
        for number in range(more):
            world.scheduler.spawn("payer", partial(_pay, tills[0], f"M{number}", number, "HKD"))
        world.count(AFTERWARDS_S)
        world.scheduler.leap(_until_cut_off(world) - 60.0)
        before, began = world.count(), world.scheduler.now
        world.count(CLOSING_S)
        for host in world.hosts.values():
            host.desk.cut()
        after = world.count(CLOSING_S).since(before)
        _check(world)
        return after.since(idle.times(world.scheduler.now - began))


def _check(world: MeteredWorld) -> None:
    """The day is settled and reconciled, else there was nothing to count."""
    ended = [arn.split(":")[6] for arn, one in world.aws.executions.items() if one.task.done]
    assert ended.count("SettlementStateMachine") == BATCHES, "a batch was not settled"
    assert ended.count("ReconciliationStateMachine") == len(world.hosts), "a file is missing"


def _tills(world: MeteredWorld) -> list[Till]:
    return [Till(world, store) for store in world.stores]


def _in_turn(world: MeteredWorld, tills: list[Till], count: int) -> None:
    for number in range(count):
        currency = CURRENCIES[number // len(tills) % len(CURRENCIES)]
        _pay(tills[number % len(tills)], f"W{number}", number // BATCHES + number, currency)
        world.count(1.0)


def _pay(till: Till, trans_id: str, number: int, currency: str) -> None:
    answer = till.pay(trans_id, card=CARDS[number % 2], currency=currency)
    assert answer["result"]["code"] == "S0000", answer


def _until_cut_off(world: MeteredWorld) -> float:
    local = datetime.fromtimestamp(world.now(), ZoneInfo("Asia/Hong_Kong"))
    closing = datetime.combine(local.date(), CUT_OFF, local.tzinfo)
    return (closing - local).total_seconds()

"""A story: merchants take payments while things go wrong, then everything comes to rest."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.simulation.checks import Watch, when_at_rest
from tests.simulation.deployment import CUT_OFF
from tests.simulation.faults import Strike
from tests.simulation.merchants import Shop
from tests.simulation.scheduler import Stuck
from tests.simulation.visits import some_visits
from tests.simulation.world import World

RATES = (0.0, 0.005, 0.01, 0.02, 0.04, 0.08)
"""Chances of a fault per call."""
MEMORY = Path("/dev/shm")  # noqa: S108  where the hosts' books are written, if it is there
MAX_STORY_S = 6 * 3600.0
QUIET_S = 400.0
"""Longer than anything that works by the minute needs."""


@dataclass
class Told:
    """How a story went."""

    seed: int
    problems: list[str] = field(default_factory=list)
    strikes: list[Strike] = field(default_factory=list)
    calls: int = 0
    payments: int = 0
    requests: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    digest: tuple[object, ...] = ()
    """The same for the same seed and the same code."""


def tell(
    seed: int,
    *,
    muted: Collection[int] = (),
    rate: float | None = None,
    prepare: Callable[[World], None] = lambda _: None,
) -> Told:
    """Play one story to its end. ``prepare`` may change the world before it begins."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    told = Told(seed)
    try:
        chance = RATES[seed % len(RATES)] if rate is None else rate
        world = World(seed, chance, muted, folder)
        with world.running():
            prepare(world)
            _play(world, told)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return told


def _play(world: World, told: Told) -> None:
    watch = Watch(world, told.problems)
    world.aws.database.watchers.append(watch)
    world.begin()
    shops = [
        Shop(world, world.random.choice(world.stores), f"{name}-")
        for name in "ABCD"[: world.random.randrange(2, 5)]
    ]
    clients = [
        world.scheduler.spawn(
            f"shop {shop.name}",
            partial(shop.serve, some_visits(world.random, world.random.randrange(2, 6))),
        )
        for shop in shops
    ]
    try:
        world.scheduler.run(lambda: all(one.done for one in clients), for_s=MAX_STORY_S)
        _come_to_rest(world)
    except Stuck as error:
        told.problems.append(str(error))
    for client in (*clients, *world.background):
        if client.error is not None:
            raise client.error
    told.problems += when_at_rest(world, shops, watch)
    told.strikes = world.faults.strikes
    told.calls = world.faults.calls
    asked = [one for shop in shops for one in shop.requests]
    told.requests = len(asked)
    told.payments = sum(one.kind == "payment" for one in asked)
    for one in asked:
        code = one.codes[-1] if one.codes else "none"
        told.answers[code] = told.answers.get(code, 0) + 1
    told.digest = (told.calls, world.scheduler.switches, round(world.scheduler.now, 6))


def _come_to_rest(world: World) -> None:
    """The janitor ends what is open, notices are redelivered, captures that were put off happen,
    days close, files travel: all without further faults."""
    world.faults.active = False
    world.skew_s = 0.0
    scheduler = world.scheduler
    scheduler.run(for_s=3 * QUIET_S)
    for _ in range(2):  # reversals back off to an hour, scheduled captures wait 30 hours
        scheduler.leap(3600.0)
        scheduler.run(for_s=QUIET_S)
    scheduler.leap(30 * 3600.0)
    scheduler.run(for_s=QUIET_S)
    _close_the_day(world)
    scheduler.leap(3 * 24 * 3600.0)
    scheduler.run(for_s=QUIET_S)
    scheduler.leap(4 * 24 * 3600.0)  # authorizations end after seven days
    scheduler.run(for_s=QUIET_S)
    _close_the_day(world)


def _close_the_day(world: World) -> None:
    """Over the cut-off and its grace; then the networks cut, late presentments one cut later."""
    local = datetime.fromtimestamp(world.now(), ZoneInfo("Asia/Hong_Kong"))
    closing = datetime.combine(local.date(), CUT_OFF, local.tzinfo) + timedelta(seconds=960)
    if closing <= local:
        closing += timedelta(days=1)
    world.scheduler.leap((closing - local).total_seconds())
    world.scheduler.run(for_s=QUIET_S + 300)
    for _ in range(2):
        for host in world.hosts.values():
            host.desk.cut()
        world.scheduler.run(for_s=QUIET_S + 900)

"""What a merchant has still to be told of a payment: joined, taken up again, worked off.

A backlog is changed under its version, and a run that begins is written down before it is started:
whoever finds it later starts it again, which does nothing if it was started already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tidegate.ports_notices import Backlog, Waiting

LOST_S = 3_600
"""An execution that is late by so much is not coming any more."""
CONFLICT_TRIES = 20
"""A handful of writers at most: the queue's consumer, the run, an operator."""


def holds_back(backlog: Backlog, sequence: int) -> bool:
    """Whether an earlier notice has to be heard first."""
    return any(not one.heard and one.sequence < sequence for one in backlog.waiting)


def joined(backlog: Backlog, one: Waiting, now: int) -> Backlog:
    """With one more notice. A new run begins where nobody would look in time: the backlog was
    empty, parked or lost, or sleeps for longer than the notice may wait."""
    if backlog.parked:
        return taken_up(backlog, (one.sequence,), now)
    after = _next(backlog, (*backlog.waiting, one))
    late = is_lost(backlog, now) or after.wakes_at < backlog.wakes_at
    return replace(after, run=after.run + 1) if late or not backlog.waiting else after


def taken_up(backlog: Backlog, sequences: Iterable[int], now: int) -> Backlog:
    """All of it, and these notices again, to be tried from the start and in a run of its own."""
    every = {one.sequence for one in backlog.waiting} | set(sequences)
    fresh = tuple(Waiting(sequence, now, 0, now) for sequence in sorted(every))
    return _next(replace(backlog, run=backlog.run + 1, parked=False), fresh)


def worked_off(backlog: Backlog, results: dict[int, Waiting | None]) -> Backlog:
    """With what came of some notices: a new state, or None for one that is done."""
    left = [results.get(one.sequence, one) for one in backlog.waiting]
    return _next(backlog, tuple(one for one in left if one is not None))


def tryable(backlog: Backlog) -> list[Waiting]:
    """What may be tried once it is due: what is heard already, and the first that is not."""
    first = next((one for one in backlog.waiting if not one.heard), None)
    return [one for one in backlog.waiting if one.heard or one is first]


def is_lost(backlog: Backlog, now: int) -> bool:
    """Whether nobody works at it any more although somebody should."""
    return bool(backlog.waiting) and not backlog.parked and backlog.wakes_at + LOST_S < now


def _next(backlog: Backlog, waiting: tuple[Waiting, ...]) -> Backlog:
    newest = {one.sequence: one for one in waiting}
    in_order = tuple(newest[sequence] for sequence in sorted(newest))
    after = replace(backlog, version=backlog.version + 1, waiting=in_order)
    return replace(after, wakes_at=min((one.due_at for one in tryable(after)), default=0))

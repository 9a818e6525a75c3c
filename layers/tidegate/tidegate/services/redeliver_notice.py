"""Tell a merchant what he has not acknowledged: in order, later and later, for three days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tidegate.domain.errors import StaleVersion
from tidegate.domain.payment import Payment, require_payment
from tidegate.ports import Clock, PaymentStore
from tidegate.ports_notices import Backlog, OutstandingNotices, Waiting
from tidegate.services.notice_backlog import CONFLICT_TRIES, worked_off
from tidegate.services.notice_events import event_at
from tidegate.services.notice_schedule import is_last, wait_s
from tidegate.services.webhook_notice import WebhookNotice


@dataclass(slots=True)
class Round:
    """What one look at a backlog came to, as sequences."""

    told: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    """No longer in the payment's history: they cannot be told any more."""
    parked: list[int] = field(default_factory=list)
    """What is left now that the last try has failed."""
    wait_s: int | None = None
    """Until the next look; None when there is none."""


@dataclass(frozen=True, slots=True)
class RedeliverNotice:
    """One look at a backlog, on behalf of its run's execution."""

    payments: PaymentStore
    backlogs: OutstandingNotices
    tell: WebhookNotice
    clock: Clock
    chance: Callable[[], float]

    def __call__(self, sid: str, trans_id: str, run: int, until: float) -> Round:
        """Try what is due, in order, up to the first notice that fails unheard; no try begins
        after ``until``. Does nothing once another run has taken over."""
        came_of = Round()
        backlog = self.backlogs.get(sid, trans_id)
        if backlog is None or backlog.run != run or backlog.parked:
            return came_of
        payment = require_payment(self.payments.get(sid, trans_id))
        results: dict[int, Waiting | None] = {}
        given_up = False
        for one in backlog.waiting:
            if self.clock.now() >= until:
                break
            now = int(self.clock.now())
            if one.due_at <= now:
                results[one.sequence] = after = self._tried(payment, one, came_of)
                given_up = after is not None and not after.heard and is_last(after.since, now)
            else:
                after = one
            if after is not None and not after.heard:
                break
        backlog = self._write(backlog, results, given_up)
        if backlog.parked:
            came_of.parked = [one.sequence for one in backlog.waiting]
        elif backlog.waiting and backlog.run == run:
            came_of.wait_s = max(1, backlog.wakes_at - int(self.clock.now()))
        return came_of

    def _tried(self, payment: Payment, one: Waiting, came_of: Round) -> Waiting | None:
        """The notice after one try; None when it is done. A plain 2xx counts after the last try,
        whichever try it had answered."""
        event = event_at(payment, one.sequence)
        if event is None:
            came_of.gone.append(one.sequence)
            return None
        began = int(self.clock.now())
        since = one.since if one.tries else began  # what was held back begins only now
        said = self.tell(event)
        heard = one.heard or said is None
        if said or (heard and is_last(since, began)):
            came_of.told.append(one.sequence)
            return None
        came_of.failed.append(one.sequence)
        now, tries = int(self.clock.now()), one.tries + 1
        due_at = now + wait_s(tries, since, now, self.chance())
        return Waiting(one.sequence, since, tries, due_at, heard)

    def _write(
        self, backlog: Backlog, results: dict[int, Waiting | None], given_up: bool
    ) -> Backlog:
        run = backlog.run
        for _ in range(CONFLICT_TRIES):
            if backlog.run != run:  # taken up anew meanwhile: only what is told is told
                results = {sequence: None for sequence, one in results.items() if one is None}
                given_up = False
            after = worked_off(backlog, results)
            if given_up:
                after = replace(after, parked=True, wakes_at=int(self.clock.now()))
            try:
                self.backlogs.write(backlog, after)
            except StaleVersion:
                found = self.backlogs.get(backlog.sid, backlog.trans_id)
                assert found is not None  # nobody deletes one
                backlog = found
            else:
                return after
        raise StaleVersion("others keep changing this backlog")

"""Notices that their merchant has not acknowledged: written down, and taken up again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tidegate.domain.errors import StaleVersion, TransactionUnknown
from tidegate.domain.payment import require_payment
from tidegate.ports import Clock, PaymentStore
from tidegate.ports_notices import Backlog, OutstandingNotices, RedeliveryWorkflow, Waiting
from tidegate.services.notice_backlog import CONFLICT_TRIES, is_lost, joined, taken_up
from tidegate.services.notice_events import sequences_of
from tidegate.services.notice_schedule import wait_s


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Adds to backlogs, takes them up again, and starts their runs."""

    payments: PaymentStore
    backlogs: OutstandingNotices
    workflow: RedeliveryWorkflow
    clock: Clock
    chance: Callable[[], float]

    def of(self, sid: str, trans_id: str) -> Backlog:
        """A payment's backlog; one of version 0 where it never had any."""
        return self.backlogs.get(sid, trans_id) or Backlog(sid, trans_id, version=0, run=0)

    def hold_back(self, sid: str, trans_id: str, sequence: int) -> None:
        """Write down a notice that waits for an earlier one."""
        now = int(self.clock.now())
        self._add(sid, trans_id, Waiting(sequence, now, 0, now))

    def try_again(self, sid: str, trans_id: str, sequence: int, *, heard: bool) -> None:
        """Write down a notice whose first try was not acknowledged."""
        now = int(self.clock.now())
        due_at = now + wait_s(1, now, now, self.chance())
        self._add(sid, trans_id, Waiting(sequence, now, 1, due_at, heard))

    def start(self, backlog: Backlog) -> None:
        """Start the backlog's run, unless it was."""
        self.workflow.start(backlog, max(1, backlog.wakes_at - int(self.clock.now())))

    def again(self, sid: str, trans_id: str, sequence: int | None = None) -> Backlog:
        """Send once more what a payment's history holds, told or not: all of it or one notice,
        along with whatever is outstanding. Raises TransactionUnknown."""
        held = sequences_of(require_payment(self.payments.get(sid, trans_id)))
        if sequence is not None and sequence not in held:
            raise TransactionUnknown(f"the history holds the sequences {held}", field="sequence")
        return self._take_up(sid, trans_id, held if sequence is None else [sequence])

    def all_again(self, sid: str) -> list[Backlog]:
        """Take up every backlog of a store that is parked or has lost its execution."""
        now = int(self.clock.now())
        stuck = [one for one in self.backlogs.of_store(sid) if one.parked or is_lost(one, now)]
        return [self._take_up(sid, one.trans_id, ()) for one in stuck]

    def _add(self, sid: str, trans_id: str, one: Waiting) -> None:
        for _ in range(CONFLICT_TRIES):
            before = self.of(sid, trans_id)
            after = joined(before, one, int(self.clock.now()))
            if self._written(before, after):
                if after.run != before.run:
                    self.start(after)
                return
        raise StaleVersion("others keep changing this backlog")

    def _take_up(self, sid: str, trans_id: str, sequences: Sequence[int]) -> Backlog:
        for _ in range(CONFLICT_TRIES):
            before = self.of(sid, trans_id)
            after = taken_up(before, sequences, int(self.clock.now()))
            if self._written(before, after):
                self.start(after)
                return after
        raise StaleVersion("others keep changing this backlog")

    def _written(self, before: Backlog, after: Backlog) -> bool:
        try:
            self.backlogs.write(before if before.version else None, after)
        except StaleVersion:
            return False
        return True

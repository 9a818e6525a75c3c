"""At each store's cut-off plus grace: start the settlement of every batch that may be closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tidegate.domain.settlement import closes_at
from tidegate.ports import Clock, StoreDirectory
from tidegate.ports_settlement import ANNOUNCED, Ledger, SettlementWorkflow
from tidegate.services.settlement_calendar import parsed_day

LOOK_BACK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class StartSettlements:
    """The use case, over its ports."""

    stores: StoreDirectory
    ledger: Ledger
    workflow: SettlementWorkflow
    clock: Clock
    grace_s: int

    def __call__(self) -> int:
        """How many executions were started."""
        now = self.clock.now()
        since = f"{datetime.fromtimestamp(now, UTC) - LOOK_BACK:%Y%m%d}"
        started = 0
        for sid in self.stores.all_sids():
            store = self.stores.get(sid)
            for currency in store.currencies:
                for batch in self.ledger.batches(sid, currency, since):
                    day = parsed_day(batch.key.day)
                    due = closes_at(day, store.time_zone, store.cut_off, self.grace_s)
                    if batch.status != ANNOUNCED and due <= now:
                        started += self.workflow.start(batch.key)
        return started

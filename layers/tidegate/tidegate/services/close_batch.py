"""The first step of a settlement: let nothing more in, and say which networks have something to
clear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tidegate.domain.errors import InvalidValue
from tidegate.domain.ledger import BatchKey
from tidegate.domain.settlement import closes_at
from tidegate.ports import Clock, StoreDirectory
from tidegate.ports_settlement import Ledger
from tidegate.services.settlement_calendar import parsed_day


@dataclass(frozen=True, slots=True)
class CloseBatch:
    """The use case, over its ports."""

    stores: StoreDirectory
    ledger: Ledger
    clock: Clock
    grace_s: int
    presents: Callable[[str], bool]
    """Whether a network wants what it is to settle presented."""

    def __call__(self, key: BatchKey, *, now: bool) -> list[tuple[str, str]]:
        """(network, acquirer id) of each clearing file to be made.

        ``now`` closes before the cut-off, which is an operator's choice. Raises InvalidValue for
        a batch that may not be closed yet, or into which nothing was ever booked.
        """
        if self.ledger.batch(key) is None:
            raise InvalidValue(f"there is no batch {key}", field="businessDate")
        store = self.stores.get(key.sid)
        due = closes_at(parsed_day(key.day), store.time_zone, store.cut_off, self.grace_s)
        if not now and self.clock.now() < due:
            raise InvalidValue(f"batch {key} may not be closed yet", field="businessDate")
        self.ledger.close(key)
        found = {
            (one.network, one.acquirer_id)
            for one in self.ledger.movements(key)
            if self.presents(one.network)
        }
        return sorted(found)

"""From the stream to the ledger: bring movements to their batches, whatever is delivered twice or
too late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tidegate.domain.errors import BatchClosed
from tidegate.domain.events import Event, moves_money
from tidegate.domain.ledger import BatchKey, Movement, movement_of
from tidegate.ports_settlement import Ledger
from tidegate.services.settlement_calendar import parsed_day

PAGE_MOVEMENTS = 500  # about 60 kB packed, far below DynamoDB's 400 kB


@dataclass(frozen=True, slots=True)
class RecordPostings:
    """The use case, over its port."""

    ledger: Ledger

    def __call__(self, events: Iterable[Event]) -> int:
        """Book what moves money; how many movements there were."""
        batches: dict[BatchKey, list[Movement]] = defaultdict(list)
        for event in events:
            if moves_money(event.entry):
                payment, movement = event.payment, movement_of(event)
                key = BatchKey(payment.sid, payment.amount.currency, movement.day)
                batches[key].append(movement)
        for key, movements in batches.items():
            for start in range(0, len(movements), PAGE_MOVEMENTS):
                self._book(key, movements[start : start + PAGE_MOVEMENTS])
        return sum(map(len, batches.values()))

    def _book(self, key: BatchKey, movements: Sequence[Movement]) -> None:
        """Into its batch, or the next one that is still open; what a closed one holds already is
        dropped."""
        while movements:
            try:
                self.ledger.add(key, movements)
            except BatchClosed:
                known = {one.id for one in self.ledger.movements(key)}
                movements = [one for one in movements if one.id not in known]
                key = _next(key)
            else:
                return


def _next(key: BatchKey) -> BatchKey:
    tomorrow = parsed_day(key.day) + timedelta(days=1)
    return BatchKey(key.sid, key.currency, f"{tomorrow:%Y%m%d}")

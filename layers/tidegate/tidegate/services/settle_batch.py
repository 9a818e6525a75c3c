"""Fees, net, payout instruction and statement of a closed batch; recorded once, whatever runs
twice."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tidegate.domain import postings
from tidegate.domain.errors import BatchOutOfOrder
from tidegate.domain.ledger import BatchKey, totals_of
from tidegate.domain.payout import payout_instruction
from tidegate.domain.statement import statement
from tidegate.ports import StoreDirectory
from tidegate.ports_settlement import ANNOUNCED, CLOSED, OPEN, SETTLED, Batch, Files, Ledger
from tidegate.services.settlement_calendar import parsed_day


@dataclass(frozen=True, slots=True)
class SettleBatch:
    """The use case, over its ports."""

    stores: StoreDirectory
    ledger: Ledger
    files: Files

    def __call__(self, key: BatchKey) -> dict[str, Any]:
        """The batch's result; a settled one's is what it was. Raises BatchOutOfOrder for a batch
        that is not closed, and while an earlier one is not settled: its carry is needed."""
        batch = self.ledger.batch(key)
        if batch is None or batch.status == OPEN:
            raise BatchOutOfOrder(f"batch {key} is not closed yet")
        if batch.status != CLOSED:
            return batch.result
        store = self.stores.get(key.sid)
        movements = list(self.ledger.movements(key))
        totals = totals_of(key.sid, key.currency, movements)
        carried = self._carried(key)
        due = totals.net_minor + carried
        name = f"{key.sid}/{key.currency}/{key.day}"
        result: dict[str, Any] = {
            **asdict(totals),
            "net_minor": totals.net_minor,
            "carried_in_minor": carried,
            "carried_out_minor": min(due, 0),
            "payout_minor": max(due, 0),
            "statement": f"statements/{name}.csv",
            "payout": f"payouts/{name}.xml" if due > 0 else None,
        }
        self.files.put(result["statement"], statement(key, movements, totals, carried), "text/csv")
        if due > 0:
            posting = postings.paid_out(
                f"payout#{key}", currency=key.currency, sid=key.sid, net_minor=due
            )
            result["posting"] = {line.account: line.minor for line in posting.lines}
            instruction = payout_instruction(key, store.payout_account, due, parsed_day(key.day))
            self.files.put(result["payout"], instruction, "application/xml")
        return self.ledger.settle(key, result).result

    def _carried(self, key: BatchKey) -> int:
        """What the batch before left owing; zero or negative."""
        before: Batch | None = self.ledger.previous(key)
        if before is None:
            return 0
        if before.status not in {SETTLED, ANNOUNCED}:
            raise BatchOutOfOrder(f"batch {before.key} is not settled yet")
        return int(before.result["carried_out_minor"])

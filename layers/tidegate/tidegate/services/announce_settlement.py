"""Tell the store and the operator's subscribers that a batch is settled.

Once, but for a crash between telling and recording it: then again, and who was told twice sees it
by store, currency and business date.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tidegate.domain.ledger import BatchKey
from tidegate.domain.money import Money
from tidegate.ports import StoreDirectory
from tidegate.ports_settlement import ANNOUNCED, Announcer, Ledger


@dataclass(frozen=True, slots=True)
class AnnounceSettlement:
    """The use case, over its ports."""

    stores: StoreDirectory
    ledger: Ledger
    announcer: Announcer

    def __call__(self, key: BatchKey, result: dict[str, Any]) -> None:
        """Publish the event, mail the store, record that it was done; nothing once that is
        recorded."""
        batch = self.ledger.batch(key)
        if batch is not None and batch.status == ANNOUNCED:
            return
        store = self.stores.get(key.sid)

        def value(name: str) -> str:
            return f"{key.currency} {Money(int(result[name]), key.currency).value}"

        text = (
            f"Settlement of store {key.sid} for {key.day}\n\n"
            f"Captures   {result['captures']:>6}  {value('captured_minor')}\n"
            f"Refunds    {result['refunds']:>6}  {value('refunded_minor')}\n"
            f"Fees               {value('fees_minor')}\n"
            f"Carried in         {value('carried_in_minor')}\n"
            f"Payout             {value('payout_minor')}\n\n"
            f"Statement: {result['statement']}\n"
        )
        event = {
            "eventCode": "Settlement",
            "storeInfo": {"sid": key.sid},
            "settlement": {
                "businessDate": key.day,
                "currency": key.currency,
                "payout": Money(int(result["payout_minor"]), key.currency).value,
                "statement": result["statement"],
            },
        }
        self.announcer.settlement(store.email, f"Settlement {key}", text, event)
        self.ledger.announced(key)

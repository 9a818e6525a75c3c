"""Stream consumer: pack what moves money into settlement rows."""

from __future__ import annotations

from typing import Any

from tidegate.adapters.dynamodb.stream import events_in, sequence_number
from tidegate.runtime import wiring_settlement
from tidegate.runtime.observability import instrument, log

record_postings = wiring_settlement.record_postings()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The whole batch is packed together; if it fails, all of it comes again, which changes
    nothing twice."""
    records = event["Records"]
    try:
        count = record_postings(one for record in records for one in events_in(record))
    except Exception:  # noqa: BLE001  whatever it was, the records come again
        log.exception("not recorded")
        return {"batchItemFailures": [{"itemIdentifier": sequence_number(records[0])}]}
    log.info("recorded", extra={"movements": count})
    return {"batchItemFailures": []}

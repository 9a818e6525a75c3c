"""Stream consumer: queue every event of a payment; nothing else happens here."""

from __future__ import annotations

from typing import Any

from tidegate.adapters.dynamodb.stream import events_in, sequence_number
from tidegate.runtime import wiring_notices
from tidegate.runtime.observability import instrument, log

queue = wiring_notices.queue()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Records are taken in order; the first that fails, and all behind it, come again."""
    for record in event["Records"]:
        try:
            queue.send(events_in(record))
        except Exception:  # noqa: BLE001  whatever it was, the record comes again
            log.exception("not queued")
            return {"batchItemFailures": [{"itemIdentifier": sequence_number(record)}]}
    return {"batchItemFailures": []}

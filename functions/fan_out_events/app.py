"""Stream consumer: queue every event of a payment; nothing else happens here."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from tidegate.adapters.dynamodb.stream import events_in, sequence_number
from tidegate.runtime import wiring_notices
from tidegate.runtime.observability import instrument, log

queue = wiring_notices.queue()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """All records together fill the fewest requests. Where that fails, they are taken in order;
    the first that fails, and all behind it, come again."""
    with suppress(Exception):  # what the queue has taken already, it knows again
        queue.send([one for record in event["Records"] for one in events_in(record)])
        return {"batchItemFailures": []}
    for record in event["Records"]:
        try:
            queue.send(events_in(record))
        except Exception:  # noqa: BLE001  whatever it was, the record comes again
            log.exception("not queued")
            return {"batchItemFailures": [{"itemIdentifier": sequence_number(record)}]}
    return {"batchItemFailures": []}

"""The janitor, every minute: end what its caller could not end."""

from __future__ import annotations

from typing import Any

from tidegate.runtime import bootstrap
from tidegate.runtime.observability import count, instrument, log

ITEMS = 500
SPARE_S = 10  # what one more item may take

sweep_due = bootstrap.sweep_due()


@instrument
def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """How many due items were seen, ended, left open, failed."""
    until = bootstrap.clock().now() + context.get_remaining_time_in_millis() / 1000 - SPARE_S
    counts = sweep_due(limit=ITEMS, until=until)
    log.info("swept", extra=counts)
    count("DueItemsOpen", counts["open"] + counts["failed"])
    return counts

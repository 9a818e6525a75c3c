"""Every five minutes: start the settlement of batches whose cut-off has passed."""

from __future__ import annotations

from typing import Any

from tidegate.runtime import wiring_settlement
from tidegate.runtime.observability import instrument, log

start_settlements = wiring_settlement.start_settlements()


@instrument
def handler(_event: dict[str, Any], _context: object) -> dict[str, int]:
    """How many were started."""
    started = start_settlements()
    log.info("settlements started", extra={"started": started})
    return {"started": started}

"""Settlement workflow: close the batch; say which networks are to be cleared with."""

from __future__ import annotations

from typing import Any

from tidegate.runtime import wiring_settlement
from tidegate.runtime.observability import annotate, instrument
from tidegate.runtime.wiring_settlement import batch_key

close_batch = wiring_settlement.close_batch()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Input: the batch; ``closeNow`` closes before its cut-off."""
    annotate(sid=event["sid"])
    networks = close_batch(batch_key(event), now=bool(event.get("closeNow")))
    return {"networks": [{"network": name, "acquirerId": acquirer} for name, acquirer in networks]}

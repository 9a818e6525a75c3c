"""Settlement workflow: fees, net, payout instruction, statement."""

from __future__ import annotations

from typing import Any

from tidegate.runtime import wiring_settlement
from tidegate.runtime.observability import annotate, instrument
from tidegate.runtime.wiring_settlement import batch_key

settle_batch = wiring_settlement.settle_batch()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Input: the batch."""
    annotate(sid=event["sid"])
    return settle_batch(batch_key(event))

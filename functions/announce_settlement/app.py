"""Settlement workflow: tell the store and the subscribers."""

from __future__ import annotations

from typing import Any

from tidegate.runtime import wiring_settlement
from tidegate.runtime.observability import annotate, instrument
from tidegate.runtime.wiring_settlement import batch_key

announce_settlement = wiring_settlement.announce_settlement()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Input: the batch and its result, which is handed on."""
    annotate(sid=event["sid"])
    announce_settlement(batch_key(event), event["result"])
    result: dict[str, Any] = event["result"]
    return result

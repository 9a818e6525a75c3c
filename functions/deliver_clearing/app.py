"""Settlement workflow: present the batch to one network."""

from __future__ import annotations

from typing import Any

from tidegate.runtime import wiring_settlement
from tidegate.runtime.observability import annotate, instrument
from tidegate.runtime.wiring_settlement import batch_key

deliver_clearing = wiring_settlement.deliver_clearing()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Input: the batch, the network and the acquirer id."""
    annotate(sid=event["sid"], network=event["network"])
    file_id, records = deliver_clearing(batch_key(event), event["network"], event["acquirerId"])
    return {"network": event["network"], "fileId": file_id, "records": records}

"""Reconciliation workflow: match one partition."""

from __future__ import annotations

from typing import Any

from tidegate.runtime import wiring_reconciliation
from tidegate.runtime.observability import annotate, instrument

match_partition = wiring_reconciliation.match_partition()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Input: the run and the partition's number; counts and sums of the partition."""
    annotate(network=event["network"])
    summary = match_partition(
        event["network"],
        event["fileId"],
        int(event["partition"]),
        event["previous"],
        event["clearingFiles"],
    )
    return summary.write()

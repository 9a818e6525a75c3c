"""Every quarter of an hour: fetch the networks' settlement files."""

from __future__ import annotations

from typing import Any

from tidegate.runtime import bootstrap, wiring_reconciliation
from tidegate.runtime.observability import instrument, log

collect_network_files = wiring_reconciliation.collect_network_files()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """All networks, or the one that an operator names; the keys of new files."""
    networks = [event["network"]] if "network" in event else sorted(bootstrap.settings().links)
    new = collect_network_files(networks)
    log.info("collected", extra={"files": new})
    return {"files": new}

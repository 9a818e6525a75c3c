"""Reconciliation workflow: take the network's turn and spread its file over partitions."""

from __future__ import annotations

from typing import Any

from tidegate.domain.reconciliation import PARTITIONS
from tidegate.runtime import wiring_reconciliation
from tidegate.runtime.observability import annotate, instrument

split_network_file = wiring_reconciliation.split_network_file()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Input: the key of a file, ``network-files/<network>/<file id>``."""
    _, network, file_id = event["key"].split("/")
    annotate(network=network)
    run = split_network_file(network, file_id)
    return {
        "network": network,
        "fileId": file_id,
        "previous": run.previous,
        "clearingFiles": list(run.clearing_files),
        "report": run.report,
        "partitions": list(range(PARTITIONS)) if run.report is None else [],
    }

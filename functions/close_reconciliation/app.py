"""Reconciliation workflow: report, breaks, and the next file's turn."""

from __future__ import annotations

from typing import Any

from tidegate.domain.reconciliation import Summary
from tidegate.runtime import wiring_reconciliation
from tidegate.runtime.observability import annotate, count, instrument
from tidegate.runtime.wiring_reconciliation import run_of

close_reconciliation = wiring_reconciliation.close_reconciliation()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Input: the run and its partitions' summaries; the report."""
    annotate(network=event["network"])
    summaries = [Summary(**one) for one in event["summaries"]]
    report = close_reconciliation(run_of(event), summaries)
    count("OpenBreaks", report["openBreaks"], network=event["network"])
    return report

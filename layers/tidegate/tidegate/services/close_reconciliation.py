"""The last step of a reconciliation: check the sums, open and close breaks, write the report, let
the next file in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tidegate.domain.postings import Unbalanced
from tidegate.domain.reconciliation import BREAKS, PARTITIONS, Summary, breaks_of
from tidegate.domain.statement import safe
from tidegate.ports import Clock
from tidegate.ports_reconciliation import Break, Breaks, Run, Runs
from tidegate.ports_settlement import Files
from tidegate.services.reconciliation_files import ReconciliationFiles

COLUMNS = (
    "type",
    "reference",
    "currency",
    "minor",
    "difference",
    "store",
    "transaction",
    "firstFile",
    "files",
    "days",
)


@dataclass(frozen=True, slots=True)
class CloseReconciliation:
    """The use case, over its ports."""

    runs: Runs
    breaks: Breaks
    files: Files
    clock: Clock

    def __call__(self, run: Run, summaries: Iterable[Summary]) -> dict[str, Any]:
        """The report."""
        if run.report is not None:
            return run.report
        total = Summary()
        for summary in summaries:
            total.plus(summary)
        _check_balance(total)
        parts = ReconciliationFiles(self.files, run.network)
        lines = [line for one in range(PARTITIONS) for line in parts.lines(run.file_id, one)]
        found = list(breaks_of(lines))
        self.breaks.seen(run, found, int(self.clock.now()))
        self.breaks.closed(run, [line for line in lines if line.closes])
        open_breaks = [one for one in self.breaks.all_of(run.network) if not one.closed_by]
        report = {
            "network": run.network,
            "fileId": run.file_id,
            "previous": run.previous,
            "clearingFiles": list(run.clearing_files),
            **total.write(),
            "breaks": sum(total.counts.get(kind, 0) for kind in BREAKS),
            "openBreaks": len(open_breaks),
        }
        folder = f"reconciliation/{run.network}/{run.file_id}"
        self.files.put(f"{folder}/report.json", json.dumps(report).encode(), "application/json")
        now = int(self.clock.now())
        self.files.put(f"{folder}/breaks.csv", _csv(open_breaks, now), "text/csv")
        self.runs.finish(run, report)
        return report


def _check_balance(total: Summary) -> None:
    """The postings of a file add up to zero in every currency."""
    by_currency: dict[str, int] = {}
    for name, minor in total.accounts.items():
        currency = name.split(" ")[0]
        by_currency[currency] = by_currency.get(currency, 0) + minor
    if any(by_currency.values()):
        raise Unbalanced(f"the file's postings do not balance: {by_currency}")


def _csv(open_breaks: Iterable[Break], now: int) -> bytes:
    """What is open after this file, oldest first, with its age in files and days."""
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for one in sorted(open_breaks, key=lambda known: (known.first_seen, known.arn)):
        rows.writerow(
            [
                one.kind,
                safe(one.arn),
                safe(one.currency),
                one.minor,
                one.difference_minor,
                safe(one.sid),
                safe(one.trans_id),
                safe(one.first_file),
                one.files,
                one.days(now),
            ]
        )
    return out.getvalue().encode()

"""``Runs`` and ``Breaks`` on DynamoDB: ``R#``, ``C#`` and ``X#`` items of the single table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from pynamodb.expressions.operand import Path

from tidegate.adapters.dynamodb.table import (
    SCHEMA,
    ConditionFailed,
    Item,
    Table,
    absent,
    equals,
    marshal,
)
from tidegate.domain.errors import FileRejected, ReconciliationBusy
from tidegate.domain.reconciliation import Line
from tidegate.ports_reconciliation import Break, Run


class DynamoRuns:
    """One item per network says whose turn it is; one per file keeps its report."""

    def __init__(self, table: str | Table) -> None:
        self._table = Table(table) if isinstance(table, str) else table

    def begin(self, network: str, file_id: str, sha256: str) -> Run:
        done = self._table.get(f"R#{network}", f"RUN#{file_id}")
        if done is not None:
            if done["h"] != sha256:
                raise FileRejected(f"file {file_id} of {network} came before with other bytes")
            report = json.loads(str(done["j"]))
            files = tuple(report["clearingFiles"])
            return Run(network, file_id, report["previous"], files, report)
        free = Path("r").does_not_exist() | equals("r", file_id)
        actions = [Path("r").set(marshal(file_id)), Path("h").set(marshal(sha256))]
        try:
            head = self._table.update(f"R#{network}", "HEAD", actions, free)
        except ConditionFailed:
            raise ReconciliationBusy(f"another file of {network} is being reconciled") from None
        previous = str(head["l"]) if "l" in head else None
        return Run(network, file_id, previous, tuple(self._take_clearing_files(network, file_id)))

    def finish(self, run: Run, report: dict[str, Any]) -> None:
        head = self._table.get(f"R#{run.network}", "HEAD") or {}
        if head.get("r") != run.file_id:
            return  # finished by an earlier run of the same step
        item: Item = {
            "p": f"R#{run.network}",
            "s": f"RUN#{run.file_id}",
            "t": "n",
            "y": SCHEMA,
            "h": head["h"],
            "j": json.dumps(report),
        }
        transaction = self._table.transaction().put(item)
        actions = [Path("l").set(marshal(run.file_id)), Path("r").remove(), Path("h").remove()]
        transaction.update(f"R#{run.network}", "HEAD", actions, equals("r", run.file_id))
        transaction.commit()

    def _take_clearing_files(self, network: str, file_id: str) -> Iterator[str]:
        """Clearing files that no earlier settlement file was matched against."""
        for item in self._table.query(f"C#{network}"):
            taken_by = item.get("r")
            if taken_by is None:
                taken = [Path("r").set(marshal(file_id))]
                self._table.update(str(item["p"]), str(item["s"]), taken)
            if taken_by in {None, file_id}:
                yield str(item["s"])


class DynamoBreaks:
    """An item per reference number and kind."""

    def __init__(self, table: str | Table) -> None:
        self._table = Table(table) if isinstance(table, str) else table

    def seen(self, run: Run, lines: Sequence[Line], now: int) -> None:
        for line in lines:
            found = Break(
                network=run.network,
                arn=line.arn,
                kind=line.result,
                minor=line.minor,
                currency=line.currency,
                difference_minor=line.difference_minor,
                sid=line.sid,
                trans_id=line.trans_id,
                first_file=run.file_id,
                first_seen=now,
                files=1,
            )
            p, s = _key(run.network, line.arn, line.result)
            item: Item = {"p": p, "s": s, "t": "z", "y": SCHEMA, "f": 1, "lf": run.file_id}
            item["j"] = json.dumps(asdict(found))
            try:
                self._table.put(item, absent())
            except ConditionFailed:
                self._count(p, s, run.file_id)

    def closed(self, run: Run, lines: Iterable[Line]) -> None:
        for line in lines:
            p, s = _key(run.network, line.arn, str(line.closes))
            if self._table.get(p, s) is not None:
                self._table.update(p, s, [Path("c").set(marshal(run.file_id))])

    def all_of(self, network: str) -> Iterator[Break]:
        for item in self._table.query(f"X#{network}"):
            known = json.loads(str(item["j"]))
            yield Break(**known | {"files": item["f"], "closed_by": item.get("c", "")})

    def _count(self, p: str, s: str, file_id: str) -> None:
        """Seen in one more file, unless this very file was counted already."""
        actions = [Path("f").add(marshal(1)), Path("lf").set(marshal(file_id))]
        try:
            self._table.update(p, s, actions, Path("lf") != marshal(file_id))
        except ConditionFailed:
            return


def _key(network: str, arn: str, kind: str) -> tuple[str, str]:
    return f"X#{network}", f"{arn}#{kind}"

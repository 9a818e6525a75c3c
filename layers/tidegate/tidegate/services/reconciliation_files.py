"""Where a reconciliation keeps its partitions, and how a line is written: JSON, one a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from tidegate.domain.reconciliation import Line, Ours, Theirs
from tidegate.ports_settlement import Files

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class ReconciliationFiles:
    """The files of one network's reconciliations."""

    files: Files
    network: str

    def expected(self, clearing_file: str, partition: int) -> Iterator[Ours]:
        """Presentments of a clearing file."""
        key = f"expected/{self.network}/{clearing_file}/{partition:02d}.jsonl"
        return self._read(
            key,
            lambda line: Ours(
                line["arn"], line["minor"], line["currency"], line["sid"], line["transId"]
            ),
        )

    def write(self, file_id: str, part: str, partition: int, rows: Iterable[Any]) -> None:
        """``part`` is in, out, ours, theirs or postings."""
        content = "".join(f"{json.dumps(asdict(row))}\n" for row in rows).encode()
        self.files.put(self._key(file_id, part, partition), content, "application/jsonl")

    def theirs(self, file_id: str, part: str, partition: int) -> Iterator[Theirs]:
        """Lines of the settlement file (in), or carried unexplained ones (theirs)."""
        return self._read(self._key(file_id, part, partition), lambda line: Theirs(**line))

    def ours(self, file_id: str, partition: int) -> Iterator[Ours]:
        """Carried presentments."""
        return self._read(self._key(file_id, "ours", partition), lambda line: Ours(**line))

    def lines(self, file_id: str, partition: int) -> Iterator[Line]:
        """What came of each reference number."""
        return self._read(self._key(file_id, "out", partition), lambda line: Line(**line))

    def _key(self, file_id: str, part: str, partition: int) -> str:
        return f"reconciliation/{self.network}/{file_id}/{part}/{partition:02d}.jsonl"

    def _read(self, key: str, make: Callable[[dict[str, Any]], Made]) -> Iterator[Made]:
        content = self.files.get(key) or b""
        return (make(json.loads(line)) for line in content.splitlines())

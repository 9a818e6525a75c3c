"""What reconciliation keeps between one settlement file and the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tidegate.domain.reconciliation import Line

DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Run:
    """The reconciliation of one settlement file."""

    network: str
    file_id: str
    previous: str | None
    """The file before it, whose carry it takes over."""
    clearing_files: tuple[str, ...]
    """Whose presentments are looked for here for the first time."""
    report: dict[str, Any] | None = None
    """Set when it was done before."""


@dataclass(frozen=True, slots=True)
class Break:
    """A difference that an operator must look at."""

    network: str
    arn: str
    kind: str
    minor: int
    currency: str
    difference_minor: int
    sid: str
    trans_id: str
    first_file: str
    first_seen: int
    """Unix seconds."""
    files: int
    """In how many files it was seen."""
    closed_by: str = ""
    """The file that explained it; empty while it is open."""

    def days(self, now: int) -> int:
        """Its age in whole days."""
        return (now - self.first_seen) // DAY_S


class Runs(Protocol):
    """One file of a network after the other."""

    def begin(self, network: str, file_id: str, sha256: str) -> Run:
        """Take the network's turn. Raises ReconciliationBusy while another file has it,
        FileRejected if the id was
        used with other bytes. The same file again gets the same run."""

    def finish(self, run: Run, report: dict[str, Any]) -> None:
        """Record the report and let the next file begin; again is no change."""


class Breaks(Protocol):
    """Breaks by network."""

    def seen(self, run: Run, lines: Sequence[Line], now: int) -> None:
        """Open breaks, or count them once more for this file."""

    def closed(self, run: Run, lines: Iterable[Line]) -> None:
        """Close what this file explained."""

    def all_of(self, network: str) -> Iterator[Break]:
        """Open and closed ones."""

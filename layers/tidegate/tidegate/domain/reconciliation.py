"""What a network settled against what we presented, partition by partition, with plain dicts.

A presentment that is not in the file is a timing difference first: it is carried to the next file
without posting and
becomes a break when it is missing there too. Differences go to suspense and are reversed when a
later file explains
them. Amounts are signed from our side: purchases positive, refunds negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal

from tidegate.domain import postings
from tidegate.domain.postings import Posting

PARTITIONS = 8
PATIENCE_FILES = 2
"""In how many files a presentment may be missing before that is a break."""

Result = Literal[
    "matched", "amount", "currency", "duplicate", "missing_with_us", "missing_at_network", "carried"
]
BREAKS: tuple[Result, ...] = (
    "amount",
    "currency",
    "duplicate",
    "missing_with_us",
    "missing_at_network",
)


def partition_of(arn: str) -> int:
    """Where an acquirer reference number is matched."""
    return int.from_bytes(sha256(arn.encode()).digest()[:2], "big") % PARTITIONS


@dataclass(frozen=True, slots=True)
class Ours:
    """A presentment that waits to be settled."""

    arn: str
    minor: int
    currency: str
    sid: str
    trans_id: str
    files_missed: int = 0
    """In how many settlement files it was looked for in vain."""


@dataclass(frozen=True, slots=True)
class Theirs:
    """A line of a settlement file."""

    arn: str
    minor: int
    currency: str
    interchange_minor: int
    first_file: str = ""
    """The file it came with, for a line that we could not explain then."""


@dataclass(frozen=True, slots=True)
class Line:
    """What came of one reference number."""

    arn: str
    result: Result
    minor: int
    """Ours, or theirs where we know nothing of it."""
    currency: str
    difference_minor: int = 0
    sid: str = ""
    trans_id: str = ""
    closes: Result | None = None
    """The break of an earlier file that this explains."""


@dataclass
class Matched:
    """The outcome of one partition."""

    lines: list[Line] = field(default_factory=list)
    carried_ours: list[Ours] = field(default_factory=list)
    carried_theirs: list[Theirs] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)


def match(
    network: str,
    file_id: str,
    theirs: Iterable[Theirs],
    ours: Iterable[Ours],
    unexplained: Iterable[Theirs] = (),
) -> Matched:
    """Match one partition of a file.

    ``ours`` are presentments new and carried; ``unexplained`` are lines of earlier files that we
    knew nothing of.
    """
    outcome = Matched()
    book = _Book(network, file_id, outcome)
    waiting = {one.arn: one for one in ours}
    seen: set[str] = set()
    for line in theirs:
        if line.arn in seen:
            book.duplicate(line)
        elif line.arn in waiting:
            book.settle(line, waiting.pop(line.arn))
        else:
            book.unknown(line)
        seen.add(line.arn)
    for line in unexplained:
        if line.arn in waiting:
            book.explain(line, waiting.pop(line.arn))
        else:
            outcome.carried_theirs.append(line)
    for one in waiting.values():
        book.missing(one)
    return outcome


@dataclass
class _Book:
    """Writes lines and postings of one partition."""

    network: str
    file_id: str
    out: Matched

    def settle(self, line: Theirs, ours: Ours) -> None:
        closes: Result | None = (
            "missing_at_network" if ours.files_missed >= PATIENCE_FILES else None
        )
        if line.currency != ours.currency:
            # Two currencies have no difference: what came is held, what we presented stays owed.
            self._line(ours, "currency", closes=closes)
            self._hold(line, line.minor - line.interchange_minor)
            return
        self._settled(line, ours.minor)
        difference = line.minor - ours.minor
        self._line(ours, "amount" if difference else "matched", difference, closes)
        if difference:
            self._hold(line, difference)

    def unknown(self, line: Theirs) -> None:
        self.out.lines.append(
            Line(line.arn, "missing_with_us", line.minor, line.currency, line.minor)
        )
        self._hold(line, line.minor - line.interchange_minor)
        self.out.carried_theirs.append(replace(line, first_file=self.file_id))

    def explain(self, line: Theirs, ours: Ours) -> None:
        """Our side came later than theirs: what was held is given back, then settled as usual."""
        self._hold(line, line.interchange_minor - line.minor, "release")
        before = len(self.out.lines)
        self.settle(line, ours)
        explained = self.out.lines[before]
        self.out.lines[before] = replace(explained, closes="missing_with_us")

    def duplicate(self, line: Theirs) -> None:
        number = sum(1 for one in self.out.lines if one.arn == line.arn)
        self.out.lines.append(Line(line.arn, "duplicate", line.minor, line.currency, line.minor))
        self._hold(line, line.minor - line.interchange_minor, f"duplicate{number}")

    def missing(self, ours: Ours) -> None:
        missed = replace(ours, files_missed=ours.files_missed + 1)
        self.out.carried_ours.append(missed)
        breaks = missed.files_missed >= PATIENCE_FILES
        self._line(missed, "missing_at_network" if breaks else "carried")

    def _line(
        self, ours: Ours, result: Result, difference: int = 0, closes: Result | None = None
    ) -> None:
        self.out.lines.append(
            Line(
                ours.arn,
                result,
                ours.minor,
                ours.currency,
                difference,
                ours.sid,
                ours.trans_id,
                closes,
            )
        )

    def _settled(self, line: Theirs, gross_minor: int) -> None:
        self.out.postings.append(
            postings.settled_by_network(
                f"{self.file_id}#{line.arn}#settled",
                currency=line.currency,
                network=self.network,
                gross_minor=gross_minor,
                interchange_minor=line.interchange_minor,
            )
        )

    def _hold(self, line: Theirs, difference_minor: int, why: str = "suspense") -> None:
        self.out.postings.append(
            postings.held_in_suspense(
                f"{self.file_id}#{line.arn}#{why}",
                currency=line.currency,
                network=self.network,
                difference_minor=difference_minor,
            )
        )


@dataclass
class Summary:
    """Counts and sums of a partition or of a whole file."""

    counts: dict[str, int] = field(default_factory=dict)
    theirs_minor: dict[str, int] = field(default_factory=dict)
    """Sum of the file's lines by currency."""
    accounts: dict[str, int] = field(default_factory=dict)
    """Sum of the postings by ``currency account``; adds up to zero per currency."""

    @classmethod
    def of(cls, outcome: Matched, theirs: Iterable[Theirs]) -> Summary:
        summary = cls()
        for line in outcome.lines:
            _add(summary.counts, line.result, 1)
            if line.closes:
                _add(summary.counts, "closed", 1)
        for one in theirs:
            _add(summary.theirs_minor, one.currency, one.minor)
        for posting in outcome.postings:
            for part in posting.lines:
                _add(summary.accounts, f"{posting.currency} {part.account}", part.minor)
        return summary

    def plus(self, other: Summary) -> Summary:
        """Both together."""
        for mine, more in (
            (self.counts, other.counts),
            (self.theirs_minor, other.theirs_minor),
            (self.accounts, other.accounts),
        ):
            for name, value in more.items():
                _add(mine, name, value)
        return self

    def write(self) -> dict[str, Any]:
        """As the state machine carries it."""
        return asdict(self)


def breaks_of(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines that an operator must look at."""
    return (line for line in lines if line.result in BREAKS)


def _add(sums: dict[str, int], name: str, value: int) -> None:
    sums[name] = sums.get(name, 0) + value

"""Match one partition of a settlement file; running it again writes the same."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from tidegate.domain.reconciliation import Summary, match
from tidegate.ports_settlement import Files
from tidegate.services.reconciliation_files import ReconciliationFiles


@dataclass(frozen=True, slots=True)
class MatchPartition:
    """The use case, over its port."""

    files: Files

    def __call__(
        self,
        network: str,
        file_id: str,
        partition: int,
        previous: str | None,
        clearing_files: list[str],
    ) -> Summary:
        """Counts and sums of the partition."""
        parts = ReconciliationFiles(self.files, network)
        theirs = list(parts.theirs(file_id, "in", partition))
        carried = parts.ours(previous, partition) if previous else iter(())
        unexplained = parts.theirs(previous, "theirs", partition) if previous else iter(())
        new = chain.from_iterable(parts.expected(name, partition) for name in clearing_files)
        outcome = match(network, file_id, theirs, chain(carried, new), unexplained)
        parts.write(file_id, "out", partition, outcome.lines)
        parts.write(file_id, "ours", partition, outcome.carried_ours)
        parts.write(file_id, "theirs", partition, outcome.carried_theirs)
        parts.write(file_id, "postings", partition, outcome.postings)
        return Summary.of(outcome, theirs)

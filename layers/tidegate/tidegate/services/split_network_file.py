"""First step of a reconciliation: take the network's turn, spread the file over partitions."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from tidegate.domain.clearing import SettledRecord
from tidegate.domain.errors import FileRejected
from tidegate.domain.reconciliation import PARTITIONS, Theirs, partition_of
from tidegate.ports_reconciliation import Run, Runs
from tidegate.ports_settlement import Files
from tidegate.services.reconciliation_files import ReconciliationFiles

ReadSettlement = Callable[[str, BinaryIO], Iterator[SettledRecord]]
"""(network, stream) -> records."""


@dataclass(frozen=True, slots=True)
class SplitNetworkFile:
    """The use case, over its ports."""

    runs: Runs
    files: Files
    read_settlement: ReadSettlement

    def __call__(self, network: str, file_id: str) -> Run:
        """The run. Raises ReconciliationBusy or FileRejected; a malformed file takes no turn."""
        content = self.files.get(f"network-files/{network}/{file_id}")
        if content is None:
            raise FileRejected(f"there is no file {file_id} of {network}")
        partitions: dict[int, list[Theirs]] = defaultdict(list)
        for record in self.read_settlement(network, io.BytesIO(content)):
            sign = 1 if record.kind == "purchase" else -1
            arn = record.acquirer_reference_number
            partitions[partition_of(arn)].append(
                Theirs(
                    arn,
                    sign * record.amount.minor,
                    record.amount.currency,
                    record.interchange_minor,
                )
            )
        run = self.runs.begin(network, file_id, sha256(content).hexdigest())
        if run.report is None:
            parts = ReconciliationFiles(self.files, network)
            for partition in range(PARTITIONS):
                parts.write(file_id, "in", partition, partitions[partition])
        return run

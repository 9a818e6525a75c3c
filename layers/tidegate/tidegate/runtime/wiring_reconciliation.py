"""Reconciliation joined to its adapters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, BinaryIO

from tidegate.adapters.dynamodb.reconciliation import DynamoBreaks, DynamoRuns
from tidegate.adapters.network_files import HttpNetworkFiles
from tidegate.adapters.s3_files import S3Files
from tidegate.domain.clearing import SettledRecord
from tidegate.ports_reconciliation import Run
from tidegate.runtime import bootstrap
from tidegate.services.close_reconciliation import CloseReconciliation
from tidegate.services.collect_network_files import CollectNetworkFiles
from tidegate.services.match_partition import MatchPartition
from tidegate.services.split_network_file import SplitNetworkFile


@cache
def files() -> S3Files:
    return S3Files(bootstrap.settings().files_bucket)


def collect_network_files() -> CollectNetworkFiles:
    return CollectNetworkFiles(files(), HttpNetworkFiles(bootstrap.settings().links))


def split_network_file() -> SplitNetworkFile:
    return SplitNetworkFile(DynamoRuns(bootstrap.settings().table), files(), _read_settlement)


def match_partition() -> MatchPartition:
    return MatchPartition(files())


def close_reconciliation() -> CloseReconciliation:
    table = bootstrap.settings().table
    return CloseReconciliation(DynamoRuns(table), DynamoBreaks(table), files(), bootstrap.clock())


def run_of(given: dict[str, Any]) -> Run:
    """The run as the state machine carries it."""
    return Run(
        given["network"],
        given["fileId"],
        given["previous"],
        tuple(given["clearingFiles"]),
        given["report"],
    )


def _read_settlement(network: str, stream: BinaryIO) -> Iterator[SettledRecord]:
    from tidegate.networks.clearing import format_of

    return format_of(network).read_settlement(stream)

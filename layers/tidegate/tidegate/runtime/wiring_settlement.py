"""Settlement joined to its adapters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from typing import Any

from tidegate.adapters.dynamodb.ledger import DynamoLedger, DynamoRecords
from tidegate.adapters.network_files import HttpNetworkFiles
from tidegate.adapters.s3_files import S3Files
from tidegate.adapters.settlement import SnsSesAnnouncer, StandardSettlementWorkflow
from tidegate.domain.clearing import Presentment
from tidegate.domain.ledger import BatchKey
from tidegate.runtime import bootstrap
from tidegate.services.announce_settlement import AnnounceSettlement
from tidegate.services.close_batch import CloseBatch
from tidegate.services.deliver_clearing import DeliverClearing
from tidegate.services.record_postings import RecordPostings
from tidegate.services.settle_batch import SettleBatch
from tidegate.services.start_settlements import StartSettlements


def batch_key(event: dict[str, Any]) -> BatchKey:
    """The batch that a task is about."""
    return BatchKey(event["sid"], event["currency"], event["businessDate"])


@cache
def ledger() -> DynamoLedger:
    return DynamoLedger(bootstrap.settings().table)


@cache
def files() -> S3Files:
    return S3Files(bootstrap.settings().files_bucket)


@cache
def network_files() -> HttpNetworkFiles:
    return HttpNetworkFiles(bootstrap.settings().links)


def record_postings() -> RecordPostings:
    return RecordPostings(ledger())


def start_settlements() -> StartSettlements:
    settings = bootstrap.settings()
    workflow = StandardSettlementWorkflow(settings.settlement_state_machine_arn)
    return StartSettlements(
        bootstrap.stores(), ledger(), workflow, bootstrap.clock(), settings.settlement_grace_s
    )


def close_batch() -> CloseBatch:
    settings = bootstrap.settings()
    from tidegate.networks.clearing import presents

    return CloseBatch(
        bootstrap.stores(), ledger(), bootstrap.clock(), settings.settlement_grace_s, presents
    )


def deliver_clearing() -> DeliverClearing:
    return DeliverClearing(
        bootstrap.stores(),
        ledger(),
        DynamoRecords(bootstrap.settings().table),
        bootstrap.vault(),
        files(),
        network_files(),
        _write_clearing,
    )


def settle_batch() -> SettleBatch:
    return SettleBatch(bootstrap.stores(), ledger(), files())


def announce_settlement() -> AnnounceSettlement:
    from tidegate.adapters.notices import SesMailer

    settings = bootstrap.settings()
    announcer = SnsSesAnnouncer(settings.events_topic_arn, SesMailer(settings.mail_from))
    return AnnounceSettlement(bootstrap.stores(), ledger(), announcer)


def _write_clearing(
    network: str, file_id: str, acquirer_id: str, day: date, presentments: Iterable[Presentment]
) -> Iterator[bytes]:
    from tidegate.networks.clearing import format_of

    return format_of(network).write_clearing(file_id, acquirer_id, day, presentments)

"""A store's day from capture to payout over DynamoDB and S3 (moto), with a network behind it that
reads clearing files as the sandbox hosts do."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import boto3

from local import deploy
from sandbox.base2 import Base2
from sandbox.clearing import ClearingFormat, MalformedFile
from sandbox.clearing import Presentment as Taken
from sandbox.ipm import Ipm
from tests.support.gateway import Gateway
from tests.support.memory import VISA_CARD, ScriptedNetwork, SetClock
from tests.support.tables import client, new_table
from tidegate.adapters.dynamodb.ledger import DynamoLedger, DynamoRecords
from tidegate.adapters.dynamodb.payments import DynamoPayments
from tidegate.adapters.dynamodb.stream import events_in
from tidegate.adapters.s3_files import S3Files
from tidegate.domain.clearing import Presentment
from tidegate.domain.errors import FileRejected
from tidegate.domain.ledger import BatchKey, Movement
from tidegate.domain.message import Card, NetworkAnswer
from tidegate.domain.money import Money
from tidegate.networks.clearing import format_of, presents
from tidegate.services.announce_settlement import AnnounceSettlement
from tidegate.services.close_batch import CloseBatch
from tidegate.services.commands import CreatePayment
from tidegate.services.deliver_clearing import DeliverClearing
from tidegate.services.record_postings import RecordPostings
from tidegate.services.settle_batch import SettleBatch
from tidegate.services.start_settlements import StartSettlements

SID = "S024116"
MASTERCARD_CARD = "5120350100064594"
FIRST_DAY, SECOND_DAY, THIRD_DAY = "20250304", "20250305", "20250306"
DAY_S = 24 * 3600
GRACE_S = 900
BUCKET = "files"
_TABLES = itertools.count(1)
_READERS: dict[str, ClearingFormat] = {"visa": Base2(), "mastercard": Ipm()}


def key(day: str = FIRST_DAY, currency: str = "HKD") -> BatchKey:
    """A batch of the store."""
    return BatchKey(SID, currency, day)


@dataclass
class Gate:
    """The networks' file-transfer services, with the rules of docs/networks.md."""

    files: dict[str, bytes] = field(default_factory=dict)
    deliveries: list[str] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)

    def deliver(self, network: str, file_id: str, content: bytes) -> None:
        self.deliveries.append(file_id)
        if self.trouble:
            raise self.trouble.pop(0)
        try:
            _READERS[network].parse(content, file_id)
        except MalformedFile as error:
            raise FileRejected(str(error)) from error
        if self.files.setdefault(file_id, content) != content:
            raise FileRejected("the id was used with other bytes")

    def taken(self, network: str) -> list[Taken]:
        """Every presentment that a network holds."""
        return [
            one
            for file_id, content in self.files.items()
            if f"-{network}-" in file_id
            for one in _READERS[network].parse(content, file_id)
        ]

    def listed(self, network: str) -> list[dict[str, Any]]:
        return []

    def fetch(self, network: str, file_id: str) -> bytes:
        raise FileRejected("there is no such file")


@dataclass
class Told:
    """Who was told what."""

    mails: list[tuple[str | None, str, str]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def settlement(self, to: str | None, subject: str, text: str, event: dict[str, Any]) -> None:
        self.mails.append((to, subject, text))
        self.events.append(event)


@dataclass
class Machine:
    """The state machine's door."""

    started: list[BatchKey] = field(default_factory=list)

    def start(self, batch: BatchKey) -> bool:
        new = batch not in self.started
        self.started.append(batch)
        return new


class House:
    """The gateway, and everything that settles what it took."""

    def __init__(self, **store: Any) -> None:
        name = f"settlement-{next(_TABLES)}"
        self.table = new_table(None, name)
        self.client = client(None)
        boto3.client("s3", region_name=deploy.REGION).create_bucket(Bucket=BUCKET)
        self.gateway = Gateway(payments=DynamoPayments(self.table))
        self.store = self.gateway.store
        self.clock: SetClock = self.gateway.clock
        self.ledger = DynamoLedger(self.table)
        self.files, self.gate, self.told = S3Files(BUCKET), Gate(), Told()
        self.machine = Machine()
        stores = self.gateway.stores
        self.record = RecordPostings(self.ledger)
        self.close = CloseBatch(stores, self.ledger, self.clock, GRACE_S, presents)
        self.settle = SettleBatch(stores, self.ledger, self.files)
        self.announce = AnnounceSettlement(stores, self.ledger, self.told)
        self.start = StartSettlements(stores, self.ledger, self.machine, self.clock, GRACE_S)
        self.deliver = DeliverClearing(
            stores,
            self.ledger,
            DynamoRecords(self.table),
            self.gateway.vault,
            self.files,
            self.gate,
            write_clearing,
        )

    # What a merchant does.

    def capture(
        self, trans_id: str, minor: int, *, pan: str = VISA_CARD, currency: str = "HKD"
    ) -> str:
        """A payment captured at once."""
        if pan == MASTERCARD_CARD:
            network = self.gateway.networks["mastercard"]
            assert isinstance(network, ScriptedNetwork)
            network.replies.append(NetworkAnswer("00", "55M3C1", "MCC000000451"))
        command = CreatePayment(
            trans_id=trans_id,
            trans_time="2025-03-04T09:10:11Z",
            amount=Money(minor, currency),
            means=Card(pan, "4912", "321"),
            capture_after_hours=0,
        )
        payment = self.gateway.create(self.store, command).payment
        assert payment.captured_minor == minor
        return trans_id

    def refund(self, trans_id: str, of: str, minor: int) -> str:
        """A refund that its network approves under references of its own."""
        self.gateway.visa.replies.append(NetworkAnswer("00", "REF001", "000000000777777"))
        self.gateway.change("refund", trans_id, minor, of=of)
        return of

    # What the stream delivers.

    def stream(self, *trans_ids: str, known: int = 0) -> int:
        """Records of payments as they stand, ``known`` being the version before; the movements
        that they brought."""
        records = [self.record_of(one, known) for one in trans_ids]
        return self.record(event for one in records for event in events_in(one))

    def record_of(self, trans_id: str, known: int = 0) -> dict[str, Any]:
        """A stream record as Lambda hands it over: binary attributes in base64."""
        image = self.client.get_item(
            TableName=self.table.name, Key={"p": {"S": f"T#{SID}#{trans_id}"}, "s": {"S": "T"}}
        )["Item"]
        shown = {
            name: {"B": base64.b64encode(typed["B"]).decode()} if "B" in typed else typed
            for name, typed in image.items()
        }
        change: dict[str, Any] = {"NewImage": shown, "SequenceNumber": "1"}
        if known:
            change["OldImage"] = shown | {"v": {"N": str(known)}}
        return {"eventName": "MODIFY", "dynamodb": change}

    # What settlement does, in the order of its state machine.

    def settle_day(self, batch: BatchKey, times: int = 1) -> dict[str, Any]:
        """Every task of settlement.asl.json, each ``times`` times over."""
        for _ in range(times):
            networks = self.close(batch, now=True)
        for network, acquirer_id in networks:
            for _ in range(times):
                self.deliver(batch, network, acquirer_id)
        for _ in range(times):
            result = self.settle(batch)
        for _ in range(times):
            self.announce(batch, result)
        return result

    # What is to be seen.

    def booked(self, batch: BatchKey) -> dict[str, Movement]:
        """A batch's movements by the id of their payment or refund."""
        found = list(self.ledger.movements(batch))
        by_id = {one.operation_trans_id or one.trans_id: one for one in found}
        assert len(by_id) == len(found), "a movement is booked twice"
        return by_id

    def file(self, name: str) -> str:
        content = self.files.get(name)
        assert content is not None, f"there is no {name}"
        return content.decode()

    def objects(self) -> dict[str, bytes]:
        """Everything in the bucket."""
        listed = boto3.client("s3", region_name=deploy.REGION).list_objects_v2(Bucket=BUCKET)
        names = [one["Key"] for one in listed.get("Contents", ())]
        return {name: self.files.get(name) or b"" for name in names}

    def items(self) -> list[dict[str, Any]]:
        """Everything in the table."""
        found: list[dict[str, Any]] = self.client.scan(TableName=self.table.name)["Items"]
        return found


def write_clearing(
    network: str, file_id: str, acquirer_id: str, day: date, presentments: Iterable[Presentment]
) -> Iterator[bytes]:
    """The network's own format."""
    return format_of(network).write_clearing(file_id, acquirer_id, day, presentments)

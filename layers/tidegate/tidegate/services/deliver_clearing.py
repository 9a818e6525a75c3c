"""Present a batch to one network: what we expect is written down first, then the file is made and
handed over.

The file exists in memory only, because it holds card numbers. A second run makes the same bytes,
which the network takes
as the same file.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import islice

from tidegate.domain.clearing import Presentment, acquirer_reference_number
from tidegate.domain.errors import BatchOutOfOrder
from tidegate.domain.ledger import CAPTURE, PAYOUT, REFUND, BatchKey, Movement
from tidegate.domain.legs import local_time
from tidegate.domain.message import Kind
from tidegate.domain.money import Money
from tidegate.domain.payment import Payment, PaymentOperation
from tidegate.domain.reconciliation import PARTITIONS, partition_of
from tidegate.domain.store import Store
from tidegate.ports import Record, StoreDirectory, Vault
from tidegate.ports_settlement import OPEN, Files, Ledger, NetworkFiles, Records
from tidegate.services.card_seal import unseal_card
from tidegate.services.settlement_calendar import parsed_day

CHUNK = 100
_KINDS: dict[str, Kind] = {CAPTURE: "purchase", REFUND: "refund", PAYOUT: "payout"}
WriteClearing = Callable[[str, str, str, date, Iterable[Presentment]], Iterator[bytes]]
"""(network, file id, acquirer id, date, presentments) -> the file."""


@dataclass(frozen=True, slots=True)
class DeliverClearing:
    """The use case, over its ports."""

    stores: StoreDirectory
    ledger: Ledger
    records: Records
    vault: Vault
    files: Files
    network_files: NetworkFiles
    write_clearing: WriteClearing

    def __call__(self, key: BatchKey, network: str, acquirer_id: str) -> tuple[str, int]:
        """The file's id and how many presentments it holds. Raises FileRejected, and
        BatchOutOfOrder for a batch that is not closed: its file would not stay the same."""
        batch = self.ledger.batch(key)
        if batch is None or batch.status == OPEN:
            raise BatchOutOfOrder(f"batch {key} is not closed yet")
        store = self.stores.get(key.sid)
        movements = [
            one
            for one in self.ledger.movements(key)
            if (one.network, one.acquirer_id) == (network, acquirer_id)
        ]
        presentments = list(self._presentments(store, key, movements))
        file_id = f"TG-{key}-{network}-{acquirer_id}"
        self._expect(network, file_id, key, movements, presentments)
        day = parsed_day(key.day)
        content = b"".join(self.write_clearing(network, file_id, acquirer_id, day, presentments))
        self.network_files.deliver(network, file_id, content)
        self.ledger.clearing_delivered(network, file_id, sha256(content).hexdigest())
        return file_id, len(presentments)

    def _expect(
        self,
        network: str,
        file_id: str,
        key: BatchKey,
        movements: list[Movement],
        presentments: list[Presentment],
    ) -> None:
        """What reconciliation will look for in the network's own file, without a card number."""
        lines: dict[int, list[str]] = defaultdict(list)
        for movement, one in zip(movements, presentments, strict=True):
            line = {
                "arn": one.acquirer_reference_number,
                "minor": movement.signed_minor,
                "currency": key.currency,
                "sid": key.sid,
                "transId": movement.operation_trans_id or movement.trans_id,
            }
            lines[partition_of(one.acquirer_reference_number)].append(json.dumps(line))
        for partition in range(PARTITIONS):
            content = "".join(f"{line}\n" for line in lines[partition]).encode()
            self.files.put(
                f"expected/{network}/{file_id}/{partition:02d}.jsonl", content, "application/jsonl"
            )
        self.ledger.register_clearing(network, file_id, key, len(presentments))

    def _presentments(
        self, store: Store, key: BatchKey, movements: list[Movement]
    ) -> Iterator[Presentment]:
        rest = iter(movements)
        while chunk := list(islice(rest, CHUNK)):
            ids = {one.trans_id for one in chunk} | {one.operation_trans_id for one in chunk}
            found = self.records.many(key.sid, ids - {""})
            for one in chunk:
                yield self._presentment(store, key, one, found)

    def _presentment(
        self, store: Store, key: BatchKey, movement: Movement, found: dict[str, Record]
    ) -> Presentment:
        payment = found[movement.trans_id]
        assert isinstance(payment, Payment)
        sent = found[movement.operation_trans_id] if movement.kind == REFUND else payment
        assert movement.kind != REFUND or isinstance(sent, PaymentOperation)
        assert sent.leg is not None
        assert sent.answer is not None
        return Presentment(
            acquirer_reference_number=acquirer_reference_number(
                sent.leg.acquirer_id, parsed_day(key.day), sent.leg.sequence
            ),
            kind=_KINDS[movement.kind],
            amount=Money(movement.gross_minor, key.currency),
            authorized_minor=sent.amount.minor,
            card=unseal_card(self.vault, payment.sid, payment.trans_id, payment.sealed_card),
            acceptor=store.acceptor,
            terminal_id=sent.leg.terminal_id,
            rrn=sent.leg.rrn,
            authorization_code=sent.answer.authorization_code or "",
            scheme_reference=sent.answer.scheme_reference or "",
            local_time=local_time(sent.created_at, store.time_zone),
        )

"""The ports of settlement and reconciliation in memory, honest about what is recorded once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.support.memory import MemoryPayments
from tidegate.domain.errors import BatchClosed, FileRejected
from tidegate.domain.ledger import BatchKey, Movement
from tidegate.ports import Record
from tidegate.ports_settlement import ANNOUNCED, CLOSED, OPEN, SETTLED, Batch


class MemoryLedger:
    """A Ledger of lists."""

    def __init__(self) -> None:
        self.rows: dict[BatchKey, list[list[Movement]]] = {}
        self.states: dict[BatchKey, Batch] = {}
        self.clearing: dict[tuple[str, str], str | None] = {}

    def add(self, key: BatchKey, movements: Sequence[Movement]) -> None:
        if self.states.setdefault(key, Batch(key, OPEN)).status != OPEN:
            raise BatchClosed
        self.rows.setdefault(key, []).append(list(movements))

    def movements(self, key: BatchKey) -> Iterator[Movement]:
        found = {one.id: one for row in self.rows.get(key, ()) for one in row}
        yield from (found[name] for name in sorted(found))

    def batch(self, key: BatchKey) -> Batch | None:
        return self.states.get(key)

    def close(self, key: BatchKey) -> Batch:
        return self._advance(key, OPEN, CLOSED)

    def settle(self, key: BatchKey, result: dict[str, Any]) -> Batch:
        return self._advance(key, CLOSED, SETTLED, result)

    def announced(self, key: BatchKey) -> None:
        self._advance(key, SETTLED, ANNOUNCED)

    def batches(self, sid: str, currency: str, since: str) -> Iterator[Batch]:
        for key in sorted(self.states, key=lambda one: one.day):
            if (key.sid, key.currency) == (sid, currency) and key.day >= since:
                yield self.states[key]

    def previous(self, key: BatchKey) -> Batch | None:
        earlier = [one for one in self.batches(key.sid, key.currency, "") if one.key.day < key.day]
        return earlier[-1] if earlier else None

    def register_clearing(self, network: str, file_id: str, key: BatchKey, records: int) -> None:
        self.clearing.setdefault((network, file_id), None)

    def clearing_delivered(self, network: str, file_id: str, sha256: str) -> None:
        self.clearing[network, file_id] = sha256

    def _advance(
        self, key: BatchKey, before: str, after: str, result: dict[str, Any] | None = None
    ) -> Batch:
        batch = self.states.setdefault(key, Batch(key, OPEN))
        if batch.status == before:
            batch = replace(batch, status=after, result=result or batch.result)
            self.states[key] = batch
        return batch


@dataclass
class MemoryRecords:
    """Records over the payments in memory."""

    payments: MemoryPayments

    def many(self, sid: str, trans_ids: Iterable[str]) -> dict[str, Record]:
        found = {one: self.payments.get(sid, one) for one in trans_ids}
        return {name: record for name, record in found.items() if record is not None}


@dataclass
class MemoryFiles:
    """Files in a dict."""

    held: dict[str, bytes] = field(default_factory=dict)

    def put(self, key: str, content: bytes, content_type: str = "application/octet-stream") -> None:
        self.held[key] = content

    def get(self, key: str) -> bytes | None:
        return self.held.get(key)

    def has(self, key: str) -> bool:
        return key in self.held


@dataclass
class MemoryNetworkFiles:
    """A network's file service that takes a file once."""

    taken: dict[str, bytes] = field(default_factory=dict)
    offered: dict[str, bytes] = field(default_factory=dict)
    deliveries: int = 0

    def deliver(self, network: str, file_id: str, content: bytes) -> None:
        self.deliveries += 1
        if self.taken.setdefault(file_id, content) != content:
            raise FileRejected("the id was used with other bytes")

    def listed(self, network: str) -> list[dict[str, Any]]:
        from hashlib import sha256

        return [
            {"file_id": name, "bytes": len(content), "sha256": sha256(content).hexdigest()}
            for name, content in self.offered.items()
        ]

    def fetch(self, network: str, file_id: str) -> bytes:
        return self.offered[file_id]


@dataclass
class MemoryAnnouncer:
    """What was announced."""

    said: list[tuple[str | None, str, str]] = field(default_factory=list)

    def settlement(self, to: str | None, subject: str, text: str, event: dict[str, Any]) -> None:
        self.said.append((to, subject, text))

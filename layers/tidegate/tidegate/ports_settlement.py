"""What settlement needs from the world."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tidegate.domain.ledger import BatchKey, Movement
from tidegate.ports import Record

OPEN, CLOSED, SETTLED, ANNOUNCED = "open", "closed", "settled", "announced"


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as far as it has come; ``result`` is what settling it gave."""

    key: BatchKey
    status: str
    result: dict[str, Any] = field(default_factory=dict)


class Ledger(Protocol):
    """Movements, packed per batch, and the batches they belong to."""

    def add(self, key: BatchKey, movements: Sequence[Movement]) -> None:
        """Write movements down together; the same again is no change.

        Raises BatchClosed for a batch that is closed, and for one that was never opened before a
        later one was closed: what a closed batch follows never changes, so a carry is taken once.
        """

    def movements(self, key: BatchKey) -> Iterator[Movement]:
        """A batch's movements, each once, in order of their ids."""

    def batch(self, key: BatchKey) -> Batch | None:
        """The batch as far as it has come; None if nothing was ever booked into it."""

    def close(self, key: BatchKey) -> Batch:
        """Let nothing more into a batch that exists; the batch as it is."""

    def settle(self, key: BatchKey, result: dict[str, Any]) -> Batch:
        """Record the result, once: a second call gives the first one's."""

    def announced(self, key: BatchKey) -> None:
        """Record that everybody was told."""

    def batches(self, sid: str, currency: str, since: str) -> Iterator[Batch]:
        """Batches from a day (YYYYMMDD) on, oldest first."""

    def previous(self, key: BatchKey) -> Batch | None:
        """The batch before this one."""

    def register_clearing(self, network: str, file_id: str, key: BatchKey, records: int) -> None:
        """Write down a clearing file before it is delivered; again is no change."""

    def clearing_delivered(self, network: str, file_id: str, sha256: str) -> None:
        """Record that the network has it."""


class Records(Protocol):
    """Payments and operations in bulk."""

    def many(self, sid: str, trans_ids: Iterable[str]) -> dict[str, Record]:
        """Items by merchantTransID; absent ones are left out."""


class Files(Protocol):
    """Files at rest; none holds a card number."""

    def put(self, key: str, content: bytes, content_type: str = "application/octet-stream") -> None:
        """Write or overwrite."""

    def get(self, key: str) -> bytes | None:
        """The content, None if there is none."""

    def has(self, key: str) -> bool:
        """Whether there is such a file; its content is not read."""


class NetworkFiles(Protocol):
    """The networks' file-transfer services."""

    def deliver(self, network: str, file_id: str, content: bytes) -> None:
        """Hand over a clearing file; again with the same bytes is no change. Raises
        FileRejected."""

    def listed(self, network: str) -> list[dict[str, Any]]:
        """Settlement files that a network offers: file_id, bytes, sha256; oldest first."""

    def fetch(self, network: str, file_id: str) -> bytes:
        """One settlement file."""


class Announcer(Protocol):
    """Who is told of a settlement."""

    def settlement(self, to: str | None, subject: str, text: str, event: dict[str, Any]) -> None:
        """A mail, where there is an address, and a message to the topic."""


class SettlementWorkflow(Protocol):
    """The state machine that settles one batch."""

    def start(self, key: BatchKey) -> bool:
        """Start it unless it runs or has succeeded. Whether the start was taken; AWS takes an equal
        start of a running one as well, and does nothing."""

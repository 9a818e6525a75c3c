"""Clearing and settlement in a host's books: take files, cut the day."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass

from sandbox.books import Books
from sandbox.clearing import ClearingFormat, Presentment

LATE_ENDING = 77
"""A presentment whose amount ends so is settled one cut later."""


_PRESENTED_AS = {
    "purchase": ("purchase",),
    "refund": ("refund",),
    "payout": ("payout", "refund"),
}


class FileIdInUse(Exception):
    """The file id came before with other bytes."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a clearing file."""

    file_id: str
    accepted: int
    rejected: int
    new: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """One settlement file."""

    file_id: str
    records: int


class ClearingDesk:
    """The clearing side of one host."""

    def __init__(self, network: str, books: Books, file_format: ClearingFormat) -> None:
        self._network = network
        self._books = books
        self._format = file_format

    def take(self, file_id: str, content: bytes) -> Receipt:
        """Book a clearing file, all or nothing.

        Raises `FileIdInUse` or `sandbox.clearing.MalformedFile`.
        """
        digest = hashlib.sha256(content).hexdigest()
        with self._books.transaction() as db:
            if (receipt := _receipt(db, file_id, digest)) is not None:
                return receipt
        presentments = self._format.parse(content, file_id)  # outside: payments go on meanwhile
        with self._books.transaction() as db:
            if (receipt := _receipt(db, file_id, digest)) is not None:
                return receipt
            received_at = self._books.now().isoformat(timespec="milliseconds")
            db.execute(
                "INSERT INTO clearing_files VALUES (?, ?, 0, 0, ?)", (file_id, digest, received_at)
            )
            taken = [self._present(db, file_id, presentment) for presentment in presentments]
            accepted, rejected = taken.count(True), taken.count(False)
            db.execute(
                "UPDATE clearing_files SET accepted = ?, rejected = ? WHERE file_id = ?",
                (accepted, rejected, file_id),
            )
        return Receipt(file_id, accepted, rejected, new=True)

    def cut(self) -> Cut | None:
        """Close the day: one settlement file of what is accepted and due, None if nothing is."""
        with self._books.transaction() as db:
            due = db.execute(
                "SELECT id, record FROM presentments WHERE status = 'accepted'"
                " AND (held_back = 1 OR amount_minor % 100 <> ?) ORDER BY id",
                (LATE_ENDING,),
            ).fetchall()
            db.execute("UPDATE presentments SET held_back = 1 WHERE status = 'accepted'")
            if not due:
                return None
            today = self._books.now().date()
            sequence = db.execute(
                "SELECT coalesce(max(sequence), 0) + 1 FROM settlement_files"
            ).fetchone()[0]
            file_id = f"{self._network}-settlement-{today:%Y%m%d}-{sequence:05d}"
            content = self._format.settlement(
                file_id, sequence, today, [row["record"] for row in due]
            )
            db.execute(
                "INSERT INTO settlement_files VALUES (?, ?, ?, ?, ?)",
                (
                    sequence,
                    file_id,
                    hashlib.sha256(content).hexdigest(),
                    content,
                    self._books.now().isoformat(timespec="milliseconds"),
                ),
            )
            db.executemany(
                "UPDATE presentments SET status = 'settled', settlement_file_id = ? WHERE id = ?",
                [(file_id, row["id"]) for row in due],
            )
        return Cut(file_id, len(due))

    def settlement_files(self) -> list[dict[str, object]]:
        """The settlement files, oldest first."""
        with self._books.transaction() as db:
            rows = db.execute(
                "SELECT file_id, length(content) AS bytes, sha256"
                " FROM settlement_files ORDER BY sequence"
            ).fetchall()
        return [dict(row) for row in rows]

    def settlement_file(self, file_id: str) -> bytes | None:
        """One settlement file's bytes."""
        with self._books.transaction() as db:
            row = db.execute(
                "SELECT content FROM settlement_files WHERE file_id = ?", (file_id,)
            ).fetchone()
        return bytes(row["content"]) if row is not None else None

    def _present(self, db: sqlite3.Connection, file_id: str, presentment: Presentment) -> bool:
        authorization = db.execute(
            "SELECT * FROM authorizations WHERE network_reference = ?",
            (presentment.network_reference,),
        ).fetchone()
        reason = self._disagreement(db, presentment, authorization)
        db.execute(
            "INSERT INTO presentments (file_id, acquirer_reference_number, kind, amount_minor,"
            " currency, authorization_id, status, reason, record)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                file_id,
                presentment.acquirer_reference_number,
                presentment.kind,
                presentment.amount_minor,
                presentment.currency,
                authorization["id"] if authorization is not None else None,
                "rejected" if reason else "accepted",
                reason,
                presentment.record,
            ),
        )
        if reason is None:
            db.execute(
                "UPDATE authorizations SET presented_minor = presented_minor + ? WHERE id = ?",
                (presentment.amount_minor, authorization["id"]),
            )
        return reason is None

    def _disagreement(
        self, db: sqlite3.Connection, presentment: Presentment, authorization: sqlite3.Row | None
    ) -> str | None:
        """Why the presentment is not accepted against its authorization, None if it is."""
        if authorization is None:
            return "no authorization has this network reference"
        open_minor = authorization["remaining_minor"] - authorization["presented_minor"]
        reasons = {
            "the card differs": authorization["pan_hash"] != self._books.pan_hash(presentment.pan),
            "the authorization code differs": authorization["authorization_code"]
            != presentment.authorization_code,
            "the currency differs": authorization["currency"] != presentment.currency,
            "the kind differs": presentment.kind not in _PRESENTED_AS[authorization["kind"]],
            "the authorization is reversed": authorization["reversed"],
            "more is presented than remains authorized": presentment.amount_minor > open_minor,
            "the acquirer reference number was presented before": _is_presented(db, presentment),
        }
        return next((reason for reason, applies in reasons.items() if applies), None)


def _receipt(db: sqlite3.Connection, file_id: str, digest: str) -> Receipt | None:
    row = db.execute("SELECT * FROM clearing_files WHERE file_id = ?", (file_id,)).fetchone()
    if row is None:
        return None
    if row["sha256"] != digest:
        raise FileIdInUse(f"The file id {file_id} was used with other bytes.")
    return Receipt(file_id, row["accepted"], row["rejected"], new=False)


def _is_presented(db: sqlite3.Connection, presentment: Presentment) -> bool:
    found = db.execute(
        "SELECT 1 FROM presentments WHERE acquirer_reference_number = ? AND status <> 'rejected'",
        (presentment.acquirer_reference_number,),
    ).fetchone()
    return found is not None

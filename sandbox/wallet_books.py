"""A wallet's books: orders, what became of them, refunds; in SQLite, found again after a kill."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

OPEN, PAID, FAILED, CANCELLED = "PROCESSING", "SUCCESS", "FAIL", "CANCELLED"

_TABLES = """
CREATE TABLE IF NOT EXISTS orders (
    request_id TEXT PRIMARY KEY, payment_id TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL,
    request TEXT NOT NULL, status TEXT NOT NULL, code TEXT NOT NULL, currency TEXT NOT NULL,
    amount INTEGER NOT NULL, refunded INTEGER NOT NULL DEFAULT 0, expires_at TEXT NOT NULL,
    method TEXT NOT NULL, answer_withheld INTEGER NOT NULL DEFAULT 0, paid_at TEXT,
    told INTEGER NOT NULL DEFAULT 1, tries INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS refunds (
    request_id TEXT PRIMARY KEY, refund_id TEXT NOT NULL UNIQUE, order_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL, amount INTEGER NOT NULL, made_at TEXT NOT NULL);
"""


class Refused(Exception):
    """What is asked is not possible; carries the result code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class WalletBooks:
    """The store of a wallet, in ``state_dir``; safe to use from several threads."""

    def __init__(self, state_dir: Path) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            state_dir / "wallet.sqlite3", isolation_level=None, check_same_thread=False
        )
        self._db.row_factory = sqlite3.Row
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _TABLES)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def place(self, request: dict[str, Any], status: str, code: str) -> sqlite3.Row:
        """A new order, or the one that the same request made; raises `Refused`."""
        fingerprint = _fingerprint(request)
        amount = request["paymentAmount"]
        with self._transaction() as db:
            known = self.order(request["paymentRequestId"])
            if known is not None:
                if known["fingerprint"] != fingerprint:
                    raise Refused("REPEAT_REQ_INCONSISTENT")
                return known
            method = dict(request["paymentMethod"])
            method.pop("paymentMethodId", None)  # a payment code is kept nowhere
            kept = {**request, "paymentMethod": method}
            db.execute(
                "INSERT INTO orders (request_id, payment_id, fingerprint, request, status, code,"
                " currency, amount, expires_at, method, paid_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    request["paymentRequestId"],
                    uuid.uuid4().hex,
                    fingerprint,
                    json.dumps(kept),
                    status,
                    code,
                    amount["currency"],
                    int(amount["value"]),
                    request["paymentExpiryTime"],
                    request["paymentMethod"]["paymentMethodType"],
                    _now() if status == PAID else None,
                ),
            )
        placed = self.order(request["paymentRequestId"])
        assert placed is not None
        return placed

    def order(self, request_id: str) -> sqlite3.Row | None:
        """As it stands; one that nobody paid in time has failed."""
        with self._lock:
            self._expire()
            row: sqlite3.Row | None = self._db.execute(
                "SELECT * FROM orders WHERE request_id = ?", (request_id,)
            ).fetchone()
        return row

    def by_payment_id(self, payment_id: str) -> sqlite3.Row | None:
        with self._lock:
            self._expire()
            row: sqlite3.Row | None = self._db.execute(
                "SELECT * FROM orders WHERE payment_id = ?", (payment_id,)
            ).fetchone()
        return row

    def end(self, payment_id: str, status: str, code: str) -> bool:
        """The payer's decision; False if the order is not open any more."""
        with self._transaction() as db:
            self._expire()
            changed = db.execute(
                "UPDATE orders SET status = ?, code = ?, paid_at = ?, told = 0"
                " WHERE payment_id = ? AND status = ?",
                (status, code, _now() if status == PAID else None, payment_id, OPEN),
            )
        return changed.rowcount == 1

    def cancel(self, request_id: str) -> sqlite3.Row:
        """Close an order, and give back what was paid; again is the same. Raises `Refused`."""
        with self._transaction() as db:
            known = self.order(request_id)
            if known is None:
                raise Refused("ORDER_NOT_EXIST")
            if known["refunded"]:
                raise Refused("ORDER_STATUS_INVALID")
            db.execute(
                "UPDATE orders SET status = ?, code = 'ORDER_IS_CANCELED', told = 1"
                " WHERE request_id = ? AND status <> ?",
                (CANCELLED, request_id, FAILED),
            )
        return known

    def refund(self, request: dict[str, Any]) -> sqlite3.Row:
        """Book a refund once; raises `Refused`."""
        fingerprint = _fingerprint(request)
        amount = request["refundAmount"]
        with self._transaction() as db:
            known = self.refund_of(request["refundRequestId"])
            if known is not None:
                if known["fingerprint"] != fingerprint:
                    raise Refused("REPEAT_REQ_INCONSISTENT")
                return known
            order = self.order(request["paymentRequestId"])
            if order is None:
                raise Refused("ORDER_NOT_EXIST")
            if order["status"] != PAID:
                raise Refused("ORDER_STATUS_INVALID")
            if amount["currency"] != order["currency"]:
                raise Refused("CURRENCY_NOT_SUPPORT")
            if order["refunded"] + int(amount["value"]) > order["amount"]:
                raise Refused("REFUND_AMOUNT_EXCEED")
            db.execute(
                "UPDATE orders SET refunded = refunded + ? WHERE request_id = ?",
                (int(amount["value"]), order["request_id"]),
            )
            db.execute(
                "INSERT INTO refunds VALUES (?, ?, ?, ?, ?, ?)",
                (
                    request["refundRequestId"],
                    uuid.uuid4().hex,
                    order["request_id"],
                    fingerprint,
                    int(amount["value"]),
                    _now(),
                ),
            )
        booked = self.refund_of(request["refundRequestId"])
        assert booked is not None
        return booked

    def refund_of(self, request_id: str) -> sqlite3.Row | None:
        with self._lock:
            row: sqlite3.Row | None = self._db.execute(
                "SELECT * FROM refunds WHERE request_id = ?", (request_id,)
            ).fetchone()
        return row

    def untold(self) -> list[sqlite3.Row]:
        """Orders whose result the acquirer has not acknowledged yet."""
        with self._lock:
            self._expire()
            return self._db.execute("SELECT * FROM orders WHERE told = 0 AND tries < 8").fetchall()

    def told(self, request_id: str, *, acknowledged: bool) -> None:
        with self._lock:
            self._db.execute(
                "UPDATE orders SET told = ?, tries = tries + 1 WHERE request_id = ?",
                (int(acknowledged), request_id),
            )

    def withhold(self, request_id: str) -> None:
        with self._lock:
            self._db.execute(
                "UPDATE orders SET answer_withheld = 1 WHERE request_id = ?", (request_id,)
            )

    def as_json(self) -> dict[str, list[dict[str, Any]]]:
        """Everything, for operators and tests; payment codes are never kept."""
        hidden = {"fingerprint", "request"}
        with self._lock:
            self._expire()
            rows = {
                name: self._db.execute(f"SELECT * FROM {name} ORDER BY rowid").fetchall()  # noqa: S608  own names only
                for name in ("orders", "refunds")
            }
        return {
            name: [{k: row[k] for k in row.keys() if k not in hidden} for row in found]  # noqa: SIM118
            for name, found in rows.items()
        }

    def _expire(self) -> None:
        self._db.execute(
            "UPDATE orders SET status = ?, code = 'ORDER_IS_CLOSED', told = 0"
            " WHERE status = ? AND expires_at <= ?",
            (FAILED, OPEN, _now()),
        )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _fingerprint(request: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""A wallet's books: orders, what became of them, the money that moved.

Everything is booked in one transaction before its answer leaves, so that the books survive the
process being killed at any time. A payment code is kept only inside a keyed hash.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sandbox.alipayplus_orders import NewOrder, NewRefund, Refused

OPEN, PAID, FAILED, CANCELLED = "PROCESSING", "SUCCESS", "FAIL", "CANCELLED"
"""``paymentStatus`` as inquiryPayment tells it."""
HOME = timezone(timedelta(hours=8))
CANCEL_GRACE = timedelta(minutes=15)
"""A paid order can be cancelled until 00:15 (+08:00) of the next day."""

_TABLES = """
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL UNIQUE,
    payment_id TEXT NOT NULL UNIQUE,
    qr_code TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL,
    scenario TEXT,
    method TEXT NOT NULL,
    merchant_id TEXT NOT NULL,
    merchant_name TEXT NOT NULL,
    description TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    refunded_minor INTEGER NOT NULL DEFAULT 0,
    currency TEXT NOT NULL,
    notify_url TEXT NOT NULL,
    redirect_url TEXT,
    status TEXT NOT NULL,
    result_code TEXT NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    paid_at REAL,
    notice_due_at REAL,
    notices_sent INTEGER NOT NULL DEFAULT 0,
    acknowledged INTEGER NOT NULL DEFAULT 0,
    answer_withheld INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS refunds (
    id INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL UNIQUE,
    refund_id TEXT NOT NULL UNIQUE,
    payment_id TEXT NOT NULL REFERENCES orders (payment_id),
    fingerprint TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    booked_at REAL NOT NULL,
    answer_withheld INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS movements (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('PAYMENT', 'REFUND', 'CANCEL')),
    transaction_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    payment_id TEXT NOT NULL REFERENCES orders (payment_id),
    amount_minor INTEGER NOT NULL,
    booked_at REAL NOT NULL,
    file_id TEXT
);
CREATE TABLE IF NOT EXISTS settlement_files (
    file_id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, content BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS open_orders ON orders (expires_at) WHERE status = 'PROCESSING';
CREATE INDEX IF NOT EXISTS due_notices ON orders (notice_due_at) WHERE notice_due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS unsettled ON movements (id) WHERE file_id IS NULL;
"""


class WalletBooks:
    """The store of one wallet, in ``state_dir``; safe to use from several threads. ``now`` tells
    Unix seconds."""

    def __init__(self, state_dir: Path, now: Callable[[], float] = time.time) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        self.now = now
        self._key = _own_key(state_dir / "codes.key")
        self._lock = threading.Lock()
        self._db = sqlite3.connect(
            state_dir / "books.sqlite3", isolation_level=None, check_same_thread=False
        )
        self._db.row_factory = sqlite3.Row
        # NORMAL: a commit survives the process; only a power cut could take the last ones.
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _TABLES)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, one at a time; orders that are too old have expired."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._expire()
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def place(
        self,
        order: NewOrder,
        status: str,
        result_code: str,
        *,
        notice_in_s: float,
        withhold: bool,
    ) -> sqlite3.Row:
        """A new order in ``status``, or the one that the same request made; raises Refused."""
        fingerprint = self._fingerprint(order.request)
        with self.transaction() as db:
            known = _one(db, "orders", "request_id", order.request_id)
            if known is not None:
                if known["fingerprint"] != fingerprint:
                    raise Refused("REPEAT_REQ_INCONSISTENT")
                return known
            if status == OPEN and order.expires_at <= self.now():
                status, result_code = FAILED, "ORDER_IS_CLOSED"
            payment_id = self._new_id()
            row: dict[str, object] = {
                "request_id": order.request_id,
                "payment_id": payment_id,
                "qr_code": secrets.token_hex(12),
                "fingerprint": fingerprint,
                "scenario": order.scenario,
                "method": order.method,
                "merchant_id": order.merchant_id,
                "merchant_name": order.merchant_name,
                "description": order.description,
                "amount_minor": order.amount_minor,
                "currency": order.currency,
                "notify_url": order.notify_url,
                "redirect_url": order.redirect_url,
                "status": status,
                "result_code": result_code,
                "created_at": self.now(),
                "expires_at": order.expires_at,
                "answer_withheld": withhold,
            }
            _insert(db, "orders", row)
            if status == PAID:
                self._book_payment(db, order.request_id, notice_in_s)
            placed = _one(db, "orders", "payment_id", payment_id)
            assert placed is not None
            return placed

    def order(self, column: str, value: str) -> sqlite3.Row | None:
        """The order with this ``request_id``, ``payment_id`` or ``qr_code``, as it stands now."""
        with self.transaction() as db:
            return _one(db, "orders", column, value)

    def open_orders(self, limit: int) -> list[sqlite3.Row]:
        """Those that wait for their payers, newest first."""
        with self.transaction() as db:
            return db.execute(
                "SELECT * FROM orders WHERE status = ? ORDER BY id DESC LIMIT ?", (OPEN, limit)
            ).fetchall()

    def decide(self, payment_id: str, *, method: str | None) -> sqlite3.Row | None:
        """The payer pays with ``method``, or declines (None); what is no longer open stays as it
        is. The order, or None if there is none."""
        with self.transaction() as db:
            order = _one(db, "orders", "payment_id", payment_id)
            if order is None or order["status"] != OPEN:
                return order
            if method is None:
                db.execute(
                    "UPDATE orders SET status = ?, result_code = ?, notice_due_at = ?"
                    " WHERE payment_id = ?",
                    (FAILED, "USER_PAYMENT_VERIFICATION_FAILED", self.now(), payment_id),
                )
            else:
                db.execute(
                    "UPDATE orders SET status = ?, result_code = 'SUCCESS', method = ?"
                    " WHERE payment_id = ?",
                    (PAID, method, payment_id),
                )
                self._book_payment(db, order["request_id"], 0)
            return _one(db, "orders", "payment_id", payment_id)

    def cancel(self, column: str, value: str) -> sqlite3.Row:
        """Close an order and give back what was paid; again changes nothing. Raises Refused."""
        with self.transaction() as db:
            order = _one(db, "orders", column, value)
            if order is None:
                raise Refused("ORDER_NOT_EXIST")
            if order["status"] in {CANCELLED, FAILED}:
                return order
            if order["status"] == PAID:
                self._take_back(db, order)
            db.execute(
                "UPDATE orders SET status = ?, result_code = 'ORDER_IS_CANCELED',"
                " notice_due_at = NULL WHERE id = ?",
                (CANCELLED, order["id"]),
            )
            return order

    def refund(self, refund: NewRefund, *, withhold: bool) -> sqlite3.Row:
        """Book a refund, or find the one that the same request made; raises Refused."""
        fingerprint = self._fingerprint(refund.request)
        with self.transaction() as db:
            known = _one(db, "refunds", "request_id", refund.request_id)
            if known is not None:
                if known["fingerprint"] != fingerprint:
                    raise Refused("REPEAT_REQ_INCONSISTENT")
                return known
            order = _one(db, "orders", refund.order_column, refund.order_value)
            if order is None:
                raise Refused("ORDER_NOT_EXIST")
            if order["status"] != PAID:
                raise Refused("ORDER_STATUS_INVALID")
            if refund.currency != order["currency"]:
                raise Refused("CURRENCY_NOT_SUPPORT")
            if order["refunded_minor"] + refund.amount_minor > order["amount_minor"]:
                raise Refused("REFUND_AMOUNT_EXCEED")
            refund_id = self._new_id()
            db.execute(
                "UPDATE orders SET refunded_minor = refunded_minor + ? WHERE id = ?",
                (refund.amount_minor, order["id"]),
            )
            row: dict[str, object] = {
                "request_id": refund.request_id,
                "refund_id": refund_id,
                "payment_id": order["payment_id"],
                "fingerprint": fingerprint,
                "amount_minor": refund.amount_minor,
                "currency": refund.currency,
                "booked_at": self.now(),
                "answer_withheld": withhold,
            }
            _insert(db, "refunds", row)
            self._move(db, "REFUND", refund_id, refund.request_id, order, refund.amount_minor)
            booked = _one(db, "refunds", "refund_id", refund_id)
            assert booked is not None
            return booked

    def refund_of(self, column: str, value: str) -> sqlite3.Row | None:
        """The refund with this ``request_id`` or ``refund_id``."""
        with self.transaction() as db:
            return _one(db, "refunds", column, value)

    def due_notices(self) -> list[sqlite3.Row]:
        """Orders whose result is to be told now."""
        with self.transaction() as db:
            return db.execute(
                "SELECT * FROM orders WHERE notice_due_at <= ? ORDER BY notice_due_at",
                (self.now(),),
            ).fetchall()

    def told(self, order: sqlite3.Row, *, acknowledged: bool, next_at: float | None) -> None:
        """A notification was tried; one of an order that was cancelled meanwhile stays the last."""
        with self.transaction() as db:
            db.execute(
                "UPDATE orders SET notices_sent = notices_sent + 1,"
                " acknowledged = max(acknowledged, ?),"
                " notice_due_at = CASE WHEN status = ? THEN ? END WHERE id = ?",
                (acknowledged, order["status"], next_at, order["id"]),
            )

    def as_json(self) -> dict[str, list[dict[str, Any]]]:
        """Everything in the books, for operators and tests."""
        hidden = {"id", "fingerprint"}
        flags = {"answer_withheld", "acknowledged"}
        with self.transaction() as db:
            found = {
                name: db.execute(f"SELECT * FROM {name} ORDER BY id").fetchall()  # noqa: S608  own names only
                for name in ("orders", "refunds", "movements")
            }
        return {
            name: [
                {k: bool(row[k]) if k in flags else row[k] for k in row.keys() if k not in hidden}  # noqa: SIM118
                for row in rows
            ]
            for name, rows in found.items()
        }

    def _expire(self) -> None:
        self._db.execute(
            "UPDATE orders SET status = ?, result_code = 'ORDER_IS_CLOSED', notice_due_at = ?"
            " WHERE status = ? AND expires_at <= ?",
            (FAILED, self.now(), OPEN, self.now()),
        )

    def _book_payment(self, db: sqlite3.Connection, request_id: str, notice_in_s: float) -> None:
        order = _one(db, "orders", "request_id", request_id)
        assert order is not None
        db.execute(
            "UPDATE orders SET paid_at = ?, notice_due_at = ? WHERE id = ?",
            (self.now(), self.now() + notice_in_s, order["id"]),
        )
        self._move(db, "PAYMENT", order["payment_id"], request_id, order, order["amount_minor"])

    def _take_back(self, db: sqlite3.Connection, order: sqlite3.Row) -> None:
        """What has not been settled yet never will be; what has is taken back in the next file."""
        if order["refunded_minor"]:
            raise Refused("ORDER_STATUS_INVALID")
        paid_on = datetime.fromtimestamp(order["paid_at"], HOME)
        midnight = paid_on.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.now() >= (midnight + timedelta(days=1) + CANCEL_GRACE).timestamp():
            raise Refused("CANCEL_WINDOW_EXCEED")
        unsettled = db.execute(
            "DELETE FROM movements WHERE payment_id = ? AND kind = 'PAYMENT' AND file_id IS NULL",
            (order["payment_id"],),
        )
        if not unsettled.rowcount:
            request_id, amount = order["request_id"], order["amount_minor"]
            self._move(db, "CANCEL", order["payment_id"], request_id, order, amount)

    def _move(
        self,
        db: sqlite3.Connection,
        kind: str,
        transaction_id: str,
        request_id: str,
        order: sqlite3.Row,
        amount_minor: int,
    ) -> None:
        row: dict[str, object] = {
            "kind": kind,
            "transaction_id": transaction_id,
            "request_id": request_id,
            "payment_id": order["payment_id"],
            "amount_minor": amount_minor,
            "booked_at": self.now(),
        }
        _insert(db, "movements", row)

    def _new_id(self) -> str:
        """Like Alipay+'s own: the day in +08:00, then digits; 32 in all."""
        day = datetime.fromtimestamp(self.now(), UTC).astimezone(HOME)
        return f"{day:%Y%m%d}" + "".join(secrets.choice("0123456789") for _ in range(24))

    def _fingerprint(self, request: dict[str, Any]) -> str:
        text = json.dumps(request, sort_keys=True)
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def _one(db: sqlite3.Connection, table: str, column: str, value: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        f"SELECT * FROM {table} WHERE {column} = ?",  # noqa: S608  own names only
        (value,),
    ).fetchone()
    return row


def _insert(db: sqlite3.Connection, table: str, row: dict[str, object]) -> None:
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    db.execute(
        f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608  own names only
        tuple(row.values()),
    )


def _own_key(path: Path) -> bytes:
    """The key under which requests are hashed, made once."""
    if not path.exists():
        unfinished = path.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(secrets.token_bytes(32))
        unfinished.replace(path)
    return path.read_bytes()

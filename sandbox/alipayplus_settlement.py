"""Settlement details reports: what a wallet pays out, one CSV file a cut (docs/wallets.md).

Like Antom's report it has a line of field names and ends in ``<END>``; amounts are minor units.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from sandbox.alipayplus_books import HOME, WalletBooks
from sandbox.alipayplus_desk import moment

FEE_PER_100_000 = 800
"""What the wallets keep of a payment, 0.80 %; half-up, and it comes back with the money."""
FIELDS = (
    "settlementBatchId",
    "transactionId",
    "transactionRequestId",
    "originalTransactionId",
    "referenceMerchantId",
    "paymentMethodType",
    "transactionType",
    "transactionTime",
    "transactionAmountValue",
    "transactionCurrency",
    "feeAmountValue",
    "feeCurrency",
    "settlementAmountValue",
    "settlementCurrency",
    "settlementTime",
)
END = "<END>"


@dataclass(frozen=True, slots=True)
class Cut:
    """A file that was just written."""

    file_id: str
    records: int


class SettlementDesk:
    """Writes the files and keeps them."""

    def __init__(self, books: WalletBooks) -> None:
        self._books = books

    def cut(self) -> Cut | None:
        """Settle everything that has not been settled yet; None if there is nothing."""
        with self._books.transaction() as db:
            rows = db.execute(
                "SELECT m.*, o.currency, o.method, o.merchant_id FROM movements m"
                " JOIN orders o USING (payment_id) WHERE m.file_id IS NULL ORDER BY m.id"
            ).fetchall()
            if not rows:
                return None
            (number,) = db.execute(
                "SELECT coalesce(max(number), 0) + 1 FROM settlement_files"
            ).fetchone()
            now = self._books.now()
            file_id = f"settlement_{datetime.fromtimestamp(now, HOME):%Y%m%d}_{number:04d}.csv"
            db.execute(
                "INSERT INTO settlement_files (file_id, number, content) VALUES (?, ?, ?)",
                (file_id, number, _written(file_id, rows, now)),
            )
            db.executemany(
                "UPDATE movements SET file_id = ? WHERE id = ?",
                [(file_id, row["id"]) for row in rows],
            )
        return Cut(file_id, len(rows))

    def files(self) -> list[dict[str, object]]:
        """All files, oldest first."""
        with self._books.transaction() as db:
            rows = db.execute(
                "SELECT file_id, content FROM settlement_files ORDER BY number"
            ).fetchall()
        return [
            {
                "file_id": row["file_id"],
                "bytes": len(row["content"]),
                "sha256": hashlib.sha256(row["content"]).hexdigest(),
            }
            for row in rows
        ]

    def file(self, file_id: str) -> bytes | None:
        with self._books.transaction() as db:
            row = db.execute(
                "SELECT content FROM settlement_files WHERE file_id = ?", (file_id,)
            ).fetchone()
        return None if row is None else bytes(row["content"])


def fee_of(amount_minor: int) -> int:
    """Half-up to the minor unit."""
    return (amount_minor * FEE_PER_100_000 + 50_000) // 100_000


def _written(file_id: str, rows: list[sqlite3.Row], now: float) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    for row in rows:
        # Money to the acquirer counts up, money back to payers down.
        sign = 1 if row["kind"] == "PAYMENT" else -1
        amount, fee = row["amount_minor"], fee_of(row["amount_minor"])
        writer.writerow(
            (
                file_id.removesuffix(".csv").removeprefix("settlement_"),
                row["transaction_id"],
                row["request_id"],
                "" if row["kind"] == "PAYMENT" else row["payment_id"],
                row["merchant_id"],
                row["method"],
                row["kind"],
                moment(row["booked_at"]),
                sign * amount,
                row["currency"],
                -sign * fee,
                row["currency"],
                sign * (amount - fee),
                row["currency"],
                moment(now),
            )
        )
    return (text.getvalue() + END + "\n").encode()

"""Network tokens as a scheme's token service keeps them: numbers that stand for cards, each for one
merchant, with cryptograms that are good once."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox.books import Books
from sandbox.token_check import ACTIVE, BINS, DELETED

CRYPTOGRAM_LIFE = timedelta(minutes=10)
TOKEN_LIFE_YEARS = 4
NOT_TOKENIZABLE = "0011"
"""Cards whose number ends like this are refused."""


class NotTokenized(Exception):
    """The service makes no token of this card, or has no such token."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token; ``number`` is no card number."""

    reference: str
    number: str
    expiry: str
    """YYMM."""
    account_reference: str
    status: str


class TokenDesk:
    """A scheme's token service over its host's books."""

    def __init__(self, network: str, books: Books) -> None:
        self._network = network
        self._books = books

    def provision(self, pan: str, requestor: str) -> Token:
        """The token of a card for one merchant, new or known; raises `NotTokenized`."""
        if pan.endswith(NOT_TOKENIZABLE):
            raise NotTokenized("the issuer takes no part")
        pan_hash = self._books.pan_hash(pan)
        with self._books.transaction() as db:
            row = db.execute(
                "SELECT * FROM tokens WHERE pan_hash = ? AND requestor = ? AND status <> ?",
                (pan_hash, requestor, DELETED),
            ).fetchone()
            if row is None:
                number = self._number(db)
                now = self._books.now()
                db.execute(
                    "INSERT INTO tokens (reference, number, expiry, pan_hash, requestor, status,"
                    " account_reference) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        secrets.token_hex(16),
                        number,
                        f"{(now.year + TOKEN_LIFE_YEARS) % 100:02d}{now.month:02d}",
                        pan_hash,
                        requestor,
                        ACTIVE,
                        f"V001{pan_hash[:25].upper()}",
                    ),
                )
                row = db.execute("SELECT * FROM tokens WHERE number = ?", (number,)).fetchone()
        return _token(row)

    def cryptogram(self, reference: str) -> bytes:
        """20 bytes that are good for one payment with this token; raises `NotTokenized`."""
        with self._books.transaction() as db:
            token = self._find(db, reference)
            if token.status != ACTIVE:
                raise NotTokenized("the token is not active")
            value = secrets.token_bytes(20)
            until = self._books.now() + CRYPTOGRAM_LIFE
            db.execute(
                "INSERT INTO cryptograms (value, number, expires_at) VALUES (?, ?, ?)",
                (value.hex(), token.number, until.isoformat()),
            )
        return value

    def change(self, reference: str, status: str) -> Token:
        """Suspend, resume or delete; raises `NotTokenized` for a token that is gone."""
        with self._books.transaction() as db:
            token = self._find(db, reference)
            db.execute("UPDATE tokens SET status = ? WHERE reference = ?", (status, reference))
        return Token(token.reference, token.number, token.expiry, token.account_reference, status)

    def _find(self, db: sqlite3.Connection, reference: str) -> Token:
        row = db.execute(
            "SELECT * FROM tokens WHERE reference = ? AND status <> ?", (reference, DELETED)
        ).fetchone()
        if row is None:
            raise NotTokenized("there is no such token")
        return _token(row)

    def _number(self, db: sqlite3.Connection) -> str:
        """A number that passes the Luhn test and was never given."""
        while True:
            body = BINS[self._network] + f"{secrets.randbelow(10**9):09d}"
            number = body + _luhn_digit(body)
            if db.execute("SELECT 1 FROM tokens WHERE number = ?", (number,)).fetchone() is None:
                return number


def _token(row: Any) -> Token:
    names = ("reference", "number", "expiry", "account_reference", "status")
    return Token(*(row[name] for name in names))


def _luhn_digit(digits: str) -> str:
    total = 0
    for index, char in enumerate(reversed(digits)):
        value = int(char) * (2 if index % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)

"""A host's books: what it authorized, reversed, was presented and settled.

Every message is booked in one transaction before its answer leaves, so that the books survive the
process being killed at any time. A card number is kept as a keyed hash, first six and last four
digits.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
import string
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sandbox.iso8583 import Message
from sandbox.link import KINDS, Decision, Proof
from sandbox.token_check import checked

APPROVED, INVALID, DUPLICATE, MALFUNCTION = "00", "12", "94", "96"
REFUSED = frozenset({"05", "14", "51", "54", "59", "61", "91", "96"})
"""Amounts that end in one of these are answered with it."""
LOST_BEFORE_BOOKING, LOST_AFTER_BOOKING = "68", "62"
SOFT_DECLINE = "65"
"""Amounts that end in it want the cardholder authenticated first."""
SOFT_DECLINES = {"visa": "1A", "mastercard": "65"}

_CODE_CHARACTERS = string.ascii_uppercase + string.digits


@dataclass(frozen=True, slots=True)
class Original:
    """Whom a reversal names: the identity of a 0100."""

    transmitted_at: str
    stan: str
    acquirer_id: str
    rrn: str
    terminal_id: str

    @classmethod
    def of_request(cls, elements: dict[int, str]) -> Original:
        return cls(elements[7], elements[11], elements[32], elements[37], elements[41])

    @classmethod
    def of_reversal(cls, elements: dict[int, str]) -> Original:
        """DE 90 names MTI, STAN, DE 7 and DE 32; RRN and terminal are the reversal's own."""
        named = elements[90]
        return cls(named[10:20], named[4:10], named[20:31], elements[37], elements[41])

    @property
    def key(self) -> str:
        acquirer = self.acquirer_id.lstrip("0")  # DE 90 fills it with zeros, DE 32 does not
        return "|".join((self.transmitted_at, self.stan, acquirer, self.rrn, self.terminal_id))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a 0100 says beyond its plain elements."""

    security_result: str
    proof: Proof
    network: str


class Books:
    """The store of one host, in ``state_dir``; safe to use from several threads."""

    def __init__(
        self, state_dir: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        self.now = now
        self._key = _own_key(state_dir / "pan.key")
        self._lock = threading.Lock()
        self._db = sqlite3.connect(
            state_dir / "books.sqlite3", isolation_level=None, check_same_thread=False
        )
        self._db.row_factory = sqlite3.Row
        # NORMAL: a commit survives the process; only a power cut could take the last ones.
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        self._db.executescript(Path(__file__).with_name("schema.sql").read_text())

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, one at a time."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def pan_hash(self, pan: str) -> str:
        return self._hash(pan)

    def authorize(
        self, request: Message, asked: Asked, reference: Callable[[int, str], str]
    ) -> Decision:
        """Decide about a complete 0100 and book it; a duplicate gets what its first got."""
        elements = request.elements
        original = Original.of_request(elements)
        fingerprint = self._fingerprint(elements)
        with self.transaction() as db:
            known = _answer_of(db, original)
            taken_back = _is_taken_back(db, original, seen=known is not None)
            if known is not None:
                decision = Decision(**json.loads(known["decision"]))
                if known["fingerprint"] != fingerprint:
                    return _refused(decision, DUPLICATE)
                return _refused(decision, MALFUNCTION) if taken_back else decision
            count = db.execute("SELECT coalesce(max(id), 0) + 1 FROM answers").fetchone()[0]
            purchase = KINDS[elements[3]] == "purchase"
            code = MALFUNCTION if taken_back else _response_code(elements[4], asked, purchase)
            if code == APPROVED and purchase:
                code = checked(db, elements[2], asked.proof, self.now())
            decision = self._decision(code, asked.security_result, reference, count)
            db.execute(
                "INSERT INTO answers (id, identity, fingerprint, decision) VALUES (?, ?, ?, ?)",
                (count, original.key, fingerprint, json.dumps(asdict(decision))),
            )
            if decision.response_code == APPROVED:
                self._book(db, original, elements, decision)
        return decision

    def reverse(self, request: Message) -> str:
        """Book a complete 0400 or 0401 and return DE 39; one that came before changes nothing."""
        elements = request.elements
        original = Original.of_reversal(elements)
        amount = int(elements[4])
        remaining = int(elements[95][:12]) if 95 in elements else 0
        if remaining > amount:
            return INVALID
        with self.transaction() as db:
            known = _answer_of(db, original)
            if known is not None and known["fingerprint"] != self._fingerprint(elements):
                return INVALID
            authorization = db.execute(
                "SELECT id FROM authorizations WHERE identity = ?", (original.key,)
            ).fetchone()
            row = {
                "original_identity": original.key,
                "stan": elements[11],
                "transmitted_at": elements[7],
                "original_stan": original.stan,
                "original_transmitted_at": original.transmitted_at,
                "acquirer_id": elements[32],
                "rrn": original.rrn,
                "terminal_id": original.terminal_id,
                "amount_minor": amount,
                "remaining_minor": remaining,
                "currency": elements[49],
                "original": "unseen" if known is None else "booked" if authorization else "refused",
                "booked_at": self._stamp(),
            }
            _insert(
                db,
                "reversals",
                row,
                "ON CONFLICT (original_identity, stan) DO UPDATE SET received = received + 1",
            )
            if authorization is not None:
                db.execute(
                    "UPDATE authorizations SET remaining_minor = min(remaining_minor, ?),"
                    " reversed = max(reversed, ?) WHERE id = ?",
                    (remaining, int(remaining == 0), authorization["id"]),
                )
        return APPROVED

    def as_json(self) -> dict[str, list[dict[str, object]]]:
        """Everything in the books, for operators and tests."""
        queries = {
            "authorizations": "SELECT * FROM authorizations ORDER BY id",
            "reversals": "SELECT * FROM reversals ORDER BY id",
            "presentments": (
                "SELECT p.*, a.rrn FROM presentments p LEFT JOIN authorizations a"
                " ON a.id = p.authorization_id ORDER BY p.id"
            ),
        }
        hidden = {"pan_hash", "identity", "original_identity", "record"}
        flags = {"answer_withheld", "reversed", "held_back"}
        with self._lock:
            rows = {name: self._db.execute(sql).fetchall() for name, sql in queries.items()}
        return {
            name: [
                {k: bool(row[k]) if k in flags else row[k] for k in row.keys() if k not in hidden}  # noqa: SIM118
                for row in found
            ]
            for name, found in rows.items()
        }

    def _decision(
        self, code: str, security_result: str, reference: Callable[[int, str], str], count: int
    ) -> Decision:
        now = self.now()
        booked = code in {APPROVED, LOST_AFTER_BOOKING}
        return Decision(
            response_code=APPROVED if booked else code,
            authorization_code=_new_code() if booked else None,
            network_reference=reference(count, f"{now.year % 10}{now:%j}"),
            security_result=security_result,
            settlement_date=f"{now:%m%d}",
            silent=code in {LOST_BEFORE_BOOKING, LOST_AFTER_BOOKING},
        )

    def _book(
        self,
        db: sqlite3.Connection,
        original: Original,
        elements: dict[int, str],
        decision: Decision,
    ) -> None:
        pan = elements[2]
        row = {
            "identity": original.key,
            "kind": KINDS[elements[3]],
            **asdict(original),
            "card_acceptor_id": elements[42],
            "pan_hash": self.pan_hash(pan),
            "pan_first6": pan[:6],
            "pan_last4": pan[-4:],
            "amount_minor": int(elements[4]),
            "remaining_minor": int(elements[4]),
            "currency": elements[49],
            "authorization_code": decision.authorization_code,
            "network_reference": decision.network_reference,
            "answer_withheld": decision.silent,
            "booked_at": self._stamp(),
        }
        _insert(db, "authorizations", row)

    def _fingerprint(self, elements: dict[int, str]) -> str:
        return self._hash("|".join(elements[de] for de in (2, 3, 4, 49)))

    def _hash(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def _stamp(self) -> str:
        return self.now().isoformat(timespec="milliseconds")


def _insert(db: sqlite3.Connection, table: str, row: dict[str, object], rest: str = "") -> None:
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    db.execute(
        f"INSERT INTO {table} ({columns}) VALUES ({marks}) {rest}",  # noqa: S608  own names only
        tuple(row.values()),
    )


def _answer_of(db: sqlite3.Connection, original: Original) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT fingerprint, decision FROM answers WHERE identity = ?", (original.key,)
    ).fetchone()
    return row


def _is_taken_back(db: sqlite3.Connection, original: Original, *, seen: bool) -> bool:
    """A complete reversal always counts; a partial one only where nothing was there to reduce."""
    rows = db.execute(
        "SELECT remaining_minor FROM reversals WHERE original_identity = ?", (original.key,)
    ).fetchall()
    return any(row["remaining_minor"] == 0 or not seen for row in rows)


def _refused(first: Decision, response_code: str) -> Decision:
    return replace(first, response_code=response_code, authorization_code=None, silent=False)


def _response_code(amount: str, asked: Asked, purchase: bool) -> str:
    """By the amount's ending; only who pays has to authenticate himself."""
    ending = amount[-2:]
    proven = asked.proof.authenticated or asked.proof.by_merchant
    if ending == SOFT_DECLINE and purchase and not proven:
        return SOFT_DECLINES[asked.network]
    special = ending in REFUSED or ending in {LOST_BEFORE_BOOKING, LOST_AFTER_BOOKING}
    return ending if special else APPROVED


def _new_code() -> str:
    return "".join(secrets.choice(_CODE_CHARACTERS) for _ in range(6))


def _own_key(path: Path) -> bytes:
    """The key under which this host hashes card numbers, made once."""
    if not path.exists():
        unfinished = path.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(secrets.token_bytes(32))
        unfinished.replace(path)
    return path.read_bytes()

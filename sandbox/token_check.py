"""Whether a number may be charged: cards always, tokens under conditions."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from sandbox.link import Proof

APPROVED, REFUSED = "00", "59"
BINS = {"visa": "489537", "mastercard": "520473"}
ACTIVE, SUSPENDED, DELETED = "ACTIVE", "SUSPENDED", "DELETED"


def checked(db: sqlite3.Connection, pan: str, proof: Proof, now: datetime) -> str:
    """DE 39 for the number of a 0100: a token pays with a cryptogram of its own that nobody used,
    or when the merchant charges what it has on file."""
    token = db.execute("SELECT * FROM tokens WHERE number = ?", (pan,)).fetchone()
    if token is None:
        return REFUSED if proof.cryptogram is not None or _looks_like_a_token(pan) else APPROVED
    if token["status"] != ACTIVE:
        return REFUSED
    if proof.cryptogram is None:
        return APPROVED if proof.by_merchant else REFUSED
    used = db.execute(
        "DELETE FROM cryptograms WHERE value = ? AND number = ? AND expires_at > ?",
        (proof.cryptogram, pan, now.isoformat()),
    )
    return APPROVED if used.rowcount == 1 else REFUSED


def _looks_like_a_token(pan: str) -> bool:
    return pan[:6] in BINS.values()

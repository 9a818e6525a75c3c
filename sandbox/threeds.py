"""What a directory server and an issuer's access control server decide and remember
(EMV 3-D Secure 2.2.0; docs/three-d-secure.md)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import sqlite3
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSIONS = ("2.1.0", "2.2.0")
CODE = "123456"
MAX_TRIES = 3
LETTERS = {"344": "HKD", "392": "JPY", "840": "USD", "978": "EUR"}
"""Currencies as card holders read them; others are shown by their number."""
AUTHENTICATED, ATTEMPTED, CHALLENGED, CHALLENGE_FAILS = "Y", "A", "C", "C-N"
REFUSED, UNAVAILABLE, REJECTED, SILENT = "N", "U", "R", "silent"

CARDS = {
    "4761340001000000": ATTEMPTED,
    "4761340002000009": CHALLENGED,
    "4761340003000008": CHALLENGE_FAILS,
    "4761340004000007": REFUSED,
    "4761340005000006": UNAVAILABLE,
    "4761340006000005": REJECTED,
    "4761340007000004": SILENT,
    "5120350001000002": ATTEMPTED,
    "5120350002000001": CHALLENGED,
    "5120350003000000": CHALLENGE_FAILS,
    "5120350004000009": REFUSED,
    "5120350005000008": UNAVAILABLE,
    "5120350006000007": REJECTED,
    "5120350007000006": SILENT,
}
"""Outcome by card number; every other card is authenticated without a challenge."""

METHOD_RANGES = (("4761340000000000", "4761349999999999"), ("5120350000000000", "5120359999999999"))
"""Issuers that want to look at the browser first."""

_REASONS = {REFUSED: "01", UNAVAILABLE: "22", REJECTED: "11", "C": "14"}
_REQUIRED = (
    "threeDSServerTransID",
    "threeDSServerURL",
    "threeDSCompInd",
    "notificationURL",
    "deviceChannel",
    "messageCategory",
    "acctNumber",
    "acquirerBIN",
    "acquirerMerchantID",
    "merchantName",
    "mcc",
    "merchantCountryCode",
    "browserAcceptHeader",
    "browserLanguage",
    "browserUserAgent",
)
_PURCHASE = ("purchaseAmount", "purchaseCurrency", "purchaseExponent", "purchaseDate")
_FORMS = {
    "acctNumber": r"\d{13,19}",
    "cardExpiryDate": r"\d{4}",
    "threeDSServerTransID": r"[0-9A-Fa-f-]{36}",
    "purchaseAmount": r"\d{1,48}",
    "purchaseCurrency": r"\d{3}",
    "purchaseExponent": r"\d",
    "purchaseDate": r"\d{14}",
    "messageCategory": r"0[12]",
    "deviceChannel": r"02",
    "threeDSCompInd": r"[YNU]",
}


class Wrong(Exception):
    """A message that is answered with an Erro message."""

    def __init__(self, code: str, description: str, detail: str) -> None:
        super().__init__(description)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Transaction:
    """One authentication as the access control server keeps it; no card number."""

    server_trans_id: str
    ds_trans_id: str
    acs_trans_id: str
    version: str
    brand: str
    outcome: str
    results_url: str
    notification_url: str
    shown: str
    """First six and last four digits."""
    merchant: str
    amount: str
    value: str
    """The authentication value that a success will bring."""
    tries: int = 0
    status: str = ""
    """Empty until it is final."""


class Authentications:
    """Transactions in SQLite under ``state_dir``, found again after a restart."""

    def __init__(self, state_dir: Path) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        self._key = _own_key(state_dir / "cavv.key")
        self._lock = threading.Lock()
        self._db = sqlite3.connect(
            state_dir / "threeds.sqlite3", isolation_level=None, check_same_thread=False
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS transactions (id TEXT PRIMARY KEY, body TEXT NOT NULL)"
        )

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def begin(self, request: dict[str, Any]) -> Transaction | None:
        """Decide about an AReq; None where no answer is given. Raises `Wrong`."""
        check(request)
        pan = request["acctNumber"]
        outcome = CARDS.get(pan, AUTHENTICATED)
        if outcome == SILENT:
            return None
        ds_trans_id = str(uuid.uuid4())
        amount = request.get("purchaseAmount", "0")
        currency = request.get("purchaseCurrency", "000")
        transaction = Transaction(
            server_trans_id=request["threeDSServerTransID"],
            ds_trans_id=ds_trans_id,
            acs_trans_id=str(uuid.uuid4()),
            version=request["messageVersion"],
            brand="Mastercard" if pan[0] in "25" else "other",
            outcome=outcome,
            results_url=request["threeDSServerURL"],
            notification_url=request["notificationURL"],
            shown=f"{pan[:6]}******{pan[-4:]}",
            merchant=request["merchantName"],
            amount=_readable(amount, request.get("purchaseExponent", "0"), currency),
            value=self.value(ds_trans_id, pan, amount, currency),
            status="" if outcome in {CHALLENGED, CHALLENGE_FAILS} else outcome,
        )
        self.keep(transaction)
        return transaction

    def keep(self, transaction: Transaction) -> None:
        body = json.dumps({name: getattr(transaction, name) for name in Transaction.__slots__})
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO transactions VALUES (?, ?)",
                (transaction.acs_trans_id, body),
            )

    def find(self, acs_trans_id: str) -> Transaction | None:
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM transactions WHERE id = ?", (acs_trans_id,)
            ).fetchone()
        return Transaction(**json.loads(row[0])) if row else None

    def value(self, ds_trans_id: str, pan: str, amount: str, currency: str) -> str:
        """The authentication value: 20 bytes over what was authenticated, base64."""
        text = "|".join((ds_trans_id, pan, amount, currency))
        return base64.b64encode(hmac.new(self._key, text.encode(), hashlib.sha1).digest()).decode()


def check(request: dict[str, Any]) -> None:
    """Raise `Wrong` unless this is an AReq that can be decided about."""
    if request.get("messageType") != "AReq":
        raise Wrong("101", "Message received invalid", "messageType")
    if request.get("messageVersion") not in VERSIONS:
        raise Wrong("102", "Message version not supported", ", ".join(VERSIONS))
    payment = request.get("messageCategory") == "01"
    missing = [
        name for name in (*_REQUIRED, *(_PURCHASE if payment else ())) if not request.get(name)
    ]
    if missing:
        raise Wrong("201", "Required element missing", ", ".join(missing))
    wrong = [
        name
        for name, form in _FORMS.items()
        if name in request
        and not (isinstance(request[name], str) and re.fullmatch(f"(?a:{form})", request[name]))
    ]
    if wrong:
        raise Wrong("203", "Format of one or more elements is invalid", ", ".join(wrong))


def response_to(transaction: Transaction, challenge_url: str) -> dict[str, Any]:
    """The ARes."""
    status = transaction.status or "C"
    message: dict[str, Any] = {
        "messageType": "ARes",
        "messageVersion": transaction.version,
        "threeDSServerTransID": transaction.server_trans_id,
        "dsTransID": transaction.ds_trans_id,
        "acsTransID": transaction.acs_trans_id,
        "acsReferenceNumber": "SANDBOX-ACS-1",
        "dsReferenceNumber": "SANDBOX-DS-1",
        "transStatus": status,
    }
    if status == "C":
        return message | {
            "acsURL": challenge_url,
            "acsChallengeMandated": "N",
            "authenticationType": "02",
        }
    return message | result_fields(transaction, status)


def result_fields(transaction: Transaction, status: str) -> dict[str, str]:
    """What a final status brings: ECI, authentication value, reason."""
    fields = {"eci": _eci(transaction.brand, status)}
    if status in {"Y", "A"}:
        fields["authenticationValue"] = transaction.value
    elif status in _REASONS:
        fields["transStatusReason"] = _REASONS[status]
    if status == REJECTED:
        fields["cardholderInfo"] = "Please call your bank."
    return fields


def _eci(brand: str, status: str) -> str:
    order = ("02", "01", "00") if brand == "Mastercard" else ("05", "06", "07")
    return order["YA".index(status) if status in {"Y", "A"} else 2]


def _readable(amount: str, exponent: str, currency: str) -> str:
    places = int(exponent)
    digits = amount.rjust(places + 1, "0")
    whole = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return "" if currency == "000" else f"{LETTERS.get(currency, currency)} {whole}"


def _own_key(path: Path) -> bytes:
    if not path.exists():
        path.write_bytes(secrets.token_bytes(32))
        path.chmod(0o600)
    return path.read_bytes()

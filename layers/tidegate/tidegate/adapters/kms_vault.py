"""``Vault``: AES-256-GCM under a data key that changes every hour; KMS is asked once per key and
process.

An envelope is: 1 byte version, 4 bytes hour (hours since 1970, big-endian), 12 bytes nonce,
ciphertext with tag. The
additional authenticated data is the caller's context, so an envelope moved to another record does
not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Callable
from threading import Lock
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tidegate.adapters import kms
from tidegate.adapters.dynamodb.table import SCHEMA, ConditionFailed, Item, Table, absent

VERSION = 1
HOUR_S = 3600
NONCE_BYTES = 12
HEADER_BYTES = 5
FINGERPRINT_HOUR = 0
"""The key under this hour never changes: fingerprints stay comparable."""
KEYS_KEPT = 200  # a refund opens what was sealed long ago; eight days of keys stay in memory


class KmsVault:
    """Data keys wrapped by KMS in the table, unwrapped once and kept in memory."""

    def __init__(
        self, table: str | Table, key_id: str, now: Callable[[], float] = time.time
    ) -> None:
        self._table = Table(table) if isinstance(table, str) else table
        self._key_id = key_id
        self._now = now
        self._keys: dict[int, AESGCM] = {}
        self._fingerprint_key: bytes | None = None
        self._lock = Lock()

    def seal(self, plaintext: bytes, context: str) -> bytes:
        hour = int(self._now()) // HOUR_S
        nonce = os.urandom(NONCE_BYTES)
        ciphertext = self._key(hour, create=True).encrypt(nonce, plaintext, context.encode())
        return bytes([VERSION]) + hour.to_bytes(4, "big") + nonce + ciphertext

    def unseal(self, envelope: bytes, context: str) -> bytes:
        if len(envelope) < HEADER_BYTES + NONCE_BYTES or envelope[0] != VERSION:
            raise ValueError("this is no sealed envelope")
        hour = int.from_bytes(envelope[1:HEADER_BYTES], "big")
        nonce = envelope[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
        try:
            return self._key(hour, create=False).decrypt(
                nonce, envelope[HEADER_BYTES + NONCE_BYTES :], context.encode()
            )
        except InvalidTag:
            raise ValueError("the envelope was changed or belongs to another record") from None

    def fingerprint(self, plaintext: bytes, context: str) -> str:
        with self._lock:
            if self._fingerprint_key is None:
                self._fingerprint_key = self._find(FINGERPRINT_HOUR) or self._make(FINGERPRINT_HOUR)
            key = self._fingerprint_key
        text = context.encode() + b"\0" + plaintext
        return hmac.new(key, text, hashlib.sha256).hexdigest()[:24]

    def _key(self, hour: int, *, create: bool) -> AESGCM:
        with self._lock:
            key = self._keys.get(hour)
            if key is None:
                key = AESGCM(self._find(hour) or (self._make(hour) if create else _missing(hour)))
                if len(self._keys) >= KEYS_KEPT:
                    self._keys.pop(min(self._keys))
                self._keys[hour] = key
            return key

    def _find(self, hour: int) -> bytes | None:
        item = self._table.get(f"K#{hour}", "K")
        if item is None:
            return None
        wrapped = item["w"]
        assert isinstance(wrapped, bytes)
        return kms.decrypt(self._key_id, wrapped, _context(hour))

    def _make(self, hour: int) -> bytes:
        """A new key, unless somebody else's was written first."""
        made = kms.data_key(self._key_id, _context(hour))
        item: Item = {"p": f"K#{hour}", "s": "K", "t": "k", "y": SCHEMA, "w": made.wrapped}
        try:
            self._table.put(item, absent())
        except ConditionFailed:
            return self._find(hour) or _missing(hour)
        return made.plaintext


def _context(hour: int) -> dict[str, str]:
    return {"purpose": "card-data", "hour": str(hour)}


def _missing(hour: int) -> NoReturn:
    raise ValueError(f"there is no data key of hour {hour}")

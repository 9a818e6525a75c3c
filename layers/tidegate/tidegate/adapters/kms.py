"""KMS as we use it, over one connection a process; the context binds every ciphertext to what it is
for."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tidegate.adapters import aws

if TYPE_CHECKING:
    from tidegate.adapters.wire import Wire


class DataKey(NamedTuple):
    """A key to encrypt with, and the same encrypted by KMS, to be kept."""

    plaintext: bytes
    wrapped: bytes


def wire() -> Wire:
    """Short timeouts: the payment path uses it only when it is cold."""
    return aws.wire("kms", connect_s=2, read_s=5, tries=3)


def encrypt(key_id: str, plaintext: bytes, context: Mapping[str, str]) -> bytes:
    """What only the same context opens."""
    text = base64.b64encode(plaintext).decode()
    answer = wire().call(
        "Encrypt", {"KeyId": key_id, "Plaintext": text, "EncryptionContext": context}
    )
    return base64.b64decode(answer["CiphertextBlob"])


def decrypt(key_id: str, ciphertext: bytes, context: Mapping[str, str]) -> bytes:
    """What ``encrypt`` or ``data_key`` encrypted."""
    text = base64.b64encode(ciphertext).decode()
    answer = wire().call(
        "Decrypt", {"KeyId": key_id, "CiphertextBlob": text, "EncryptionContext": context}
    )
    return base64.b64decode(answer["Plaintext"])


def data_key(key_id: str, context: Mapping[str, str]) -> DataKey:
    """A new key of 256 bits."""
    answer = wire().call(
        "GenerateDataKey", {"KeyId": key_id, "KeySpec": "AES_256", "EncryptionContext": context}
    )
    return DataKey(
        base64.b64decode(answer["Plaintext"]), base64.b64decode(answer["CiphertextBlob"])
    )


def decrypt_asymmetric(key_id: str, ciphertext: str, algorithm: str) -> bytes:
    """What somebody encrypted by our public key; in base64, as it came."""
    answer = wire().call(
        "Decrypt",
        {"KeyId": key_id, "CiphertextBlob": ciphertext, "EncryptionAlgorithm": algorithm},
    )
    return base64.b64decode(answer["Plaintext"])


def public_key(key_id: str) -> bytes:
    """DER SubjectPublicKeyInfo of an asymmetric key."""
    return base64.b64decode(wire().call("GetPublicKey", {"KeyId": key_id})["PublicKey"])


class Sealer:
    """Small secrets (sign keys, payout accounts) encrypted by KMS itself."""

    def __init__(self, key_id: str) -> None:
        self._key_id = key_id

    def seal(self, plaintext: str, context: dict[str, str]) -> bytes:
        """Ciphertext that only the same context opens."""
        return encrypt(self._key_id, plaintext.encode(), context)

    def unseal(self, ciphertext: bytes, context: dict[str, str]) -> str:
        """The plaintext."""
        return decrypt(self._key_id, ciphertext, context).decode()

"""One KMS client a process; the context binds every ciphertext to what it is for."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.config import Config

from tidegate.adapters import aws


@cache
def client() -> Any:
    """Short timeouts: the payment path uses it only when it is cold."""
    return aws.client(
        "kms", Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3})
    )


class Sealer:
    """Small secrets (sign keys, payout accounts) encrypted by KMS itself."""

    def __init__(self, key_id: str) -> None:
        self._key_id = key_id

    def seal(self, plaintext: str, context: dict[str, str]) -> bytes:
        """Ciphertext that only the same context opens."""
        answer = client().encrypt(
            KeyId=self._key_id, Plaintext=plaintext.encode(), EncryptionContext=context
        )
        ciphertext: bytes = answer["CiphertextBlob"]
        return ciphertext

    def unseal(self, ciphertext: bytes, context: dict[str, str]) -> str:
        """The plaintext."""
        answer = client().decrypt(
            KeyId=self._key_id, CiphertextBlob=ciphertext, EncryptionContext=context
        )
        plaintext: bytes = answer["Plaintext"]
        return plaintext.decode()

"""``encryptedCardInfo``: the JSON of ``cardInfo`` under RSA-OAEP with SHA-256, opened by KMS, which
alone holds the private key. Merchants get the public one from the operator."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from botocore.exceptions import ClientError

from tidegate.adapters import kms
from tidegate.domain.errors import DecryptionFailed

ALGORITHM = "RSAES_OAEP_SHA_256"
FIELD = "paymentMethod.card.encryptedCardInfo"


class KmsCardDecryption:
    """Decrypts under one asymmetric key."""

    def __init__(self, key_id: str) -> None:
        self._key_id = key_id

    def __call__(self, encrypted: str) -> dict[str, Any]:
        """The object that was encrypted; raises DecryptionFailed for anything else."""
        try:
            base64.b64decode(encrypted, validate=True)
            given = json.loads(kms.decrypt_asymmetric(self._key_id, encrypted, ALGORITHM))
        except (binascii.Error, ClientError, ValueError, RecursionError):
            raise DecryptionFailed(field=FIELD) from None
        if not isinstance(given, dict):
            raise DecryptionFailed(field=FIELD)
        return given

    def public_key(self) -> bytes:
        """DER SubjectPublicKeyInfo, for merchants."""
        return kms.public_key(self._key_id)

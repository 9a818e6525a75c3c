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
OF_THE_TEXT = {"InvalidCiphertextException", "ValidationException"}
"""What KMS says of a text that nobody encrypted for this key, and of one that is too long."""


class KmsCardDecryption:
    """Decrypts under one asymmetric key."""

    def __init__(self, key_id: str) -> None:
        self._key_id = key_id

    def __call__(self, encrypted: str) -> dict[str, Any]:
        """The object that was encrypted; raises DecryptionFailed for anything else. What KMS says
        of itself, that it is busy, is not the merchant's fault."""
        try:
            base64.b64decode(encrypted, validate=True)
            given = json.loads(kms.decrypt_asymmetric(self._key_id, encrypted, ALGORITHM))
        except (binascii.Error, ValueError, RecursionError):
            raise DecryptionFailed(field=FIELD) from None
        except ClientError as error:
            if error.response["Error"]["Code"] not in OF_THE_TEXT:
                raise
            raise DecryptionFailed(field=FIELD) from None
        if not isinstance(given, dict):
            raise DecryptionFailed(field=FIELD)
        return given

    def public_key(self) -> bytes:
        """DER SubjectPublicKeyInfo, for merchants."""
        return kms.public_key(self._key_id)

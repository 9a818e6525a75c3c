"""Signatures of Alipay+: RSA with SHA-256 (PKCS #1 v1.5) over path, client, time and body."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import quote, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from tidegate.domain.errors import SignatureRejected

_HEADER = re.compile(r"algorithm=RSA256,\s*keyVersion=\d+,\s*signature=(?P<value>[^,\s]+)")


def content(path: str, client_id: str, time: str, body: bytes) -> bytes:
    """What is signed; ``time`` is Request-Time in requests, Response-Time in answers."""
    return f"POST {path}\n{client_id}.{time}.".encode() + body


def private_key(pem: bytes) -> RSAPrivateKey:
    """A signing key out of PEM; raises ValueError for anything but RSA."""
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("the signing key is no RSA key")  # noqa: TRY004  a value, not our type
    return key


def public_key(pem: bytes) -> RSAPublicKey:
    """The other side's key out of PEM; raises ValueError for anything but RSA."""
    key = load_pem_public_key(pem)
    if not isinstance(key, RSAPublicKey):
        raise ValueError("the public key is no RSA key")  # noqa: TRY004  a value, not our type
    return key


def sign(key: RSAPrivateKey, path: str, client_id: str, time: str, body: bytes) -> str:
    """The Signature header."""
    raw = key.sign(content(path, client_id, time, body), PKCS1v15(), SHA256())
    value = quote(base64.b64encode(raw).decode(), safe="")
    return f"algorithm=RSA256,keyVersion=1,signature={value}"


def verify(
    key: RSAPublicKey, header: str, path: str, client_id: str, time: str, body: bytes
) -> None:
    """Raises SignatureRejected unless the header signs exactly this."""
    found = _HEADER.fullmatch(header.strip())
    if found is None:
        raise SignatureRejected("the signature header cannot be read", field="Signature")
    try:
        raw = base64.b64decode(unquote(found["value"]), validate=True)
        key.verify(raw, content(path, client_id, time, body), PKCS1v15(), SHA256())
    except (binascii.Error, ValueError, InvalidSignature):
        raise SignatureRejected("the signature does not match", field="Signature") from None

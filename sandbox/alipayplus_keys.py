"""The two key pairs of a connection to Alipay+, and its signatures (RSA256, docs/wallets.md).

``python -m sandbox.alipayplus_keys --keys K`` makes the gateway's pair, as its operator does once:
``gateway.key.pem`` stays with the gateway, ``gateway.pub.pem`` is what the wallet is given.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import re
from pathlib import Path
from urllib.parse import quote, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

KEY_BITS = 2048
_HEADER = re.compile(r"algorithm=RSA256,\s*keyVersion=1,\s*signature=([A-Za-z0-9%._~-]+)")


class Keys:
    """The wallet's own key and its acquirer's public one, in one folder; what is missing of both
    pairs is made."""

    def __init__(self, folder: Path) -> None:
        self._own = make_pair(folder, "wallet")
        if not (folder / "gateway.pub.pem").exists():
            make_pair(folder, "gateway")
        acquirer = load_pem_public_key((folder / "gateway.pub.pem").read_bytes())
        if not isinstance(acquirer, RSAPublicKey):
            raise ValueError("gateway.pub.pem is no RSA key")  # noqa: TRY004  a value, not a type
        self._acquirer = acquirer

    def sign(self, path: str, client_id: str, stamp: str, body: bytes) -> str:
        """The Signature header of an answer or a notification."""
        raw = self._own.sign(_content(path, client_id, stamp, body), PKCS1v15(), SHA256())
        value = quote(base64.b64encode(raw), safe="")
        return f"algorithm=RSA256,keyVersion=1,signature={value}"

    def verified(self, header: str, path: str, client_id: str, stamp: str, body: bytes) -> bool:
        """Whether the acquirer signed exactly this."""
        found = _HEADER.fullmatch(header.strip())
        if found is None:
            return False
        try:
            raw = base64.b64decode(unquote(found[1]), validate=True)
            content = _content(path, client_id, stamp, body)
            self._acquirer.verify(raw, content, PKCS1v15(), SHA256())
        except (binascii.Error, ValueError, InvalidSignature):
            return False
        return True


def make_pair(folder: Path, name: str) -> RSAPrivateKey:
    """The pair ``{name}.key.pem``, ``{name}.pub.pem``: as it is found, or made now."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.key.pem"
    if not path.exists():
        made = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        unfinished = path.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(
            made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        unfinished.replace(path)
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError(f"{path.name} is no RSA key")  # noqa: TRY004  a value, not a type
    (folder / f"{name}.pub.pem").write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return key


def _content(path: str, client_id: str, stamp: str, body: bytes) -> bytes:
    return f"POST {path}\n{client_id}.{stamp}.".encode() + body


def main() -> None:
    """Make the gateway's pair where there is none."""
    parser = argparse.ArgumentParser(description="The gateway's key pair for Alipay+.")
    parser.add_argument("--keys", type=Path, required=True, help="folder of the key pairs")
    folder = parser.parse_args().keys
    make_pair(folder, "gateway")
    print(folder / "gateway.pub.pem")


if __name__ == "__main__":
    main()

"""What is secret about our connections, in Secrets Manager; read when it is first needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache

from tidegate.adapters import aws
from tidegate.ports_wallets import WalletCredentials


def wallet_credentials(secret_arn: str) -> Callable[[str], WalletCredentials]:
    """Who we are to a wallet network, by its name: the secret is one JSON object of
    ``{"clientId", "privateKey", "walletPublicKey"}`` each, keys as PEM. Raises KeyError."""

    @cache
    def all_of_them() -> dict[str, dict[str, str]]:
        wire = aws.wire("secretsmanager", connect_s=1, read_s=3, tries=3)
        answer = wire.call("GetSecretValue", {"SecretId": secret_arn})
        secrets: dict[str, dict[str, str]] = json.loads(answer["SecretString"])
        return secrets

    def of(network: str) -> WalletCredentials:
        given = all_of_them()[network]
        return WalletCredentials(
            given["clientId"], given["privateKey"].encode(), given["walletPublicKey"].encode()
        )

    return of

"""What is secret about our connections, in Secrets Manager; read when it is first needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache

from botocore.config import Config

from tidegate.adapters import aws
from tidegate.ports_wallets import WalletCredentials

_CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 3})


def wallet_credentials(secret_arn: str) -> Callable[[str], WalletCredentials]:
    """Who we are to a wallet network, by its name: the secret is one JSON object of
    ``{"clientId", "privateKey", "walletPublicKey"}`` each, keys as PEM. Raises KeyError."""

    @cache
    def all_of_them() -> dict[str, dict[str, str]]:
        client = aws.client("secretsmanager", _CONFIG)
        secrets: dict[str, dict[str, str]] = json.loads(
            client.get_secret_value(SecretId=secret_arn)["SecretString"]
        )
        return secrets

    def of(network: str) -> WalletCredentials:
        given = all_of_them()[network]
        return WalletCredentials(
            given["clientId"], given["privateKey"].encode(), given["walletPublicKey"].encode()
        )

    return of

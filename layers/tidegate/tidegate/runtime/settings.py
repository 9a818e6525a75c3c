"""What the environment tells a function; read once, by ``bootstrap`` alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """Where a network's host listens, and its file-transfer service."""

    host: str
    port: int
    files_url: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The stack's names and addresses. Absent variables are empty: a function gets only what it
    uses."""

    stage: str
    region_digit: str
    table: str
    files_bucket: str
    key_id: str
    events_topic_arn: str
    mail_from: str
    notices_queue_url: str
    notices_state_machine_arn: str
    payment_state_machine_arn: str
    settlement_state_machine_arn: str
    reconciliation_state_machine_arn: str
    links: Mapping[str, Link]
    settlement_grace_s: int
    card_info_key_id: str
    """The asymmetric key under which merchants encrypt card data."""
    public_url: str
    """Where merchants' payers reach us, without a slash at the end."""
    directory_server_url: str
    token_service_urls: Mapping[str, str]
    """By brand."""
    wallet_urls: Mapping[str, str]
    """By wallet network."""
    wallet_secret_arn: str
    store_requests_per_s: int
    """How many changes a store may ask for where it has no limit of its own; 0 for no limit."""
    publish_events: bool
    """Whether every event goes to the topic as well, and is mailed to stores that ask for it."""

    @classmethod
    def read(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Read the variables that template.yaml sets; raises ValueError naming one that is
        malformed."""
        return cls(
            stage=env.get("STAGE", "local"),
            region_digit=env.get("REGION_DIGIT", "0"),
            table=env.get("TABLE_NAME", ""),
            files_bucket=env.get("FILES_BUCKET", ""),
            key_id=env.get("KMS_KEY_ID", ""),
            events_topic_arn=env.get("EVENTS_TOPIC_ARN", ""),
            mail_from=env.get("MAIL_FROM", ""),
            notices_queue_url=env.get("NOTICES_QUEUE_URL", ""),
            notices_state_machine_arn=env.get("NOTICES_STATE_MACHINE_ARN", ""),
            payment_state_machine_arn=env.get("PAYMENT_STATE_MACHINE_ARN", ""),
            settlement_state_machine_arn=env.get("SETTLEMENT_STATE_MACHINE_ARN", ""),
            reconciliation_state_machine_arn=env.get("RECONCILIATION_STATE_MACHINE_ARN", ""),
            links={name: _link(env, name) for name in _link_names(env)},
            settlement_grace_s=_integer(env, "SETTLEMENT_GRACE_S", 900),
            card_info_key_id=env.get("CARD_INFO_KEY_ID", ""),
            public_url=env.get("PUBLIC_URL", "").rstrip("/"),
            directory_server_url=env.get("DIRECTORY_SERVER_URL", ""),
            token_service_urls={
                "Visa": env.get("VISA_TOKENS_URL", ""),
                "Mastercard": env.get("MASTERCARD_TOKENS_URL", ""),
            },
            wallet_urls={
                name: env.get(f"{name.upper()}_URL", "")
                for name in env.get("WALLETS", "").split(",")
                if name
            },
            wallet_secret_arn=env.get("WALLET_SECRET_ARN", ""),
            store_requests_per_s=_integer(env, "STORE_REQUESTS_PER_S", 0),
            publish_events=env.get("PUBLISH_EVENTS", "true") == "true",
        )


def _link_names(env: Mapping[str, str]) -> list[str]:
    """``NETWORKS=visa,mastercard`` names the links; each has ``VISA_HOST``, ``VISA_PORT``,
    ``VISA_FILES_URL``."""
    return [name for name in env.get("NETWORKS", "").split(",") if name]


def _link(env: Mapping[str, str], name: str) -> Link:
    prefix = name.upper()
    return Link(
        host=env.get(f"{prefix}_HOST", "127.0.0.1"),
        port=_integer(env, f"{prefix}_PORT", 0),
        files_url=env.get(f"{prefix}_FILES_URL", ""),
    )


def _integer(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "")
    try:
        return int(text) if text else default
    except ValueError:
        raise ValueError(f"{name} must be a whole number, not {text!r}") from None

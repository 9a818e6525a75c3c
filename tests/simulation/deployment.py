"""What the stack and its stores are configured with."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

from tests.simulation.front import HOST
from tests.simulation.providers import ISSUER_HOST, WALLET_HOST
from tests.support.memory import a_store
from tidegate.domain.routing import Route
from tidegate.domain.store import Store
from tidegate.runtime.settings import Link, Settings

ARN = "arn:aws:states:sim:0:stateMachine:"
CUT_OFF = time(23, 0)
WALLETS = ("Alipay", "AlipayHK", "GCash", "Alipayplus")
WALLET_SECRET = "wallets"


def a_shops_store(sid: str, requests_per_s: int | None = None) -> Store:
    return a_store(
        sid=sid,
        routes=(
            ("Visa", (Route("visa", "400001"), Route("visa", "400002"))),
            ("Mastercard", (Route("mastercard", "500001"),)),
            *((brand, (Route("alipayplus", "TIDEGATE"),)) for brand in WALLETS),
        ),
        currencies=("HKD", "USD"),
        authentication="optional",
        cut_off=CUT_OFF,
        requests_per_s=requests_per_s,
        webhook=f"https://shop.example/{sid}",
    )


def tokens_host(network: str) -> str:
    return f"tokens-{network}.example"


def stack_settings() -> Settings:
    names = ("payment", "settlement", "reconciliation", "notices")
    machines = {f"{name}_state_machine_arn": f"{ARN}{name.title()}StateMachine" for name in names}
    settings = Settings.read(
        {
            "TABLE_NAME": "tidegate",
            "FILES_BUCKET": "files",
            "KMS_KEY_ID": "key",
            "EVENTS_TOPIC_ARN": "arn:aws:sns:sim:0:events",
            "MAIL_FROM": "tidegate@example.com",
            "NOTICES_QUEUE_URL": "https://queue.invalid",
            "PUBLIC_URL": f"https://{HOST}",
            "VISA_TOKENS_URL": f"https://{tokens_host('visa')}",
            "MASTERCARD_TOKENS_URL": f"https://{tokens_host('mastercard')}",
            "SETTLEMENT_GRACE_S": "900",
            "WALLETS": "alipayplus",
            "DIRECTORY_SERVER_URL": f"https://{ISSUER_HOST}",
            "ALIPAYPLUS_URL": f"https://{WALLET_HOST}",
            "WALLET_SECRET_ARN": WALLET_SECRET,
            **{
                f"{name.upper()}_STATE_MACHINE_ARN": machines[f"{name}_state_machine_arn"]
                for name in names
            },
        }
    )
    links = {name: Link("127.0.0.1", 1, "https://files.invalid") for name in ("visa", "mastercard")}
    return replace(settings, links=links)

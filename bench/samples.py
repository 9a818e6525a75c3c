"""The sample events told as stories, over the real adapters and the payment networks' own
protocol; shared by the process that records what AWS answers and those that are measured.

What directory servers, wallets, token services, merchants' endpoints and file services say is
scripted in memory: their side costs nothing, and ours of them is a small part of few functions.
"""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
STORIES: dict[str, tuple[str, ...]] = {
    "a card": (
        "create_payment/visa",
        "get_payment/by-id",
        "capture_payment/in-part",
        "get_capture/by-id",
        "refund_payment/in-part",
        "get_refund/by-id",
        "fan_out_events/captured",
        "record_postings/captured",
        "notify_merchant/webhook",
        "notify_merchant/topic",
        "redeliver_notice/first-round",
        "sweep_due/every-minute",
        "start_settlements/every-five-minutes",
        "close_batch/now",
        "deliver_clearing/visa",
        "settle_batch/cleared",
        "announce_settlement/settled",
        "collect_network_files/one-network",
        "split_network_file/landed",
        "match_partition/first",
        "close_reconciliation/matched",
    ),
    "a cancel": (
        "create_payment/to-be-cancelled",
        "cancel_payment/whole",
        "get_cancel/by-id",
        "create_payment/mastercard-captured-at-once",
        "cancel_or_refund/a-captured-payment",
        "get_cancel_or_refund/by-id",
    ),
    "a token": (
        "create_token/visa",
        "get_payment_method/by-id",
        "create_payment/by-token",
        "update_token/renewed",
        "create_cryptogram/of-a-token",
        "get_cryptogram/by-id",
        "delete_token/closed-account",
    ),
    "an authentication": (
        "create_payment/to-be-authenticated",
        "show_authentication_page/page",
        "submit_additional_info/method-done",
    ),
    "a challenge": (
        "create_payment/to-be-authenticated",
        "submit_browser/method-done",
        "receive_authentication_result/authenticated",
        "finish_authentication/back",
    ),
    "a wallet": ("create_payment/wallet", "receive_wallet_notice/paid"),
    "a payout": ("create_payout/visa", "get_payout/by-id"),
    "an order": (
        "create_link_order/single",
        "show_payment_page/page",
        "get_page_order/open",
        "pay_link_order/card",
        "get_link_order/by-id",
        "refund_link_order/in-part",
        "get_link_refund/by-id",
        "cancel_or_refund_link_order/the-rest",
    ),
    "a quote": ("quote_fx_rate/hkd-in-usd", "get_fx_rate/hkd-to-usd"),
    "the workflow's tasks": ("authorize_payment/first-route",),
    "no answer": ("reverse_payment/after-no-answer",),
    "a risk": ("refuse_payment/by-risk",),
    "no route": ("abandon_payment/no-route-left",),
}
STORES: dict[str, dict[str, Any]] = {"an order": {"authentication": "none"}}
"""What the store is like in a story, where it is not as usual."""
UNDECIDED = ("the workflow's tasks", "no answer", "a risk", "no route")
"""Stories that begin with a payment whose workflow has not come to an end."""
FILE_ID = "V20250305001"
"""The settlement file of the samples."""
AT = 1_741_079_411.0
"""When the samples were signed."""


class Context:
    """What Lambda hands over beside the event."""

    function_name = "bench"
    aws_request_id = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 25_000


def sample(name: str, file_id: str) -> dict[str, Any]:
    """``create_payment/visa``, say; of a settlement file that its network calls ``file_id``."""
    text = (ROOT / "events" / f"{name}.json").read_text()
    event: dict[str, Any] = json.loads(text.replace(FILE_ID, file_id))
    return event


def time_of(event: dict[str, Any]) -> float:
    """The moment at which the sample is good."""
    stamp = (event.get("headers") or {}).get("DateTime")
    return datetime.fromisoformat(stamp).timestamp() if stamp else AT


def environment(endpoint_url: str, ports: dict[str, int], made: dict[str, str]) -> dict[str, str]:
    """What a function finds in its environment; ``made`` are the names of what was made in AWS."""
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:"
    return {
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "LAMBDA_TASK_ROOT": "/var/task",
        "STAGE": "local",
        "TABLE_NAME": "bench",
        "FILES_BUCKET": "bench",
        "NETWORKS": "visa,visa2,mastercard",
        **{
            f"{name.upper()}_URL" if name.endswith("_files") else f"{name.upper()}_PORT": (
                f"http://127.0.0.1:{port}" if name.endswith("_files") else str(port)
            )
            for name, port in ports.items()
        },
        "WALLETS": "alipayplus",
        "PUBLIC_URL": "https://pay.example",
        "MAIL_FROM": "tidegate@example.com",
        "STORE_REQUESTS_PER_S": "200",
        **{
            f"{name}_STATE_MACHINE_ARN": f"{arn}{name.lower()}"
            for name in ("PAYMENT", "SETTLEMENT", "RECONCILIATION", "NOTICES")
        },
        **made,
    }


class Scripts:
    """The parties that are not AWS and not a card network, and the time."""

    def __init__(self) -> None:
        from tests.support.cards import ScriptedDirectory, ScriptedTokenServices, ScriptedWallet
        from tests.support.memory import CountingIds, SetClock

        self.clock, self.ids = SetClock(AT), CountingIds()
        self.directory = ScriptedDirectory()
        self.tokens = ScriptedTokenServices()
        self.wallet = ScriptedWallet()

    def install(
        self, replace: Callable[[Any, str, Any], object] = setattr, files: Any = None
    ) -> None:
        """Put them into the places of the real ones, before a function is loaded; ``files`` for
        the networks' file services, if they are not asked themselves."""
        from tests.support.memory import OpenVault

        def module(name: str) -> Any:
            return importlib.import_module(f"tidegate.{name}")

        bootstrap = module("runtime.bootstrap")
        replace(bootstrap, "clock", lambda: self.clock)
        replace(bootstrap, "ids", lambda: self.ids)
        replace(bootstrap, "wallets", lambda: {"alipayplus": self.wallet})
        replace(module("networks.threeds.directory"), "HttpDirectoryServers", self._directory)
        replace(module("networks.token_services"), "HttpTokenServices", lambda _: self.tokens)
        replace(module("adapters.webhook"), "HttpWebhooks", lambda *_: Endpoint())
        for wiring in ("wiring_settlement", "wiring_reconciliation") if files else ():
            replace(module(f"runtime.{wiring}"), "HttpNetworkFiles", lambda _: files)
        # The samples' addresses were made under a vault that hides nothing.
        replace(
            module("adapters.kms_vault").KmsVault,
            "fingerprint",
            lambda _, plaintext, context: OpenVault().fingerprint(plaintext, context),
        )

    def begin(self, story: str) -> None:
        """What is said differs between stories."""
        from tests.support.cards import AUTHENTICATED, CHALLENGED, TO_BE_CONFIRMED

        self.ids.made = 0
        if story in ("an authentication", "a challenge"):
            self.directory.method = "https://issuer.example/method"
        proven = replace(AUTHENTICATED, value=base64.b64encode(bytes(20)).decode())
        self.directory.answers[:] = [CHALLENGED if story == "a challenge" else proven]
        self.wallet.replies[:] = [TO_BE_CONFIRMED] if story == "a wallet" else []

    def _directory(self, _url: str) -> Any:
        return self.directory


class Endpoint:
    """A merchant's endpoint that takes every webhook."""

    def deliver(self, _store: Any, _url: str, event: Any, subject: Any) -> bool:
        from tidegate.api.evocloud.notifications import notification_body

        notification_body(event, subject)  # what is sent has to be written all the same
        return True


class FileService:
    """A network's, that takes every file and offers one."""

    def __init__(self, file_id: str) -> None:
        self._file_id = file_id

    def deliver(self, network: str, file_id: str, content: bytes) -> None:
        """Taken."""

    def listed(self, network: str) -> list[dict[str, Any]]:
        return [{"file_id": self._file_id, "sha256": sha256(b"").hexdigest()}]

    def fetch(self, network: str, file_id: str) -> bytes:
        return b""


def outcome(result: Any) -> str:
    """What an answer comes to, without what differs each time."""
    if not isinstance(result, dict):
        return str(result)
    body = str(result.get("body", ""))
    code = json.loads(body).get("result", {}).get("code") if body.startswith("{") else None
    return f"{result.get('statusCode')} {code} {result.get('outcome')} {sorted(result)}"

"""A stack of its own with two stores: one that is attacked, one that attacks; and the audit trail
that every refusal leaves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from local.merchant_client import Merchant
from local.stack import Stack
from tests.e2e.conftest import new_id, stack
from tests.support.operator import a_merchant

__all__ = ["new_id", "stack"]
FUNCTIONS = "/tidegate/local/functions"
LOGGED_WITHIN_S = 10
SKEW_S = 300
Audited = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def shop(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Merchant:
    """Signs by HMAC, and has the clock watched."""
    fields = {"signType": "HMAC-SHA256", "maxSkewS": SKEW_S, "vaultID": "VAULT-SHOP"}
    return a_merchant(stack, tmp_path_factory.mktemp("shop"), "S810001", **fields)


@pytest.fixture(scope="session")
def mallory(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Merchant:
    """A store like any other, with a key of its own, and curious about others."""
    fields = {"signType": "HMAC-SHA256", "vaultID": "VAULT-MALLORY"}
    return a_merchant(stack, tmp_path_factory.mktemp("mallory"), "S820002", **fields)


def records(stack: Stack, since_ms: int) -> list[dict[str, Any]]:
    """The audit records of the functions and the front, oldest first."""
    client = stack.client("logs")
    said = client.filter_log_events(logGroupName=FUNCTIONS, startTime=since_ms)["events"]
    front = (stack.state_dir / "logs" / "front.log").read_text().splitlines()
    lines = [*(one["message"] for one in said), *front]
    return [json.loads(line) for line in lines if '"audit"' in line]


@pytest.fixture
def audited(stack: Stack) -> Audited:
    """Waits for the record of a refusal of this test: its kind and whatever else is named."""
    began_ms = int(time.time() * 1000)

    def audited(kind: str, **fields: Any) -> dict[str, Any]:
        wanted: dict[str, Any] = {"kind": kind, **fields}
        end = time.monotonic() + LOGGED_WITHIN_S
        while True:
            written = records(stack, began_ms)
            found = [one for one in written if wanted.items() <= one.items()]
            if found:
                return found[-1]
            assert time.monotonic() < end, f"{wanted} is not among {written}"
            time.sleep(0.2)

    return audited

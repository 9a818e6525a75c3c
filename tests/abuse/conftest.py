"""A stack of its own with two stores: one that is attacked, one that attacks; and the audit trail
that every refusal leaves."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.demo_store import DEFINITION
from local.environments import ROOT
from local.merchant_client import Merchant
from local.stack import Stack
from tests.e2e.conftest import new_id, stack

__all__ = ["new_id", "stack"]
FUNCTIONS = "/tidegate/local/functions"
LOGGED_WITHIN_S = 10
SKEW_S = 300
Audited = Callable[..., dict[str, Any]]


def operate(stack: Stack, *arguments: str) -> dict[str, Any]:
    """An operator's command about stores."""
    done = subprocess.run(
        [sys.executable, "-m", "tidegate.operator", "--json", "store", *arguments],
        cwd=ROOT,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def a_merchant(stack: Stack, folder: Path, sid: str, **fields: Any) -> Merchant:
    """A store as an operator makes it."""
    file = folder / f"{sid}.json"
    file.write_text(json.dumps({**json.loads(DEFINITION.read_text()), "sid": sid, **fields}))
    made = operate(stack, "put", "--file", str(file))
    return Merchant(stack.base_url, sid, made["signKey"], made["signType"], made["keyID"])


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

"""What an operator does to a running stack, by his own commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from local.demo_store import DEFINITION
from local.environments import ROOT
from local.merchant_client import Merchant
from local.stack import Stack


def operate(stack: Stack, *arguments: str) -> dict[str, Any]:
    """A command, and what it shows."""
    done = subprocess.run(
        [sys.executable, "-m", "tidegate.operator", "--json", *arguments],
        cwd=ROOT,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


def a_merchant(stack: Stack, folder: Path, sid: str, **fields: Any) -> Merchant:
    """A store like the demo's with other ``fields``, whose definition stands in ``folder``; it
    names the key that it signs with."""
    file = folder / f"{sid}.json"
    file.write_text(json.dumps({**json.loads(DEFINITION.read_text()), "sid": sid, **fields}))
    made = operate(stack, "store", "put", "--file", str(file))
    return Merchant(stack.base_url, sid, made["signKey"], made["signType"], made["keyID"])

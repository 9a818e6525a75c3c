"""A merchant of a running stack, put there by the operator's own command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from local.demo_store import DEFINITION, operate
from local.merchant_client import Merchant
from local.stack import Stack


def a_merchant(stack: Stack, folder: Path, sid: str, **fields: Any) -> Merchant:
    """A store like the demo's with other ``fields``, whose definition stands in ``folder``; it
    names the key that it signs with."""
    file = folder / f"{sid}.json"
    file.write_text(json.dumps({**json.loads(DEFINITION.read_text()), "sid": sid, **fields}))
    made = operate(stack, "store", "put", "--file", str(file))
    return Merchant(stack.base_url, sid, made["signKey"], made["signType"], made["keyID"])

"""Time and identifiers as they are in the world."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import datetime

from tidegate.domain.legs import PLATFORM_ZONE


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()


class RandomIds:
    """Ids that cannot be guessed; the region's digit tells where a store's home is."""

    def __init__(self, region_digit: str) -> None:
        self._region_digit = region_digit

    def evo_trans_id(self, at: float) -> str:
        stamp = datetime.fromtimestamp(at, PLATFORM_ZONE).strftime("%y%m%d%H%M%S")
        return f"pay{stamp}{self._region_digit}{secrets.randbelow(10**15):015d}"

    def nonce(self) -> str:
        return secrets.token_urlsafe(9)

    def secret_id(self) -> str:
        return secrets.token_hex(16)

    def server_trans_id(self) -> str:
        return str(uuid.uuid4())

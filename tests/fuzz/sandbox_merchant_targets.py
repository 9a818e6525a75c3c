"""What the sandbox's merchant is sent: notices, and requests to show them."""

from __future__ import annotations

import json
import threading
from functools import partial
from typing import Any

from sandbox.merchant import Inbox, _WebhookExchange
from sandbox.web import Exchange
from tests.fuzz.shapes import Http, Raw
from tests.fuzz.target import Target
from tests.fuzz.wires import posted, served


class _MemoryInbox(Inbox):
    """As long as one connection."""

    def __init__(self) -> None:
        self._received: list[dict[str, Any]] = []

    def keep(self, path: str, headers: list[tuple[str, str]], body: bytes) -> int:
        text = body.decode("utf-8", errors="replace")
        entry = {"received_at": "t", "path": path, "headers": dict(headers), "body": text}
        json.dumps(entry, ensure_ascii=False).encode()
        self._received.append(entry)
        return 1

    def received(self, path: str | None = None) -> list[dict[str, Any]]:
        return self._received


def _webhook_exchange(*connection: Any) -> Exchange:
    stopping = threading.Event()
    stopping.set()
    return _WebhookExchange(_MemoryInbox(), stopping, *connection)


def _webhooks() -> list[bytes]:
    shown = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    return [
        posted("/hook", {"eventCode": "Payment", "payment": {"status": "Captured"}}) + shown,
        posted("/slow/0.5", {"a": [1, 2, {"b": None}]}) + shown,
    ]


TARGETS = (
    Target("sandbox.merchant", partial(served, _webhook_exchange), (), Http(Raw()), _webhooks),
)

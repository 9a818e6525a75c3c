"""A merchant's webhook receiver that shows what it was told.

Run it with ``python -m sandbox.merchant --state-dir D --http-port N``. A POST to any path is kept
and acknowledged with ``SUCCESS``; ``GET /received`` lists, ``GET /`` shows what came. Paths that
behave otherwise, for tests:

* ``/hang``: no answer until the receiver stops;
* ``/slow/<seconds>``: acknowledged after that time;
* ``/fail``: 500; ``/fail-once/<id>``: 500 the first time, then acknowledged;
* ``/ok``: 200 without the word that acknowledges.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import signal
import threading
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox.web import BadRequest, Exchange, WebServer

ACKNOWLEDGED = b"SUCCESS"
MAX_SLOW_S = 300.0
MAX_SHOWN = 200

_SLOW = re.compile(r"/slow/(\d{1,3}(?:\.\d{1,3})?)")


class Inbox:
    """The webhooks received, in memory and one JSON object a line in ``webhooks.jsonl``."""

    def __init__(self, state_dir: Path) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        path = state_dir / "webhooks.jsonl"
        self._lock = threading.Lock()
        self._received: list[dict[str, Any]] = []
        if path.exists():
            whole = path.read_bytes()
            whole = whole[: whole.rfind(b"\n") + 1]  # a line cut short by a kill is no webhook
            path.write_bytes(whole)
            self._received = [json.loads(line) for line in whole.splitlines()]
        self._file = path.open("a", encoding="utf-8")
        self._seen: Counter[str] = Counter()

    def keep(self, path: str, headers: list[tuple[str, str]], body: bytes) -> int:
        """Keep one webhook; how often its path was posted to since the start."""
        entry = {
            "received_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "path": path,
            "headers": dict(headers),
            "body": body.decode("utf-8", errors="replace"),
        }
        with self._lock:
            self._received.append(entry)
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            self._file.flush()
            self._seen[path] += 1
            return self._seen[path]

    def received(self, path: str | None = None) -> list[dict[str, Any]]:
        """Oldest first; only those posted to ``path`` (query left aside) if it is given."""
        with self._lock:
            found = list(self._received)
        return [e for e in found if path is None or urlsplit(e["path"]).path == path]

    def close(self) -> None:
        with self._lock:
            self._file.close()


class Merchant(WebServer):
    """The receiver on 127.0.0.1."""

    def __init__(self, inbox: Inbox, port: int) -> None:
        self._stopping = threading.Event()
        super().__init__(partial(_WebhookExchange, inbox, self._stopping), port)

    def stop(self) -> None:
        self._stopping.set()
        super().stop()


class _WebhookExchange(Exchange):
    def __init__(self, inbox: Inbox, stopping: threading.Event, *connection: Any) -> None:
        self._inbox = inbox
        self._stopping = stopping
        super().__init__(*connection)

    def respond(self) -> None:
        match self.command, self.route:
            case "POST", _:
                self._take()
            case "GET", "/received":
                query = parse_qs(urlsplit(self.path).query)
                self.send_json(200, self._inbox.received(query.get("path", [None])[0]))
            case "GET", "/health":
                self.send_json(200, {"status": "up"})
            case "GET", "/":
                page = _page(self._inbox.received()[: -MAX_SHOWN - 1 : -1])
                self.send_content(200, page.encode(), "text/html; charset=utf-8")
            case _:
                raise BadRequest(404, "There is nothing here.")

    def _take(self) -> None:
        times = self._inbox.keep(self.path, self.headers.items(), self.body)
        route = self.route
        if route == "/hang":
            self._stopping.wait()
            self.close_connection = True
            return
        if slow := _SLOW.fullmatch(route):
            self._stopping.wait(min(float(slow[1]), MAX_SLOW_S))
        if route == "/fail" or (route.startswith("/fail-once/") and times == 1):
            raise BadRequest(500, "This address fails on purpose.")
        self.send_content(200, b"" if route == "/ok" else ACKNOWLEDGED, "text/plain")


def _page(newest_first: list[dict[str, Any]]) -> str:
    rows = "".join(
        f"<article><h2>{_text(entry['received_at'])} {_text(entry['path'])}</h2>"
        f"<pre>{_text(_readable(entry['body']))}</pre><details><summary>headers</summary><pre>"
        + _text("\n".join(f"{name}: {value}" for name, value in entry["headers"].items()))
        + "</pre></details></article>"
        for entry in newest_first
    )
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Webhooks</title>"
        "<link rel='icon' href='data:,'>"
        "<style>body{font:15px sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "pre{background:#f4f4f4;padding:.7rem;overflow:auto}h2{font-size:1rem}</style>"
        f"<h1>Received webhooks</h1>{rows or '<p>None yet.</p>'}</html>"
    )


def _readable(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


def _text(value: str) -> str:
    return html.escape(value)


def main() -> None:
    """Run the receiver until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="A merchant's webhook receiver.")
    parser.add_argument("--state-dir", type=Path, required=True, help="where webhooks are kept")
    parser.add_argument("--http-port", type=int, default=0, help="0 = choose a free one")
    arguments = parser.parse_args()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    inbox = Inbox(arguments.state_dir)
    try:
        merchant = Merchant(inbox, arguments.http_port)
    except OSError as error:
        parser.exit(1, f"The merchant cannot start: {error}\n")
    merchant.start()
    print(f"ready http={merchant.port}", flush=True)
    stopping.wait()
    merchant.stop()
    inbox.close()


if __name__ == "__main__":
    main()

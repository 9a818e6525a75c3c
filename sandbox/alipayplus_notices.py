"""notifyPayment: tells acquirers what became of their orders until they have acknowledged it."""

from __future__ import annotations

import http.client
import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from sandbox.alipayplus_books import WalletBooks
from sandbox.alipayplus_desk import moment, notification
from sandbox.alipayplus_keys import Keys

LOOK_EVERY_S = 0.1
TIMEOUT_S = 10.0
MAX_WAIT_S = 60.0
GIVE_UP_AFTER_S = 24 * 3600
AT_A_TIME = 8
MAX_ACKNOWLEDGEMENT_BYTES = 64 * 1024


class Notifier:
    """Sends what is due, from threads of its own; waits double from one second to a minute."""

    def __init__(self, books: WalletBooks, keys: Keys, client_id: str) -> None:
        self._books = books
        self._keys = keys
        self._client_id = client_id
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._senders = ThreadPoolExecutor(AT_A_TIME)
        self._under_way: set[int] = set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What is under way is not waited for: it is sent again after the next start."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._senders.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            for order in self._books.due_notices():
                if order["id"] not in self._under_way:
                    self._under_way.add(order["id"])
                    self._senders.submit(self._tell, order)

    def _tell(self, order: sqlite3.Row) -> None:
        try:
            acknowledged = self._send(order)
            wait_s = min(2.0 ** order["notices_sent"], MAX_WAIT_S)
            next_at = self._books.now() + wait_s
            last = acknowledged or next_at > order["created_at"] + GIVE_UP_AFTER_S
            self._books.told(order, acknowledged=acknowledged, next_at=None if last else next_at)
        except sqlite3.ProgrammingError:
            if not self._stopping.is_set():  # the books close under whoever is under way
                raise
        finally:
            self._under_way.discard(order["id"])

    def _send(self, order: sqlite3.Row) -> bool:
        """Whether the acquirer has acknowledged, and signed that it did."""
        parts = urlsplit(order["notify_url"])
        path = parts.path or "/"
        body = json.dumps(notification(order), separators=(",", ":")).encode()
        stamp = moment(self._books.now())
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "Client-Id": self._client_id,
            "Request-Time": stamp,
            "Signature": self._keys.sign(path, self._client_id, stamp, body),
        }
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        try:
            target = path + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body=body, headers=headers)
            answer = connection.getresponse()
            content = answer.read(MAX_ACKNOWLEDGEMENT_BYTES)
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        signature = answer.headers.get("Signature", "")
        answered_at = answer.headers.get("Response-Time", "")
        if not self._keys.verified(signature, path, self._client_id, answered_at, content):
            return False
        return _accepted(content)


def _accepted(content: bytes) -> bool:
    try:
        result = json.loads(content)["result"]
        return bool(result["resultStatus"] == "S" and result["resultCode"] == "SUCCESS")
    except (ValueError, KeyError, TypeError):
        return False

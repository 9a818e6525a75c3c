"""How many requests a store may send: counted together by all processes, in blocks.

A process lets a few requests of each window pass by itself and then leases ten at a time, so a
quiet store costs nothing and a busy one a tenth of a request each. What finishes a payment is let
through for longer than what begins one: when a store is too fast, its captures, cancels and
refunds are the last to be refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from tidegate.domain.errors import TooManyRequests
from tidegate.domain.store import Store

if TYPE_CHECKING:
    from tidegate.ports import Clock

WINDOW_S = 10
BLOCK = 10
FREE = 3
"""Requests of a window that each process lets pass uncounted."""
STORES_KNOWN = 1_000
URGENT_SHARE = 1.5
"""How far beyond the limit the operations on existing payments may go."""


class RequestCounter(Protocol):
    """Counts shared by all processes."""

    def take(self, sid: str, window: int, block: int) -> int:
        """Count ``block`` more requests of a store in a window; how many it then is."""


@dataclass(slots=True)
class _Window:
    number: int
    left: int = FREE
    counted: int = 0
    """As of the last lease."""


class TrafficControl:
    """One per process."""

    def __init__(self, counter: RequestCounter, clock: Clock, default_per_s: int) -> None:
        self._counter = counter
        self._clock = clock
        self._default = default_per_s
        self._windows: dict[str, _Window] = {}
        self._lock = Lock()

    def admit(self, store: Store, *, urgent: bool) -> None:
        """Count a request. Raises TooManyRequests with the seconds after which it may be sent
        again: nothing was done, so that is safe."""
        per_s = self._default if store.requests_per_s is None else store.requests_per_s
        if not per_s:
            return
        now = self._clock.now()
        number = int(now // WINDOW_S)
        allowed = per_s * WINDOW_S * (URGENT_SHARE if urgent else 1)
        with self._lock:
            window = self._window(store.sid, number)
            if window.counted < allowed and not window.left:
                window.counted = self._counter.take(store.sid, number, BLOCK)
                window.left = BLOCK
            if window.counted - window.left >= allowed:
                raise TooManyRequests(retry_after_s=max(1, round(WINDOW_S - now % WINDOW_S)))
            window.left -= 1

    def _window(self, sid: str, number: int) -> _Window:
        window = self._windows.get(sid)
        if window is None or window.number != number:
            if len(self._windows) >= STORES_KNOWN:
                self._windows.clear()
            window = self._windows[sid] = _Window(number)
        return window

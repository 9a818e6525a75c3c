"""A network that does not answer is left alone for a while: its payments fail at once and may take
another route, instead of each waiting until its time is up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from tidegate.domain.errors import NotSent, Unanswered
from tidegate.domain.message import AuthorizationRequest, NetworkAnswer, ReversalRequest
from tidegate.ports import CardNetwork

FAILURES = 5
"""In a row, in one process, until the network is left alone."""
REST_S = 10.0
Answer = TypeVar("Answer")


class Breaker:
    """Counts failures in a row; open, it lets one call through every ``REST_S``."""

    def __init__(self, name: str, now: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._now = now
        self._failures = 0
        self._tried_at = 0.0

    def __call__(self, ask: Callable[[], Answer]) -> Answer:
        """What ``ask`` gives. Raises NotSent without asking while the network is left alone, and
        what ``ask`` raises."""
        if self._failures >= FAILURES:
            if self._now() - self._tried_at < REST_S:
                raise NotSent(f"{self._name} is left alone: it did not answer")
            self._tried_at = self._now()  # this one tries
        try:
            answer = ask()
        except (NotSent, Unanswered):
            self._failures += 1
            self._tried_at = self._now()
            raise
        self._failures = 0
        return answer


class GuardedNetwork:
    """``CardNetwork`` behind a breaker."""

    def __init__(self, network: CardNetwork, now: Callable[[], float] = time.monotonic) -> None:
        self.name = network.name
        self._network = network
        self._breaker = Breaker(network.name, now)

    def authorize(self, request: AuthorizationRequest, *, timeout_s: float) -> NetworkAnswer:
        """See ``ports.CardNetwork``."""
        return self._breaker(lambda: self._network.authorize(request, timeout_s=timeout_s))

    def reverse(self, request: ReversalRequest, *, timeout_s: float) -> NetworkAnswer:
        """See ``ports.CardNetwork``."""
        return self._breaker(lambda: self._network.reverse(request, timeout_s=timeout_s))

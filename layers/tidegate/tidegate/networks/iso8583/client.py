"""A conversation with one host: one connection kept while the function is warm, one request at a
time.

What failed before the request's first byte left is NotSent, and so is what the host sends back
unprocessed; whatever else fails after it is Unanswered. An answer counts only if it repeats DE 7,
11, 32, 37 and 41; all else that arrives is dropped and counted.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock
from typing import Protocol

from tidegate.domain.errors import NotSent, Unanswered
from tidegate.domain.message import (
    AuthorizationRequest,
    MessageIdentity,
    NetworkAnswer,
    ReversalRequest,
)
from tidegate.networks.iso8583.message import BadMessage, Elements

IDLE_S = 20.0
"""After so long without a word a connection is opened anew: a middlebox may have dropped it."""
CONNECT_S = 2.0
MAX_FRAME_BYTES = 4096
SIGN_ON, ECHO = "001", "301"
IDENTITY = ("7", "11", "32", "37", "41")
ANSWERS = {"0100": "0110", "0400": "0410", "0401": "0410", "0800": "0810"}
NETWORK_TERMINAL = "00000000"


class HostRejected(Exception):
    """The host sent our message back: it could not process it and booked nothing."""


class Link(Protocol):
    """A network's framing and messages."""

    name: str
    prefix_bytes: int

    def body_bytes(self, prefix: bytes) -> int:
        """How many bytes follow a frame's prefix; raises BadMessage."""

    def frame(self, elements: Elements) -> bytes:
        """A whole frame."""

    def open(self, body: bytes) -> Elements:
        """What follows a prefix, decoded; raises BadMessage."""

    def rejects(self, body: bytes, frame: bytes) -> bool:
        """Whether ``body`` is our own ``frame`` sent back unprocessed."""

    def authorization(self, request: AuthorizationRequest) -> Elements:
        """The elements of a 0100; raises BadMessage."""

    def reversal(self, request: ReversalRequest) -> Elements:
        """The elements of a 0400 or 0401; raises BadMessage."""

    def answer(self, elements: Elements) -> NetworkAnswer:
        """What an 0110 or 0410 says; raises BadMessage."""


class HostClient:
    """``CardNetwork`` over TCP."""

    def __init__(self, link: Link, host: str, port: int) -> None:
        self.name = link.name
        self.dropped = 0
        """Messages that answered nothing we had asked."""
        self._link = link
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._last_used = 0.0
        self._management_stan = 0
        self._lock = Lock()

    def authorize(self, request: AuthorizationRequest, *, timeout_s: float) -> NetworkAnswer:
        """Send a 0100. Raises NotSent or Unanswered."""
        return self._ask(lambda: self._link.authorization(request), timeout_s)

    def reverse(self, request: ReversalRequest, *, timeout_s: float) -> NetworkAnswer:
        """Send a 0400 or 0401. Raises NotSent or Unanswered."""
        return self._ask(lambda: self._link.reversal(request), timeout_s)

    def echo(self, acquirer_id: str, *, timeout_s: float = CONNECT_S) -> None:
        """Ask whether the host is there; raises NotSent or Unanswered."""
        with self._turn(timeout_s) as deadline:
            self._connected(acquirer_id, deadline)
            self._manage(ECHO, acquirer_id, deadline)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, message: Callable[[], Elements], timeout_s: float) -> NetworkAnswer:
        try:
            elements = message()
            frame = self._link.frame(elements)
        except BadMessage as error:
            raise NotSent(str(error)) from None
        with self._turn(timeout_s) as deadline:
            self._hand_over(frame, elements["32"], deadline)
            try:
                return self._link.answer(self._answer_to(elements, frame, deadline))
            except HostRejected:
                raise NotSent(f"{self.name} rejected the message's format") from None
            except (OSError, BadMessage):
                self.close()
                raise Unanswered(f"no answer from {self.name}") from None

    @contextmanager
    def _turn(self, timeout_s: float) -> Iterator[float]:
        """Wait for the connection to be ours; gives the deadline, the wait included."""
        deadline = time.monotonic() + timeout_s
        if not self._lock.acquire(timeout=max(0.0, timeout_s)):
            raise NotSent(f"the link to {self.name} is busy")
        try:
            yield deadline
        finally:
            self._last_used = time.monotonic()
            self._lock.release()

    def _hand_over(self, frame: bytes, acquirer_id: str, deadline: float) -> None:
        """Send over a connection that is signed on. A kept one may turn out to be broken when the
        first byte is refused: nothing left then, so one new connection is tried."""
        kept = self._connected(acquirer_id, deadline)
        try:
            self._send(frame, deadline)
        except NotSent:
            if not kept:
                raise
            self._connected(acquirer_id, deadline)
            self._send(frame, deadline)

    def _connected(self, acquirer_id: str, deadline: float) -> bool:
        """Have a connection that is signed on; True if it is one that was kept. Raises NotSent."""
        if self._socket is not None and (
            time.monotonic() - self._last_used > IDLE_S or self._closed_by_host()
        ):
            self.close()
        if self._socket is not None:
            return True
        try:
            self._socket = socket.create_connection(
                self._address, timeout=min(CONNECT_S, _left(deadline))
            )
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._manage(SIGN_ON, acquirer_id, deadline)
        except (OSError, NotSent, Unanswered):
            self.close()
            raise NotSent(f"{self.name} cannot be reached") from None
        return False

    def _manage(self, code: str, acquirer_id: str, deadline: float) -> None:
        """An 0800; it books nothing, so its numbers need not be unique beyond this connection."""
        self._management_stan = self._management_stan % 999_999 + 1
        stan = self._management_stan
        now = datetime.now(UTC).strftime("%m%d%H%M%S")
        identity = MessageIdentity(now, stan, acquirer_id, f"{stan:012d}", NETWORK_TERMINAL)
        elements = {"t": "0800", **identified(identity), "70": code}
        try:
            frame = self._link.frame(elements)
        except BadMessage as error:
            raise NotSent(str(error)) from None
        self._send(frame, deadline)
        try:
            answer = self._answer_to(elements, frame, deadline)
        except (OSError, BadMessage, HostRejected):
            self.close()
            raise Unanswered(f"{self.name} did not answer an 0800") from None
        if answer["39"] != "00":
            self.close()
            raise Unanswered(f"{self.name} refused an 0800")

    def _send(self, frame: bytes, deadline: float) -> None:
        """Hand a frame to the socket. Raises NotSent as long as not one byte of it left, then
        Unanswered."""
        assert self._socket is not None
        sent = 0
        try:
            while sent < len(frame):
                self._socket.settimeout(_left(deadline))
                sent += self._socket.send(frame[sent:])
        except OSError:
            self.close()
            failure = Unanswered if sent else NotSent
            raise failure(f"the connection to {self.name} broke") from None

    def _answer_to(self, elements: Elements, frame: bytes, deadline: float) -> Elements:
        """Wait for the one message that answers ours; what cannot be read or answers something
        else is dropped. Raises OSError, BadMessage where the stream cannot be followed, and
        HostRejected."""
        expected = {name: elements[name] for name in IDENTITY} | {"t": ANSWERS[elements["t"]]}
        while True:
            size = self._link.body_bytes(self._receive(self._link.prefix_bytes, deadline))
            if not 0 < size <= MAX_FRAME_BYTES:
                raise BadMessage("a frame of impossible length")
            body = self._receive(size, deadline)
            if self._link.rejects(body, frame):
                raise HostRejected
            try:
                answer = self._link.open(body)
            except BadMessage:
                answer = {}
            if expected.items() <= answer.items() and answer.get("39", "").isalnum():
                return answer
            self.dropped += 1

    def _receive(self, count: int, deadline: float) -> bytes:
        assert self._socket is not None
        received = b""
        while len(received) < count:
            self._socket.settimeout(_left(deadline))
            chunk = self._socket.recv(count - len(received))
            if not chunk:
                raise ConnectionError("the host closed the connection")
            received += chunk
        return received

    def _closed_by_host(self) -> bool:
        """Whether the host has hung up meanwhile: to be known before anything is sent."""
        assert self._socket is not None
        self._socket.setblocking(False)
        try:
            return self._socket.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self._socket.setblocking(True)


def identified(identity: MessageIdentity) -> Elements:
    """The five elements of identity."""
    return {
        "7": identity.transmitted_at,
        "11": f"{identity.stan:06d}",
        "32": identity.acquirer_id,
        "37": identity.rrn,
        "41": identity.terminal_id.ljust(8),
    }


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("out of time")
    return left

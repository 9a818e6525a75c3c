"""HTTP as the real code speaks it, over a cable with faults: the bytes of ``http.client`` on one
side, on the other the sandbox's own servers, which read and write them in memory."""

from __future__ import annotations

import contextlib
import http.client
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit
from urllib.request import Request

from sandbox.web import Exchange
from tests.simulation.calls import Calls, Failing
from tests.simulation.faults import Fault

CONNECTING = (Fault.FAILS_BEFORE,)
CABLE = (
    Fault.LOST,
    Fault.FAILS_AFTER,
    Fault.LATE,
    Fault.ARRIVES_LATE,
    Fault.ARRIVES_LATE,
    Fault.TWICE,
    Fault.DIES_BEFORE,
    Fault.DIES_AFTER,
    Fault.RESTART,
)
PATIENCE_S = 10.0
"""Of a client that sets no time-out of its own."""
LATENESS_S = 20.0
"""For so long a server may still take up what a client has given up."""

Serve = Callable[[bytes], bytes]
"""From the bytes of a request to those of its answer; nothing where the server hangs up."""


@dataclass
class Web:
    """Servers by the name of their host."""

    calls: Calls
    servers: dict[str, Serve] = field(default_factory=dict)

    @contextmanager
    def reachable(self) -> Iterator[None]:
        """For ``http.client`` and ``urllib`` there is no other web than this one."""
        before = SimulatedConnection.web
        SimulatedConnection.web = self
        try:
            yield
        finally:
            SimulatedConnection.web = before


class SimulatedConnection:
    """``http.client.HTTPSConnection`` as far as it is used, for one request."""

    web: ClassVar[Web | None] = None
    """Of the story that is running."""

    def __init__(self, host: str, port: int | None = None, timeout: float = PATIENCE_S) -> None:
        self._host = host
        self._patience_s = timeout
        self._answer: http.client.HTTPResponse | None = None
        self.sock: SimulatedConnection | None = None

    def settimeout(self, seconds: float) -> None:
        """As the connection's own socket."""
        self._patience_s = seconds

    def connect(self) -> None:
        """Raises ConnectionRefusedError."""
        self._call("connect", lambda: b"", CONNECTING)
        self.sock = self

    def request(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        """Raises TimeoutError where no answer comes."""
        if self.sock is None:
            self.connect()
        raw = written(method, target, {"Host": self._host, **(headers or {})}, body)
        name = f"{method} {urlsplit(target).path.rpartition('/')[2][:16]}"
        web = self._web()
        answer = self._call(name, lambda: web.servers[self._host](raw), CABLE)
        self._answer = read(answer, method)

    def getresponse(self) -> http.client.HTTPResponse:
        """The answer that came."""
        assert self._answer is not None
        return self._answer

    def close(self) -> None:
        """There is nothing to close."""

    def _call(self, name: str, effect: Callable[[], bytes], kinds: tuple[Fault, ...]) -> bytes:
        failing = Failing(refused=ConnectionRefusedError, lost=TimeoutError)
        at = f"{self._host} {name}"
        return self._web().calls.make(
            at, effect, kinds, failing, patience_s=self._patience_s, lateness_s=LATENESS_S
        )

    @classmethod
    def _web(cls) -> Web:
        assert cls.web is not None
        return cls.web


def urlopen(request: Request, timeout: float = PATIENCE_S) -> Any:
    """In the place of ``urllib.request.urlopen``."""
    parts = urlsplit(request.full_url)
    connection = SimulatedConnection(parts.hostname or "", timeout=timeout)
    body = request.data if isinstance(request.data, bytes) else b""
    connection.request(request.get_method(), parts.path, body, dict(request.header_items()))
    return contextlib.closing(connection.getresponse())


def served_by(exchange: Callable[..., Exchange]) -> Serve:
    """One of the sandbox's HTTP servers: its own reading and writing of bytes."""

    def serve(raw: bytes) -> bytes:
        connection = _InMemory(raw)
        exchange(connection, ("127.0.0.1", 0), None)
        return connection.sent.getvalue()

    return serve


def written(method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A request's bytes."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


def read(raw: bytes, method: str) -> http.client.HTTPResponse:
    """An answer's bytes as ``http.client`` reads them; raises RemoteDisconnected where there are
    none."""
    socket: Any = _InMemory(raw)
    response = http.client.HTTPResponse(socket, method=method)
    response.begin()
    return response


class _InMemory:
    """A socket whose other side has said all that it says."""

    def __init__(self, received: bytes) -> None:
        self._received = received
        self.sent = io.BytesIO()

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self._received)

    def sendall(self, content: bytes) -> None:
        self.sent.write(content)

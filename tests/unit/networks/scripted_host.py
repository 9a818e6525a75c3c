"""A host that does as it is told, over a real socket and with the sandbox's codecs."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from threading import Thread
from types import TracebackType
from typing import Self

from sandbox import mastercard, visa
from sandbox.iso8583 import Message, Unreadable

ANSWERS = {"0100": "0110", "0400": "0410", "0401": "0410", "0800": "0810"}
IDENTITY = (7, 11, 32, 37, 41)
_TO_US = visa.Header(destination=bytes.fromhex("400001"), source=bytes.fromhex("400552"))
_FROM_US = visa.Header(destination=_TO_US.source, source=_TO_US.destination)

Script = Callable[[Message], Iterable[Message | bytes | None]]
"""What to say to a request: messages, raw bytes, or None to hang up."""


def answer_to(request: Message, code: str = "00", **other: str) -> Message:
    """The answer with a response code; ``de_37=...`` changes an element."""
    elements = {de: request.elements[de] for de in IDENTITY} | {39: code}
    if request.mti == "0100" and code == "00":
        elements[38] = "A1B2C3"
    changed = {int(name.removeprefix("de_")): value for name, value in other.items()}
    return Message(ANSWERS[request.mti], elements | changed)


def approving(request: Message) -> Iterable[Message]:
    """Sign everybody on, approve everything."""
    return [answer_to(request)]


class ScriptedHost:
    """Serves one connection after another while entered."""

    def __init__(self, network: str, script: Script = approving) -> None:
        self.network = network
        self.script = script
        self.connections = 0
        self.received: list[Message] = []
        self._codec = visa.CODEC if network == "visa" else mastercard.CODEC
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._thread = Thread(target=self._serve, daemon=True)
        self.port: int = self._listener.getsockname()[1]

    @property
    def requests(self) -> list[Message]:
        """What was received, network management apart."""
        return [message for message in self.received if message.mti != "0800"]

    def framed(self, message: Message) -> bytes:
        """The whole frame of a message."""
        body = self._codec.encode(message)
        if self.network == "visa":
            return _TO_US.answer(body)
        return len(body).to_bytes(2, "big") + body

    def rejected(self, request: Message) -> bytes:
        """What a Visa host says when it cannot process a message of ours."""
        frame = _FROM_US.answer(self._codec.encode(request))
        return visa.VisaLink().refuse(frame[4:], Unreadable("")) or b""

    def hang_up(self) -> None:
        """Close every open connection."""
        for connection in self._open:
            connection.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            Thread(target=self._follow, args=(connection,), daemon=True).start()

    def _follow(self, connection: socket.socket) -> None:
        try:
            while (request := self._next(connection)) is not None:
                self.received.append(request)
                for said in self.script(request):
                    if said is None:
                        connection.shutdown(socket.SHUT_RDWR)
                        return
                    connection.sendall(said if isinstance(said, bytes) else self.framed(said))
        except OSError:
            return

    def _next(self, connection: socket.socket) -> Message | None:
        prefix = _exactly(connection, 4 if self.network == "visa" else 2)
        frame = _exactly(connection, int.from_bytes(prefix[:2], "big"))
        if not frame:
            return None
        return self._codec.decode(frame[visa.HEADER_BYTES :] if self.network == "visa" else frame)


def _exactly(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        chunk = connection.recv(count - len(received))
        if not chunk:
            return b""
        received += chunk
    return received

"""An acquirer's side of a link, for trying a host over a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count

from sandbox import mastercard, visa
from sandbox.iso8583 import Message
from tests.sandbox.process import SandboxProcess

# Not 4761340000000043 here: masked, it would look the same.
CARDS = {"visa": "4761739999000213", "mastercard": "5120350100064594"}
OTHER_CARDS = {"visa": "4761340000000043", "mastercard": "2223001870064586"}
ACQUIRERS = {"visa": "400552", "mastercard": "200234"}
APPROVED = "00"
PAYOUT_CODES = {"visa": "260000", "mastercard": "280000"}
_ADDRESSES = visa.Header(destination=bytes.fromhex("400552"), source=bytes.fromhex("400001"))

_stans = count(1)


@dataclass(frozen=True)
class Sent:
    """A 0100 as it was sent, with all that later messages must repeat."""

    network: str
    amount_minor: int = 12_300
    kind: str = "purchase"
    security_code: str | None = None
    pan: str = field(default="", repr=False)
    stan: int = field(default_factory=lambda: next(_stans))
    transmitted_at: str = "1123093015"
    currency: str = "840"

    @property
    def identity(self) -> dict[int, str]:
        return {
            7: self.transmitted_at,
            11: f"{self.stan:06d}",
            32: ACQUIRERS[self.network],
            37: f"632717{self.stan:06d}",
            41: "TG000001",
        }

    @property
    def message(self) -> Message:
        elements = {
            2: self.pan or CARDS[self.network],
            3: "000000" if self.kind == "purchase" else "200000",
            4: f"{self.amount_minor:012d}",
            **self.identity,
            12: "173015",
            13: "1123",
            14: "3112",
            18: "5999",
            42: "TIDEGATE0000001",
            49: self.currency,
        }
        if self.network == "visa":
            elements |= {19: "344", 22: "0100", 25: "59"}
            if self.security_code is not None:
                code = f"11{self.security_code:>4}".encode("cp500").hex().upper()
                elements[126] = "0040000000000000" + code
        else:
            sub_elements = "T42070103211"
            if self.security_code is not None:
                sub_elements += f"92{len(self.security_code):02d}{self.security_code}"
            elements |= {22: "810", 48: sub_elements, 61: f"1025100006600344{' ' * 10}"}
        return Message("0100", elements)

    def reversal(
        self,
        *,
        repeat: bool = False,
        stan: int | None = None,
        remaining_minor: int | None = None,
        changed: dict[int, str] | None = None,
    ) -> Message:
        """The 0400 or 0401 that names this message, with some elements ``changed``."""
        elements = {de: self.message.elements[de] for de in (2, 3, 4, 32, 37, 41, 42, 49)} | {
            7: "1123094001" if repeat else "1123094000",
            11: f"{stan or next(_stans):06d}",
            90: f"0100{self.stan:06d}{self.transmitted_at}{ACQUIRERS[self.network]:0>11}{'0' * 11}",
        }
        if remaining_minor is not None:
            elements[95] = f"{remaining_minor:012d}{'0' * 30}"
        return Message("0401" if repeat else "0400", elements | (changed or {}))

    def but(self, **changed: object) -> Sent:
        """The same identity with something else changed."""
        return replace(self, **changed)  # type: ignore[arg-type]


def pushed(sent: Sent) -> Message:
    """The 0100 of a payout."""
    message = sent.message
    message.elements[3] = PAYOUT_CODES[sent.network]
    return message


class Terminal:
    """One connection to a host."""

    def __init__(self, network: str, port: int) -> None:
        self.network = network
        self.codec = visa.CODEC if network == "visa" else mastercard.CODEC
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)

    def manage(self, code: str) -> str:
        """Send an 0800 and return DE 39."""
        sent = Sent(self.network)
        return self.ask(Message("0800", sent.identity | {70: code})).elements[39]

    def ask(self, message: Message) -> Message:
        """Send and wait for the answer, which must be to this message."""
        self.send(message)
        answer = self.receive()
        for de in (7, 11, 32, 37, 41):
            assert answer.elements[de] == message.elements[de]
        return answer

    def send(self, message: Message) -> None:
        self.send_bytes(self.framed(self.codec.encode(message)))

    def send_bytes(self, content: bytes) -> None:
        self.socket.sendall(content)

    def framed(self, body: bytes) -> bytes:
        if self.network == "visa":
            return _ADDRESSES.answer(body)
        return len(body).to_bytes(2, "big") + body

    def receive(self) -> Message:
        frame = self.receive_frame()
        return self.codec.decode(frame[26:] if self.network == "visa" else frame[2:])

    def receive_frame(self) -> bytes:
        """The next frame with its prefix; raises `EOFError` if the host has closed."""
        prefix = self._exactly(4 if self.network == "visa" else 2)
        return prefix + self._exactly(int.from_bytes(prefix[:2], "big"))

    def hears_nothing(self, for_s: float = 0.3) -> bool:
        self.socket.settimeout(for_s)
        try:
            return not self.socket.recv(1)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(5)

    def is_closed(self) -> bool:
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self.socket.close()

    def _exactly(self, size: int) -> bytes:
        content = b""
        while len(content) < size:
            chunk = self.socket.recv(size - len(content))
            if not chunk:
                raise EOFError
            content += chunk
        return content


@contextmanager
def connected(host: SandboxProcess, *, signed_on: bool = True) -> Iterator[Terminal]:
    """A connection to ``host``, signed on unless asked otherwise."""
    terminal = Terminal(host.name, host.ports["iso"])
    try:
        if signed_on:
            assert terminal.manage("001") == "00"
        yield terminal
    finally:
        terminal.close()


def booked(host: SandboxProcess, sent: Sent) -> list[dict[str, object]]:
    """The authorizations that a host has in its books for a message."""
    rows = host.http("GET", "/books").json()["authorizations"]
    return [row for row in rows if row["rrn"] == sent.identity[37]]

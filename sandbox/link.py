"""What a host needs to know of its network's messages, whatever their bytes look like."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.iso8583 import Message, Unreadable

MAX_FRAME_BYTES = 4096
FRAME_S = 10.0
"""A frame that has begun must be complete within this time."""

SIGN_ON, SIGN_OFF, ECHO = "001", "002", "301"
ANSWER_TO = {"0100": "0110", "0400": "0410", "0401": "0410", "0800": "0810"}
KINDS = {
    "000000": "purchase",
    "200000": "refund",
    "260000": "payout",
    "280000": "payout",
}
IDENTITY = (7, 11, 32, 37, 41)
"""Transmission time, STAN, acquirer, RRN, terminal: what an answer must bring back."""
REPEATED = (2, 3, 4, *IDENTITY, 19, 25, 42, 49, 70, 90)

_REQUIRED = {
    "0100": (2, 3, 4, 12, 13, 18, 22, *IDENTITY, 42, 49),
    "0400": (2, 3, 4, *IDENTITY, 42, 49, 90),
    "0401": (2, 3, 4, *IDENTITY, 42, 49, 90),
    "0800": (*IDENTITY, 70),
}
_ORIGINAL = re.compile(r"0100\d{6}\d{10}\d{11}0{11}")
_REPLACEMENT = re.compile(r"\d{12}0{30}")


class BrokenFrame(Exception):
    """The byte stream cannot be followed any further; the connection ends."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a host decided about a 0100; kept, so that a duplicate is answered the same."""

    response_code: str
    authorization_code: str | None
    network_reference: str
    security_result: str
    """M match, N no match, P not sent."""
    settlement_date: str
    """MMDD, UTC."""
    silent: bool = False
    """The answer is withheld."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How the cardholder, or a network token, proves himself in a 0100."""

    authenticated: bool = False
    """A 3-D Secure value is there."""
    cryptogram: str | None = None
    """Of a network token, hex."""
    by_merchant: bool = False
    """A payment that the merchant initiates with a credential on file."""


class Link(Protocol):
    """One network's framing, field table and private elements."""

    name: str

    async def read_frame(self, reader: asyncio.StreamReader) -> bytes:
        """The next frame without its prefix; raises `BrokenFrame`, `EOFError` at the end."""

    def unpack(self, frame: bytes) -> tuple[Any, Message]:
        """The envelope (given back to `pack`) and the message; raises `Unreadable` or
        `BrokenFrame`."""

    def pack(self, envelope: Any, answer: Message) -> bytes:
        """The whole frame of an answer."""

    def refuse(self, frame: bytes, error: Unreadable) -> bytes | None:
        """The whole frame that tells of an unknown format; None ends the connection."""

    def check(self, message: Message) -> None:
        """Look at the private elements of a complete request; raises `Unreadable`."""

    def security_code(self, message: Message) -> str | None:
        """CVV2 or CVC2 if the request carries one."""

    def proof(self, message: Message) -> Proof:
        """What a complete 0100 says of the cardholder and of a network token."""

    def reference(self, count: int, day: str) -> str:
        """The network's reference for the host's ``count``-th authorization; ``day`` is YDDD."""

    def decided(self, decision: Decision) -> Mapping[int, str]:
        """The private elements of a 0110."""

    def acknowledged(self, request: Message, settlement_date: str) -> Mapping[int, str]:
        """The private elements of a 0410."""


def require_complete(message: Message) -> None:
    """Raise `Unreadable` unless the host knows this class of message and finds all it needs."""
    required = _REQUIRED.get(message.mti)
    elements = message.elements
    if required is None:
        raise Unreadable(f"message type {message.mti} is not served", message.mti, elements)
    missing = [de for de in required if de not in elements]
    if missing:
        raise Unreadable(f"DE {missing[0]} is missing", message.mti, elements)
    if message.mti == "0800":
        if elements[70] not in {SIGN_ON, SIGN_OFF, ECHO}:
            raise Unreadable("DE 70 is none of 001, 002, 301", message.mti, elements)
        return
    if elements[3] not in KINDS:
        raise Unreadable("DE 3 is neither 000000 nor 200000", message.mti, elements)
    if not 12 <= len(elements[2]) <= 19:
        raise Unreadable("DE 2 is no card number", message.mti, elements)
    if message.mti != "0100":
        if not _ORIGINAL.fullmatch(elements[90]):
            raise Unreadable("DE 90 does not name a 0100", message.mti, elements)
        if not _REPLACEMENT.fullmatch(elements.get(95, "0" * 42)):
            raise Unreadable("DE 95 is not an amount and 30 zeros", message.mti, elements)


async def read_exactly(reader: asyncio.StreamReader, count: int) -> bytes:
    """The rest of a frame that has begun; raises `BrokenFrame` if it does not come in time."""
    try:
        async with asyncio.timeout(FRAME_S):
            return await reader.readexactly(count)
    except (TimeoutError, asyncio.IncompleteReadError) as error:
        raise BrokenFrame("a frame was not completed") from error


async def read_first_byte(reader: asyncio.StreamReader) -> bytes:
    """Wait for the next frame as long as the connection lives; raises `EOFError` at its end."""
    first = await reader.read(1)
    if not first:
        raise EOFError
    return first

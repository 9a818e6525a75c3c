"""A Visa host: BASE I frames, header and fields (docs/networks.md).

Run it with ``python -m sandbox.visa --state-dir D --iso-port N --http-port N``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from sandbox.iso8583 import EBCDIC, Codec, Field, Message, Unreadable, bitmap_of, split_bitmapped
from sandbox.link import (
    MAX_FRAME_BYTES,
    BrokenFrame,
    Decision,
    Proof,
    read_exactly,
    read_first_byte,
)

HEADER_BYTES = 22
REJECT_HEADER_BYTES = 26
UNKNOWN_FORMAT = bytes.fromhex("0008")

FIELDS = {
    2: Field("n", 19, 2),
    3: Field("n", 6),
    4: Field("n", 12),
    7: Field("n", 10),
    11: Field("n", 6),
    12: Field("n", 6),
    13: Field("n", 4),
    14: Field("n", 4),
    18: Field("n", 4),
    19: Field("n", 3),
    22: Field("n", 4),
    25: Field("n", 2),
    32: Field("n", 11, 2),
    37: Field("an", 12),
    38: Field("an", 6),
    39: Field("an", 2),
    41: Field("an", 8),
    42: Field("an", 15),
    44: Field("an", 25, 2),
    49: Field("n", 3),
    60: Field("b", 255, 2),
    62: Field("b", 255, 2),
    70: Field("n", 3),
    90: Field("n", 42),
    95: Field("an", 42),
    126: Field("b", 255, 2),
}
CODEC = Codec(FIELDS, packed=True)

_TRANSACTION_ID = 2  # 62.2
_TOKEN_CRYPTOGRAM, _CAVV, _CVV2, _ENVIRONMENT = 8, 9, 10, 13  # sub-fields of DE 126
_SIZES = {_TOKEN_CRYPTOGRAM: 20, _CAVV: 20, _CVV2: 6, _ENVIRONMENT: 1}
_ENTRY_MODES = ("0100", "1000")
_CVV2_FORM = re.compile(r"11( \d{3}|\d{4})")


@dataclass(frozen=True, slots=True)
class Header:
    """The part of the 22 bytes that differs from message to message."""

    destination: bytes
    source: bytes

    @classmethod
    def read(cls, frame: bytes) -> Self:
        """Raises `BrokenFrame` where no answer could be addressed, `Unreadable` otherwise."""
        if len(frame) < HEADER_BYTES or frame[0] != HEADER_BYTES:
            raise BrokenFrame("no 22-byte header")
        if int.from_bytes(frame[3:5], "big") != len(frame):
            raise BrokenFrame("the header's length differs from the prefix's")
        if frame[1:3] != b"\x01\x02":
            raise Unreadable("header format is not 01 02")
        return cls(frame[5:8], frame[8:11])

    def answer(self, body: bytes) -> bytes:
        """A whole frame back to where the request came from."""
        total = HEADER_BYTES + len(body)
        return _framed(_header(HEADER_BYTES, total, self.source, self.destination) + body)


class VisaLink:
    """BASE I as `sandbox.link.Link`."""

    name = "visa"

    async def read_frame(self, reader: asyncio.StreamReader) -> bytes:
        prefix = await read_first_byte(reader) + await read_exactly(reader, 3)
        length = int.from_bytes(prefix[:2], "big")
        if prefix[2:] != b"\0\0" or not HEADER_BYTES <= length <= MAX_FRAME_BYTES:
            raise BrokenFrame("the length prefix is not one of BASE I")
        return await read_exactly(reader, length)

    def unpack(self, frame: bytes) -> tuple[Header, Message]:
        header = Header.read(frame)
        return header, CODEC.decode(frame[HEADER_BYTES:])

    def pack(self, envelope: Header, answer: Message) -> bytes:
        return envelope.answer(CODEC.encode(answer))

    def refuse(self, frame: bytes, error: Unreadable) -> bytes | None:
        """The request comes back whole behind a reject header; ``error`` stays with the host."""
        total = REJECT_HEADER_BYTES + len(frame)
        header = _header(REJECT_HEADER_BYTES, total, frame[8:11], frame[5:8])
        return _framed(header + b"\x80\x00" + UNKNOWN_FORMAT + frame)

    def check(self, message: Message) -> None:
        elements = message.elements
        if message.mti == "0100" and (
            elements.get(22) not in _ENTRY_MODES or elements.get(25) != "59" or 19 not in elements
        ):
            raise Unreadable("DE 19, 22 and 25 are not those of e-commerce", message.mti, elements)
        if not re.fullmatch(r"00000000\d{2}", elements.get(60, "0000000005")):
            raise Unreadable("DE 60 does not end in an ECI", message.mti, elements)
        self.security_code(message)
        self.proof(message)
        if 62 in elements:
            transaction_id(elements[62])

    def security_code(self, message: Message) -> str | None:
        raw = _private(message).get(_CVV2)
        if raw is None:
            return None
        text = raw.decode(EBCDIC)
        if not _CVV2_FORM.fullmatch(text):
            raise Unreadable("126.10 is no CVV2", message.mti, message.elements)
        return text[2:].strip()

    def proof(self, message: Message) -> Proof:
        found = _private(message)
        environment = found.get(_ENVIRONMENT, b"").decode(EBCDIC)
        if environment not in ("", "C", "R"):
            raise Unreadable("126.13 is no environment", message.mti, message.elements)
        cryptogram = found.get(_TOKEN_CRYPTOGRAM)
        return Proof(
            authenticated=_CAVV in found,
            cryptogram=cryptogram.hex() if cryptogram is not None else None,
            by_merchant=message.elements.get(22) == "1000" and cryptogram is None,
        )

    def reference(self, count: int, day: str) -> str:
        return f"3{day}{count:010d}"

    def decided(self, decision: Decision) -> Mapping[int, str]:
        digits = bytes.fromhex(f"0{decision.network_reference}")
        return {
            44: " " * 9 + decision.security_result,
            62: (bitmap_of(_TRANSACTION_ID) + digits).hex().upper(),
        }

    def acknowledged(self, request: Message, settlement_date: str) -> Mapping[int, str]:
        return {de: request.elements[de] for de in (62,) if de in request.elements}


def _private(message: Message) -> dict[int, bytes]:
    """The sub-fields of DE 126; raises `Unreadable`."""
    if 126 not in message.elements:
        return {}
    announced, raw = split_bitmapped(message.elements[126])
    found = {}
    for number in sorted(announced):
        size = _SIZES.get(number)
        if size is None or len(raw) < size:
            raise Unreadable("DE 126 cannot be read", message.mti, message.elements)
        found[number], raw = raw[:size], raw[size:]
    if raw:
        raise Unreadable("DE 126 is longer than its sub-fields", message.mti, message.elements)
    return found


def transaction_id(block: str) -> str:
    """62.2, 15 digits, from the hex of DE 62; raises `Unreadable`."""
    announced, raw = split_bitmapped(block)
    digits = raw.hex()
    if announced != {_TRANSACTION_ID} or not re.fullmatch(r"0\d{15}", digits):
        raise Unreadable("DE 62 does not hold a transaction identifier alone")
    return digits[1:]


def _header(length: int, total: int, destination: bytes, source: bytes) -> bytes:
    fixed = bytes([length]) + b"\x01\x02" + total.to_bytes(2, "big")
    return fixed + destination + source + bytes(11)


def _framed(content: bytes) -> bytes:
    return len(content).to_bytes(2, "big") + b"\0\0" + content


if __name__ == "__main__":
    from sandbox.base2 import Base2
    from sandbox.server import main

    main(VisaLink(), Base2())

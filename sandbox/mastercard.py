"""A Mastercard host: CIS frames and fields (docs/networks.md).

Run it with ``python -m sandbox.mastercard --state-dir D --iso-port N --http-port N``.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Mapping

from sandbox.iso8583 import Codec, Field, Message, Unreadable
from sandbox.link import (
    ANSWER_TO,
    IDENTITY,
    MAX_FRAME_BYTES,
    BrokenFrame,
    Decision,
    Proof,
    read_exactly,
    read_first_byte,
)

FORMAT_ERROR = "30"

FIELDS = {
    2: Field("n", 19, 2),
    3: Field("n", 6),
    4: Field("n", 12),
    7: Field("n", 10),
    11: Field("n", 6),
    12: Field("n", 6),
    13: Field("n", 4),
    14: Field("n", 4),
    15: Field("n", 4),
    18: Field("n", 4),
    22: Field("n", 3),
    32: Field("n", 11, 2),
    37: Field("an", 12),
    38: Field("an", 6),
    39: Field("an", 2),
    41: Field("an", 8),
    42: Field("an", 15),
    48: Field("an", 999, 3),
    49: Field("n", 3),
    61: Field("an", 26, 3),
    63: Field("an", 50, 3),
    70: Field("n", 3),
    90: Field("n", 42),
    95: Field("an", 42),
}
CODEC = Codec(FIELDS, packed=False)

_TOKENIZED = "242"
_LEVELS = ("210", "211", "212", _TOKENIZED)
_ENTRY_MODES = ("810", "100")
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_POINT_OF_SERVICE = re.compile(r"1025100006600\d{3} {10}")
_NETWORK_DATA = re.compile(r"MCC[0-9A-Z]{9}")


class MastercardLink:
    """CIS as `sandbox.link.Link`."""

    name = "mastercard"

    async def read_frame(self, reader: asyncio.StreamReader) -> bytes:
        prefix = await read_first_byte(reader) + await read_exactly(reader, 1)
        length = int.from_bytes(prefix, "big")
        if not 0 < length <= MAX_FRAME_BYTES:
            raise BrokenFrame("the length prefix is not one of CIS")
        return await read_exactly(reader, length)

    def unpack(self, frame: bytes) -> tuple[None, Message]:
        return None, CODEC.decode(frame)

    def pack(self, envelope: None, answer: Message) -> bytes:
        body = CODEC.encode(answer)
        return len(body).to_bytes(2, "big") + body

    def refuse(self, frame: bytes, error: Unreadable) -> bytes | None:
        """An answer with DE 39 = 30 and what could be read of the identity, if it has an MTI."""
        if error.mti is None:
            return None
        read = {de: error.read[de] for de in IDENTITY if de in error.read}
        mti = ANSWER_TO.get(error.mti, "0110")
        return self.pack(None, Message(mti, read | {39: FORMAT_ERROR}))

    def check(self, message: Message) -> None:
        elements = message.elements
        network_data = elements.get(63)
        if network_data is not None and not _NETWORK_DATA.fullmatch(network_data):
            raise Unreadable("DE 63 is not MCC and a reference", message.mti, elements)
        if message.mti != "0100":
            return
        if elements[22] not in _ENTRY_MODES or not _POINT_OF_SERVICE.fullmatch(
            elements.get(61, "")
        ):
            raise Unreadable("DE 22 and 61 are not those of e-commerce", message.mti, elements)
        if sub_elements(message).get("42", "")[4:] not in _LEVELS:
            raise Unreadable("DE 48 lacks the e-commerce indicator", message.mti, elements)
        self.proof(message)
        if not re.fullmatch(r"\d{3,4}", self.security_code(message) or "000"):
            raise Unreadable("sub-element 92 is no CVC2", message.mti, elements)

    def security_code(self, message: Message) -> str | None:
        return sub_elements(message).get("92")

    def proof(self, message: Message) -> Proof:
        found = sub_elements(message)
        level = found.get("42", "")[4:]
        value = found.get("43")
        if value is not None and not re.fullmatch(r"[A-Za-z0-9+/]{27}=", value):
            raise Unreadable("sub-element 43 is no value of 20 bytes", message.mti)
        initiator = found.get("22", "0504C101")
        if not re.fullmatch(r"0504[CM]10[13]", initiator):
            raise Unreadable("sub-element 22 is no initiator", message.mti)
        raw = base64.b64decode(value).hex() if value else None
        return Proof(
            authenticated=level in {"212", "211"} and value is not None,
            cryptogram=raw if level == _TOKENIZED else None,
            by_merchant=initiator[4] == "M",
        )

    def reference(self, count: int, day: str) -> str:
        """``MCC`` and nine characters, the count to the base of 36."""
        characters = ""
        for _ in range(9):
            count, digit = divmod(count, 36)
            characters = _BASE36[digit] + characters
        return f"MCC{characters}"

    def decided(self, decision: Decision) -> Mapping[int, str]:
        return {
            15: decision.settlement_date,
            48: f"T8701{decision.security_result}",
            63: decision.network_reference,
        }

    def acknowledged(self, request: Message, settlement_date: str) -> Mapping[int, str]:
        sent = {de: request.elements[de] for de in (63,) if de in request.elements}
        return {15: settlement_date, **sent}


def sub_elements(message: Message) -> dict[str, str]:
    """DE 48 behind its transaction category code, by sub-element; raises `Unreadable`."""
    block = message.elements.get(48, "")
    found: dict[str, str] = {}
    if not block.startswith("T"):
        raise Unreadable("DE 48 does not start with T", message.mti, message.elements)
    at = 1
    while at < len(block):
        tag, length = block[at : at + 2], block[at + 2 : at + 4]
        if not re.fullmatch(r"\d{4}", tag + length):
            raise Unreadable("DE 48 is no list of sub-elements", message.mti, message.elements)
        end = at + 4 + int(length)
        if end > len(block):
            raise Unreadable("DE 48 ends in a sub-element", message.mti, message.elements)
        found[tag] = block[at + 4 : end]
        at = end
    return found


if __name__ == "__main__":
    from sandbox.ipm import Ipm
    from sandbox.server import main

    main(MastercardLink(), Ipm())

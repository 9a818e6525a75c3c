"""ISO 8583 messages to and from bytes, by a table of fields.

Covers the two encodings of docs/networks.md: BCD numerics with one-byte binary lengths (BASE I),
and EBCDIC throughout with lengths in EBCDIC digits (CIS). Bitmaps are binary in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

EBCDIC = "cp500"


@dataclass(frozen=True, slots=True)
class Field:
    """The form of one data element."""

    kind: Literal["n", "an", "b"]
    """Digits, text, or binary (carried as upper-case hex in a `Message`)."""
    size: int
    """Digits, characters or bytes: exact for a fixed field, the most for a variable one."""
    length_digits: Literal[0, 2, 3] = 0
    """0 fixed, 2 LLVAR, 3 LLLVAR."""


@dataclass(slots=True)
class Message:
    """A message type and its data elements by number."""

    mti: str
    elements: dict[int, str] = field(default_factory=dict)


class Unreadable(Exception):
    """The bytes are not a message of this link; carries what could be read before they failed."""

    def __init__(self, reason: str, mti: str | None = None, read: Mapping[int, str] | None = None):
        super().__init__(reason)
        self.mti = mti
        self.read = dict(read or {})


class Codec:
    """Both directions for one link.

    ``packed``: numerics in BCD and one-byte binary lengths; otherwise everything in EBCDIC.
    """

    def __init__(self, fields: Mapping[int, Field], *, packed: bool) -> None:
        self.fields = fields
        self.packed = packed

    def decode(self, data: bytes) -> Message:
        """Read one whole message; raises `Unreadable`."""
        cursor = _Cursor(data)
        mti = self._digits(cursor, 4)
        message = Message(mti)
        try:
            self._read(cursor, message)
        except Unreadable as error:
            raise Unreadable(str(error), mti, message.elements) from None
        return message

    def encode(self, message: Message) -> bytes:
        """Write a message; raises `ValueError` if an element does not fit its field."""
        numbers = sorted(message.elements)
        return (
            self._put_digits(message.mti)
            + _bitmap(numbers)
            + b"".join(self._put_element(de, message.elements[de]) for de in numbers)
        )

    def _read(self, cursor: _Cursor, message: Message) -> None:
        for de in _announced(cursor):
            form = self.fields.get(de)
            if form is None:
                raise Unreadable(f"DE {de} is not defined on this link")
            message.elements[de] = self._element(cursor, de, form)
        if cursor.left:
            raise Unreadable(f"{cursor.left} bytes follow the last element")

    def _element(self, cursor: _Cursor, de: int, form: Field) -> str:
        size = form.size
        if form.length_digits:
            size = self._length(cursor, form)
            if size > form.size:
                raise Unreadable(f"DE {de} announces {size}, at most {form.size} are allowed")
        if form.kind == "n":
            return self._digits(cursor, size)
        raw = cursor.take(size)
        return raw.hex().upper() if form.kind == "b" else _text(raw)

    def _length(self, cursor: _Cursor, form: Field) -> int:
        return cursor.take(1)[0] if self.packed else int(self._digits(cursor, form.length_digits))

    def _digits(self, cursor: _Cursor, count: int) -> str:
        if self.packed:
            digits = cursor.take((count + 1) // 2).hex()
            if count % 2:
                if digits[0] != "0":
                    raise Unreadable("an odd number of digits must start with a zero nibble")
                digits = digits[1:]
        else:
            digits = _text(cursor.take(count))
        if not digits.isdecimal():
            raise Unreadable("a numeric element holds something other than digits")
        return digits

    def _put_digits(self, digits: str) -> bytes:
        if not (digits.isascii() and digits.isdecimal()):
            raise ValueError("a numeric element takes digits only")
        if not self.packed:
            return digits.encode(EBCDIC)
        return bytes.fromhex(digits if len(digits) % 2 == 0 else f"0{digits}")

    def _put_element(self, de: int, value: str) -> bytes:
        form = self.fields[de]
        size = len(value) // 2 if form.kind == "b" else len(value)
        if size > form.size or (not form.length_digits and size != form.size):
            raise ValueError(f"DE {de} takes {form.size}, got {size}")
        if form.kind == "n":
            body = self._put_digits(value)
        else:
            body = bytes.fromhex(value) if form.kind == "b" else value.encode(EBCDIC)
        if not form.length_digits:
            return body
        if self.packed:
            return bytes([size]) + body
        return f"{size:0{form.length_digits}d}".encode(EBCDIC) + body


def split_bitmapped(block: str) -> tuple[set[int], bytes]:
    """The sub-field numbers that a block's own 8-byte bitmap announces, and the bytes behind it
    (DE 62 and 126 of BASE I; ``block`` is hex); raises `Unreadable`."""
    raw = bytes.fromhex(block)
    if len(raw) < 8:
        raise Unreadable("a bitmapped element is shorter than its bitmap")
    return _bits(raw[:8], 0), raw[8:]


def bitmap_of(number: int) -> bytes:
    """The 8 bytes of a bitmap that announces one sub-field."""
    return (1 << (64 - number)).to_bytes(8, "big")


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise Unreadable(f"{count} bytes expected, {self.left} left")
        self._at += count
        return self._data[self._at - count : self._at]


def _announced(cursor: _Cursor) -> list[int]:
    bits = _bits(cursor.take(8), 0)
    if 1 in bits:
        bits = (bits - {1}) | _bits(cursor.take(8), 64)
    return sorted(bits)


def _bits(bitmap: bytes, before: int) -> set[int]:
    value = int.from_bytes(bitmap, "big")
    return {before + bit for bit in range(1, 65) if value >> (64 - bit) & 1}


def _bitmap(numbers: list[int]) -> bytes:
    width = 128 if numbers and numbers[-1] > 64 else 64
    bits = numbers if width == 64 else [1, *numbers]
    return sum(1 << (width - bit) for bit in bits).to_bytes(width // 8, "big")


def _text(raw: bytes) -> str:
    text = raw.decode(EBCDIC)
    if not (text.isascii() and text.isprintable()):
        raise Unreadable("a text element holds unprintable characters")
    return text

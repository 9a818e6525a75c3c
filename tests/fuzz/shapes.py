"""How a valid input is broken: bit by bit, part by part, or as the tree that it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any, Protocol

MAX_BYTES = 200_000
"""No input is longer: what is built of repetitions is cut here."""
CARD = "4761340000000043"
ASCII_DIGITS = b"0123456789"
EBCDIC_DIGITS = bytes(range(0xF0, 0xFA))
_EDGES = (0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF)
_ODD_SIGNS = {ASCII_DIGITS: b"-+ _.e\0", EBCDIC_DIGITS: b"\x60\x4e\x40\x6d\x4b\x85\0"}
_LENGTHS = ("-07", "-06", "-01", "+03", " 12", "1_0", "999", "000", "00", "99")
_BAD_TEXT = (
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
    "\u0663\u0664".encode(),
    "\u2028\u202e".encode(),
    b"\0",
    b"\r",
    b'"',
    b"%00",
    b"\\ud800",
)


class Shape(Protocol):
    """A kind of input."""

    def broken(self, random: Random, seeds: Sequence[bytes]) -> bytes:
        """One of the seeds, changed; now and then not at all."""


def times(random: Random) -> int:
    """How many changes an input gets."""
    return random.choice((0, 1, 1, 1, 1, 2, 2, 3, 5, 9))


def garbled(random: Random, raw: bytes, digits: bytes = ASCII_DIGITS) -> bytes:
    """``raw`` with one change that knows nothing of it but how its digits are written."""
    data = bytearray(raw)
    at = random.randrange(len(data) + 1)
    to = min(len(data), at + random.choice((1, 1, 2, 3, 4, 8, 16, 40)))
    match random.randrange(15):
        case 0 | 1 if at < len(data):
            data[at] ^= 1 << random.randrange(8)
        case 2 if at < len(data):
            data[at] = random.choice(_EDGES)
        case 3:
            del data[at:]
        case 4:
            del data[at:to]
        case 5:
            data[at:at] = data[at:to] * random.choice((1, 1, 2, 9, 400))
        case 6:
            data[at:at] = random.randbytes(random.choice((1, 2, 7, 60)))
        case 7:
            data[at:to] = bytes(random.choice(digits) for _ in range(to - at))
        case 8 if at < len(data):
            data[at] = random.choice(_ODD_SIGNS[digits])
        case 9:
            data[at : at + random.choice((0, 16))] = _spelled(CARD, digits)
        case 10:
            data[at:at] = random.choice(_BAD_TEXT)
        case 11:  # a length in binary
            width = random.choice((1, 2, 4))
            value = random.choice((*_EDGES, len(data), len(data) + 1, 0xFFFF, 0x7FFFFFFF))
            data[at : at + width] = (value & (256**width - 1)).to_bytes(width, "big")
        case 12:  # a length in digits
            forged = random.choice(_LENGTHS)
            runs = [found.start() for found in re.finditer(b"(?=[%b]{2})" % digits, data)]
            start = random.choice(runs or [at])
            text = _spelled(forged, digits)
            data[start : start + len(text)] = text
        case 13:  # a number without measure
            data[at:to] = bytes([digits[9]]) * random.choice((13, 40, 400, 5000))
        case _:
            other = random.randrange(len(data) + 1)
            data[at:to] = data[other : other + random.choice((1, 4, 20))]
    return bytes(data[:MAX_BYTES])


def _spelled(text: str, digits: bytes) -> bytes:
    """``text`` in the alphabet that the digits are of."""
    return text.encode("ascii" if digits is ASCII_DIGITS else "cp500")


@dataclass(frozen=True)
class Raw:
    """Bytes in a row."""

    digits: bytes = ASCII_DIGITS

    def broken(self, random: Random, seeds: Sequence[bytes]) -> bytes:
        data = random.choice(seeds)
        for _ in range(times(random)):
            data = garbled(random, data, self.digits)
        return data


@dataclass(frozen=True)
class Forged:
    """A shape with lengths inside: one that follows a tag is forged now and then."""

    shape: Shape
    tags: str
    width: int
    digits: bytes = EBCDIC_DIGITS

    def broken(self, random: Random, seeds: Sequence[bytes]) -> bytes:
        data = bytearray(self.shape.broken(random, seeds))
        if random.random() < 0.2:
            tag = _spelled(random.choice(self.tags.split()), self.digits)
            at = data.find(tag) + len(tag)
            forged = _spelled(random.choice(_LENGTHS)[: self.width], self.digits)
            if at >= len(tag):
                data[at : at + len(forged)] = forged
        return bytes(data)


@dataclass(frozen=True)
class Parts:
    """Parts in a row: the elements of a message, the records of a file, the cells of a line.

    ``split`` takes a valid input apart; ``join`` puts parts together and makes the lengths and
    counts around them right, which most inputs need to be read any further.
    """

    split: Callable[[bytes], list[bytes]]
    join: Callable[[list[bytes]], bytes] = b"".join
    digits: bytes = ASCII_DIGITS

    def broken(self, random: Random, seeds: Sequence[bytes]) -> bytes:
        parts = list(_split_once(self.split, random.choice(seeds)))
        for _ in range(times(random)):
            self._change(random, parts, seeds)
        data = (self.join if random.random() < 0.85 else b"".join)(parts)
        if random.random() < 0.15:
            data = garbled(random, data, self.digits)
        return data[:MAX_BYTES]

    def _change(self, random: Random, parts: list[bytes], seeds: Sequence[bytes]) -> None:
        at = random.randrange(len(parts)) if parts else 0
        match random.randrange(12):
            case 0 if parts:
                del parts[at]
            case 1 if parts:
                parts[at:at] = [parts[at]] * random.choice((1, 1, 1, 2, 30))
            case 2 if parts:
                other = random.randrange(len(parts))
                parts[at], parts[other] = parts[other], parts[at]
            case 3:
                found = _split_once(self.split, random.choice(seeds))
                if found:
                    parts[at : at + random.randrange(2)] = [random.choice(found)]
            case 4:  # two inputs in one
                found = _split_once(self.split, random.choice(seeds))
                parts[at:] = found[random.randrange(len(found) + 1) :]
            case 5:
                del parts[at:]
            case _ if parts:
                parts[at] = garbled(random, parts[at], self.digits)


@lru_cache(maxsize=512)
def _split_once(split: Callable[[bytes], list[bytes]], seed: bytes) -> tuple[bytes, ...]:
    return tuple(split(seed))


def separated(pattern: bytes) -> Parts:
    """Text that is held together by separators, which are parts of their own."""
    separator = re.compile(b"(" + pattern + b")")
    return Parts(separator.split)


CSV = separated(rb"[,\r\n]")
FORM = separated(rb"[&=]")

_RAW_VALUES = (
    "1e999",
    "-1e999",
    "NaN",
    "-Infinity",
    "9" * 41,
    "9" * 5000,
    "1" + "0" * 400,
    "0.1e-5000",
    "[" * 33 + "]" * 33,
    "[" * 990 + "]" * 990,
    "[" * 100_000,
    '{"a":' * 3000 + "1" + "}" * 3000,
    "01",
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    '"a\x01b"',
    "'x'",
    "",
)
_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**63,
    "",
    " ",
    "0",
    "-1",
    "\u0661\u0662",
    "\ud800",
    "\x00",
    CARD,
    "9" * 26,
    "=1+1",
    "2025-02-30T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "99999999999999999999",
    "99991231235959-2359",
    "https://[::1",
    "http://a:99999/",
    "x" * 70,
    "x" * 3000,
    "\u00e9" * 33,
    "<b>",
    [],
    {},
    [None],
    [[]],
    {"": ""},
    ["x"] * 60,
    {f"k{n}": "v" for n in range(60)},
)


@dataclass(frozen=True)
class Json:
    """JSON text."""

    def broken(self, random: Random, seeds: Sequence[bytes]) -> bytes:
        tree = _Tree(random, json.loads(random.choice(seeds)))
        for _ in range(times(random)):
            tree.change(seeds)
        data = tree.written()
        if random.random() < 0.12:
            data = garbled(random, data)
        return data[:MAX_BYTES]


@dataclass
class _Tree:
    """A document while it is being changed. What JSON has no value for (a key given twice, a number
    without measure) stands as a mark in it until it is written."""

    random: Random
    root: Any
    raw: list[str] = field(default_factory=list)

    def change(self, seeds: Sequence[bytes]) -> None:
        random = self.random
        where, key = self._anywhere()
        value = where[key]
        match random.randrange(13):
            case 0 | 1:
                where[key] = deepcopy(random.choice(_VALUES))
            case 2:
                self.raw.append(random.choice(_RAW_VALUES))
                where[key] = f"@@{len(self.raw) - 1}@@"
            case 3 if where is not self.__dict__:
                del where[key]
            case 4 if isinstance(where, dict) and where is not self.__dict__:
                again = deepcopy(random.choice(_VALUES)) if random.random() < 0.5 else value
                where[f"@={len(where)}={key}"] = again
            case 5 if isinstance(where, dict) and where is not self.__dict__:
                name = random.choice((key.upper(), f"{key} ", "", "__proto__", "result", CARD))
                where[name] = where.pop(key)
            case 6:
                where[key] = [value] if random.random() < 0.5 else {str(key): value}
            case 7 if isinstance(value, str):
                changed = garbled(random, value.encode("utf-8", "surrogatepass"))
                where[key] = changed.decode("utf-8", "surrogateescape")
            case 8 if isinstance(value, str):
                where[key] = value + random.choice(("\n", " ", "\0", "\u00a0", value, "0"))
            case 9 if isinstance(value, str):
                self.raw.append(value if value.isdecimal() else f"-{len(value)}")
                where[key] = f"@@{len(self.raw) - 1}@@"
            case 10 if not isinstance(value, str):
                where[key] = str(value)
            case 11:  # something of another document, or of this one
                other = _Tree(random, json.loads(random.choice(seeds)))
                there, name = other._anywhere()
                where[key] = there[name]
            case _ if isinstance(value, list) and value:
                value.extend(value[:1] * random.choice((1, 2, 100)))
            case _:
                where[key] = deepcopy(random.choice(_VALUES))

    def written(self) -> bytes:
        random = self.random
        separators = random.choice(((",", ":"), (", ", ": ")))
        text = json.dumps(self.root, ensure_ascii=random.random() < 0.5, separators=separators)
        if self.raw or "@=" in text:
            text = _TWICE.sub('"', text)
            text = _MARK.sub(self._unmarked, text)
        if random.random() < 0.01:
            return text.encode(random.choice(("utf-16", "utf-32-le", "utf-8-sig")), "replace")
        return text.encode("utf-8", "surrogatepass")

    def _unmarked(self, mark: re.Match[str]) -> str:
        """What a mark stands for; one that was itself changed stands for nothing."""
        number = mark[1]
        return self.raw[int(number)] if number in map(str, range(len(self.raw))) else mark[0]

    def _anywhere(self) -> tuple[Any, Any]:
        """A place in the document: what holds it and under which key."""
        where: Any = self.__dict__
        key: Any = "root"
        while True:
            inside = where[key]
            if not isinstance(inside, dict | list) or not inside or self.random.random() < 0.12:
                return where, key
            where = inside
            inside_keys = list(where) if isinstance(where, dict) else range(len(where))
            key = self.random.choice(inside_keys)


_MARK = re.compile(r'"@@([0-9]+)@@"')
_TWICE = re.compile(r'"@=[0-9]+=')


@dataclass(frozen=True)
class Http:
    """A request or an answer: lines, an empty one, a body of a shape of its own."""

    body: Shape

    def broken(self, random: Random, seeds: Sequence[bytes]) -> bytes:
        head, _, body = random.choice(seeds).partition(_EMPTY_LINE)
        if body and random.random() < 0.75:
            bodies = [other.partition(_EMPTY_LINE)[2] for other in seeds]
            body = self.body.broken(random, [one for one in bodies if one])
        if random.random() < 0.5:
            head = HEADERS.broken(random, [seed.partition(_EMPTY_LINE)[0] for seed in seeds])
        if random.random() < 0.85:
            head = _LENGTH.sub(b"Content-Length: %d" % len(body), head)
        return head + _EMPTY_LINE + body


_EMPTY_LINE = b"\r\n\r\n"
_LENGTH = re.compile(rb"(?i)content-length: *\d+")
HEADERS = separated(rb"\r\n|: | |[/?&=]")


@dataclass(frozen=True)
class Either:
    """Now one shape, now the other."""

    one: Shape
    other: Shape

    def broken(self, random: Random, seeds: Sequence[bytes]) -> bytes:
        return random.choice((self.one, self.other)).broken(random, seeds)

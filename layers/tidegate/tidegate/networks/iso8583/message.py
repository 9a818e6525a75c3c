"""Between a network's bytes and element numbers: pyiso8583 with errors of one type, never holding
a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import iso8583

from tidegate.domain.errors import TidegateError

Elements = dict[str, str]
"""MTI under "t", data elements under their number; what is binary is upper-case hex."""


class BadMessage(TidegateError):
    """Bytes that are no message of this network."""


def encode(elements: Mapping[str, str], spec: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The message's bytes, without frame; raises BadMessage naming the element."""
    try:
        raw, _ = iso8583.encode(dict(elements), dict(spec))
    except iso8583.EncodeError as error:
        failed = error.field
    else:
        return bytes(raw)
    # Outside the handler, for the library's error would stay attached, and it holds the values.
    raise BadMessage(f"element {failed} cannot be encoded")


def decode(raw: bytes, spec: Mapping[str, Mapping[str, Any]]) -> Elements:
    """The message's elements; raises BadMessage."""
    try:
        elements, _ = iso8583.decode(raw, dict(spec))
    except iso8583.DecodeError as error:
        failed = error.field
    except KeyError as error:  # the bitmap announces an element that the network does not have
        failed = error.args[0]
    else:
        return dict(elements)
    raise BadMessage(f"element {failed} cannot be decoded")


Form = Literal["n", "an", "b"]


def visa_field(form: Form, length: int, length_bytes: int = 0) -> dict[str, Any]:
    """A BASE I element: numbers in BCD with a leading zero nibble, text in EBCDIC, binary length
    bytes."""
    return {
        "data_enc": "cp500" if form == "an" else "b",
        "len_enc": "b",
        "len_type": length_bytes,
        "len_count": "nibbles" if form == "n" else "bytes",
        "max_len": length,
        "left_pad": "0" if form == "n" else "",
        "desc": "",
    }


def ebcdic_field(length: int, length_digits: int = 0) -> dict[str, Any]:
    """A CIS element: everything EBCDIC, length digits included."""
    return {
        "data_enc": "cp500",
        "len_enc": "cp500",
        "len_type": length_digits,
        "len_count": "bytes",
        "max_len": length,
        "desc": "",
    }

"""What both file formats do alike with a field's text."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_NOT_PLAIN = re.compile(r"[^ -~]")


def plain(text: str, width: int) -> str:
    """``text`` in printable ASCII and at most ``width`` characters, as both networks' files carry
    names: letters without their accents, a question mark for what has no such letter."""
    letters = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return _NOT_PLAIN.sub("?", "".join(letters))[:width]


def is_number(text: str, width: int) -> bool:
    """Whether ``text`` is exactly ``width`` decimal digits."""
    return len(text) == width and text.isascii() and text.isdigit()


def day_of(text: str) -> date:
    """A date written YYYYMMDD; raises ValueError."""
    if not is_number(text, 8):
        raise ValueError("not a date of 8 digits")
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))

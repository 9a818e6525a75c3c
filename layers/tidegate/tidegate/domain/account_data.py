"""What is known of the account behind a card, beyond its number, and which part of that tells it.

Issuers are given numbers by their first eight digits, formerly six (ISO/IEC 7812-1): a card has
what its longest known prefix has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

LENGTHS = (8, 6)
"""Of prefixes, longest first."""
Funding = Literal["credit", "debit", "prepaid"]
Known = TypeVar("Known")


@dataclass(frozen=True, slots=True)
class AccountData:
    """As the networks' range tables have it; None where nobody has said so."""

    funding: Funding | None = None
    country: str | None = None
    """Of the issuer, ISO 3166-1 alpha-3."""
    product: str | None = None
    """The network's own id of the card product, such as ``F`` (Visa) or ``MCS`` (Mastercard)."""
    commercial: bool | None = None
    """Issued to a business."""
    bank: str | None = None
    """The issuer's name."""


def prefixes_of(head: str) -> tuple[str, ...]:
    """Where a card that begins like this is looked for, longest first; none that is longer than
    ``head``."""
    return tuple(head[:length] for length in LENGTHS if len(head) >= length)


def longest(head: str, known: Mapping[str, Known]) -> Known | None:
    """What the longest known prefix of ``head`` has; None where none is known."""
    return next((known[one] for one in prefixes_of(head) if one in known), None)

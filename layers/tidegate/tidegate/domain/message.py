"""What is said to a card network, whatever its bytes look like.

Identity of a message: DE 7, 11, 32, 37 and 41 together (ISO 8583; docs/networks.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tidegate.domain.money import Money

Kind = Literal["purchase", "refund"]


@dataclass(frozen=True, slots=True)
class MessageIdentity:
    """The five elements by which a request and its answer are recognised."""

    transmitted_at: str
    """DE 7, UTC, MMDDhhmmss."""
    stan: int
    """DE 11, 1 to 999999."""
    acquirer_id: str
    """DE 32, at most 11 digits."""
    rrn: str
    """DE 37, 12 digits."""
    terminal_id: str
    """DE 41, 8 characters."""


@dataclass(frozen=True, slots=True)
class Card:
    """Card data in clear: lives only in the memory of the function that talks to the network."""

    pan: str = field(repr=False)
    expiry: str = field(repr=False)
    """YYMM, as in DE 14."""
    cvc: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CardAcceptor:
    """The merchant as the networks know it (DE 18, 42, 43)."""

    id: str
    """DE 42, at most 15 characters."""
    name: str
    city: str
    country: str
    """ISO 3166-1 numeric, three digits."""
    mcc: str


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A 0100: a purchase, or a refund (processing code 20)."""

    identity: MessageIdentity
    kind: Kind
    amount: Money
    card: Card
    acceptor: CardAcceptor
    local_time: str
    """YYMMDDhhmmss in the store's time zone (DE 12 and 13)."""
    scheme_reference: str | None = None
    """Visa transaction identifier or Banknet reference of the payment that a refund belongs to."""


@dataclass(frozen=True, slots=True)
class ReversalRequest:
    """A 0400 (0401 when repeated): takes back all of a message, or all but ``remaining``."""

    identity: MessageIdentity
    original: MessageIdentity
    kind: Kind
    amount: Money
    card: Card
    acceptor: CardAcceptor
    local_time: str
    repeat: bool = False
    remaining: Money | None = None
    """What stays authorized after a partial reversal (DE 95)."""
    authorization_code: str | None = None
    scheme_reference: str | None = None


@dataclass(frozen=True, slots=True)
class NetworkAnswer:
    """A 0110 or 0410 that matches its request."""

    response_code: str
    """DE 39."""
    authorization_code: str | None = None
    scheme_reference: str | None = None
    cvc_result: str | None = None
    """M match, N no match, P not processed."""

    @property
    def approved(self) -> bool:
        return self.response_code == "00"

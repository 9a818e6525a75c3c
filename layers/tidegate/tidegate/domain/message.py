"""What is said to a card network, whatever its bytes look like.

Identity of a message: DE 7, 11, 32, 37 and 41 together (ISO 8583; docs/networks.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tidegate.domain.money import Money

Kind = Literal["purchase", "refund", "payout"]
"""A payout is an original credit: money pushed to a card (Visa OCT, Mastercard MoneySend)."""

StoredCredential = Literal["first", "cardholder", "recurring", "unscheduled"]
"""A card on file: the payment that stores it, one by the cardholder, one by the merchant alone."""

STEP_UP = frozenset({"1A", "65"})
"""Soft declines of Visa and Mastercard: the issuer wants the cardholder authenticated first."""


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
class CardholderProof:
    """What an authorization carries of the cardholder's authentication (EMV 3-D Secure), or of a
    network token's use."""

    eci: str
    """As the network wants it: 05, 06, 07 or 02, 01, 00."""
    value: str = field(repr=False)
    """CAVV, AAV or token cryptogram: base64 of 20 bytes; empty where there is none."""
    ds_trans_id: str | None = None
    version: str | None = None
    """3-D Secure message version, such as 2.2.0."""
    of_token: bool = False
    """The value is a network token's cryptogram."""
    wallet: str | None = None
    """``walletIdentifiers`` of a network token, such as MDESForMerchants."""


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
    """A 0100: a purchase, a refund (processing code 20) or a payout (26 Visa, 28 Mastercard)."""

    identity: MessageIdentity
    kind: Kind
    amount: Money
    card: Card
    acceptor: CardAcceptor
    local_time: str
    """YYMMDDhhmmss in the store's time zone (DE 12 and 13)."""
    scheme_reference: str | None = None
    """Visa transaction identifier or Banknet reference of the payment that a refund belongs to, or
    of the one that stored the card."""
    proof: CardholderProof | None = None
    stored: StoredCredential | None = None


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
    """A 0110 or 0410 that matches its request, or what a wallet answered."""

    response_code: str
    """DE 39, or the wallet's own code."""
    authorization_code: str | None = None
    scheme_reference: str | None = None
    cvc_result: str | None = None
    """M match, N no match, P not processed."""
    outcome: str | None = None
    """approved, declined or pending where the code is not of ISO 8583."""
    decline: str | None = None
    """The EVO result code of a wallet's refusal."""

    @property
    def approved(self) -> bool:
        return self.outcome == "approved" or (self.outcome is None and self.response_code == "00")

    @property
    def pending(self) -> bool:
        """The payer has still to act."""
        return self.outcome == "pending"

    @property
    def wants_authentication(self) -> bool:
        """A soft decline: the same card may be approved once its holder is authenticated."""
        return self.outcome is None and self.response_code in STEP_UP

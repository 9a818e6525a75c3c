"""What cards on file need from the world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from tidegate.domain.message import Card
from tidegate.domain.tokens import NetworkToken, StoredCard, TokenCryptogram


@dataclass(frozen=True, slots=True)
class Provisioning:
    """What a token service is told when a card is to become a network token."""

    brand: str
    card: Card
    requestor_id: str
    """The store as the token service knows it."""
    user_reference: str
    email: str | None
    locale: str | None


class TokenServices(Protocol):
    """The schemes' token services, by brand. Every call raises NotSent or Unanswered when the
    service cannot be asked, and NetworkTokenRefused when it declines."""

    def provision(self, given: Provisioning, *, timeout_s: float) -> NetworkToken:
        """Make a network token of a card; the same card and requestor get the same token."""

    def cryptogram(self, brand: str, reference: str, *, timeout_s: float) -> TokenCryptogram:
        """A fresh cryptogram of an enabled token."""

    def set_enabled(self, brand: str, reference: str, enabled: bool, *, timeout_s: float) -> None:
        """Resume or suspend a token."""

    def delete(self, brand: str, reference: str, *, timeout_s: float) -> None:
        """End a token for good; ending one that is gone is no failure."""


class StoredCards(Protocol):
    """Cards on file in the table."""

    def get(self, sid: str, card_id: str) -> StoredCard | None:
        """By the id in its tokens."""

    def put(self, card: StoredCard) -> None:
        """Write a new one; writing the same one again is no failure."""

    def update(self, before: StoredCard, after: StoredCard) -> None:
        """Raises StaleVersion."""

    def of_user(self, sid: str, user_reference: str) -> Iterator[StoredCard]:
        """All that a customer has, oldest first."""

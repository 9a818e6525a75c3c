"""What foreign exchange needs from the world: rates, and quotes that are kept."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from tidegate.domain.fx import Quote, Rate
from tidegate.domain.payment import IdempotencyRecord


class Rates(Protocol):
    """The rate table."""

    def rate(self, base: str, quote: str, on: date) -> Rate:
        """The newest rate of a day not after ``on``. Raises RateUnknown."""


class Quotes(Protocol):
    """Quotes, in the key space of the store's payments and operations."""

    def create(
        self, quote: Quote, idempotency: IdempotencyRecord | None = None
    ) -> IdempotencyRecord | None:
        """Write a quote. None when written (also when an earlier try of the same nonce had been);
        otherwise what the
        Idempotency-Key stands for. Raises DuplicateTransaction if anything else holds the id."""

    def get(self, sid: str, trans_id: str) -> Quote | None:
        """The quote under this id; None also if the id is something else's."""

"""What is asked about a card's range."""

from __future__ import annotations

from typing import Protocol

from tidegate.domain.account_data import AccountData


class CardRanges(Protocol):
    """The table of card ranges."""

    def account_data(self, pan: str) -> AccountData | None:
        """What is known of a card's account; None where nothing is, or where nobody can say so in
        time: no payment waits or fails for it."""

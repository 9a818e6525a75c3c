"""What is known of the account behind a card, beyond its number: the contract's account data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Funding = Literal["credit", "debit", "prepaid"]


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

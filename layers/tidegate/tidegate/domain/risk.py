"""The decision before a network is asked; pure, so that it costs a payment nothing."""

from __future__ import annotations

from tidegate.domain.money import Money
from tidegate.domain.store import RiskLimits


def refuses(limits: RiskLimits, amount: Money, first6: str) -> bool:
    """Whether the store's own limits refuse a payment (result code B0033)."""
    over = limits.max_amount_minor is not None and amount.minor > limits.max_amount_minor
    return over or any(first6.startswith(blocked) for blocked in limits.blocked_bins)

"""What the service tells the page of an order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

VISA, MASTERCARD, AMEX = "4761340000000043", "5120350100064537", "378282246310005"
CARDS = ({"name": "Visa", "type": "card"}, {"name": "Mastercard", "type": "card"})
WALLETS = ({"name": "AlipayHK", "type": "e-wallet"}, {"name": "WeChat_Pay", "type": "e-wallet"})


def moment(minutes: float) -> str:
    """So many minutes from now, as the service writes it."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def order(
    status: str = "Active",
    attempt: dict[str, Any] | None = None,
    *,
    brands: tuple[dict[str, str], ...] = (*CARDS, *WALLETS),
    return_to: str | None = None,
    collect: tuple[str, ...] = (),
    **more: Any,
) -> dict[str, Any]:
    """GET order, and the answer to POST payment."""
    return {
        "order": {
            "merchantOrderID": "LP-2025-7",
            "status": status,
            "amount": {"currency": "HKD", "value": "1280.50"},
            "store": {"name": "Harbour Tea House", "city": "Hong Kong"},
            "expiresAt": moment(45),
            **more,
        },
        "collect": list(collect),
        "brands": list(brands),
        "attempt": attempt,
        "returnTo": return_to,
    }


def attempt(
    state: str, brand: str = "Visa", code: str | None = None, **action: Any
) -> dict[str, Any]:
    """One try to pay."""
    message = "Insufficient funds" if code else None
    return {
        "state": state,
        "brand": brand,
        "code": code,
        "message": message,
        "action": action or None,
    }

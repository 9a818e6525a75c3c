"""What LinkPay orders need from the world."""

from __future__ import annotations

from typing import Protocol

from tidegate.domain.order import Attempt, Order


class Orders(Protocol):
    """Orders in the table."""

    def get(self, sid: str, order_id: str) -> Order | None:
        """By the merchant's id."""

    def create(self, order: Order) -> Order | None:
        """None when written, else the order that has this id."""

    def update(self, before: Order, after: Order) -> None:
        """Raises StaleVersion."""

    def join(self, order: Order, attempt: Attempt, most: int) -> bool:
        """Write down a try to pay an order for many; False if it has been closed, or tried
        ``most`` times."""

    def attempts(self, sid: str, order_id: str, limit: int) -> tuple[Attempt, ...]:
        """The newest tries to pay an order for many, oldest first."""

    def close(self, before: Order, after: Order, trans_id: str) -> bool:
        """Write the closed order and take its request's merchantTransID, together; False if that
        id is taken. Raises StaleVersion, also where somebody has begun to pay meanwhile."""

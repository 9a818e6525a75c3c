"""What a merchant asks for, in the platform's terms; the wire's parsing ends here."""

from __future__ import annotations

from dataclasses import dataclass, field

from tidegate.domain.message import Card
from tidegate.domain.money import Money


@dataclass(frozen=True, slots=True)
class CreatePayment:
    """A card payment. ``capture_after_hours`` None means: as the store has it."""

    trans_id: str
    trans_time: str
    amount: Money
    card: Card = field(repr=False)
    capture_after_hours: int | None = None
    order_reference: str | None = None
    platform: str | None = None
    metadata: str | None = None
    webhook: str | None = None


@dataclass(frozen=True, slots=True)
class ChangePayment:
    """A capture, cancel, refund or cancelOrRefund of the payment ``payment_trans_id``."""

    trans_id: str
    trans_time: str
    payment_trans_id: str
    amount: Money | None = None
    """None for a cancel, and where cancelOrRefund takes all that remains."""
    initiating_reason: str | None = None
    metadata: str | None = None
    webhook: str | None = None
    chosen_by_platform: bool = False
    """cancelOrRefund: the answer says which of the two was done."""

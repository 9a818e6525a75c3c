"""How payments are talked about with whoever holds the payer's money, card network or wallet.

One ``Conversation`` per kind of payment method: the use cases decide, it speaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tidegate.domain.message import NetworkAnswer
from tidegate.domain.payment import Payment, PaymentOperation, Reversal
from tidegate.domain.store import Store
from tidegate.domain.wallet import Action


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other side said to a payment."""

    answer: NetworkAnswer
    action: Action | None = None
    brand: str | None = None
    """Which wallet it was, where the payment did not know."""


class Conversation(Protocol):
    """Every call raises NotSent (nothing left us) or Unanswered (unknown)."""

    def authorize(
        self, store: Store, payment: Payment, sealed_secrets: str | None, *, timeout_s: float
    ) -> Reply:
        """Send the intent."""

    def inquire(self, payment: Payment, *, timeout_s: float) -> Reply:
        """What became of a payment whose payer has to act."""

    def take_back(
        self, store: Store, payment: Payment, reversal: Reversal, *, timeout_s: float
    ) -> bool:
        """Undo all of a payment, or all but the reversal's remainder; whether that was
        acknowledged."""

    def refund(
        self, store: Store, payment: Payment, refund: PaymentOperation, *, timeout_s: float
    ) -> NetworkAnswer:
        """Give money back."""

    def clear_up_refund(
        self, store: Store, payment: Payment, refund: PaymentOperation, *, timeout_s: float
    ) -> NetworkAnswer | None:
        """End a refund whose outcome is unknown, by asking or by taking it back: approved means
        the money was given back, declined that it was not, None that this is still unknown."""


Conversations = Mapping[str, Conversation]
"""By the payment's ``method``."""

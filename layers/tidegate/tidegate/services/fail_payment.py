"""End a payment for which nothing was sent: no host reached, or refused before one was asked."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.errors import StaleVersion
from tidegate.domain.payment import require_payment
from tidegate.domain.transitions import Status
from tidegate.ports import Clock, PaymentStore
from tidegate.services.outcomes import declined
from tidegate.services.workflow import TaskResult


@dataclass(frozen=True, slots=True)
class FailPayment:
    """The use case, over its ports."""

    payments: PaymentStore
    clock: Clock

    def __call__(self, sid: str, trans_id: str, *, code: str) -> TaskResult:
        """Failed with ``code``, unless somebody took the intent first."""
        payment = require_payment(self.payments.get(sid, trans_id))
        if payment.status is not Status.PENDING:
            return TaskResult.of(payment)
        after = declined(payment, code, int(self.clock.now()))
        try:
            self.payments.update(payment, after)
        except StaleVersion:
            return TaskResult.of(require_payment(self.payments.get(sid, trans_id)))
        return TaskResult.of(after)

"""Take back a payment that its payer has not finished, so that another may be begun."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.errors import StaleVersion
from tidegate.domain.payment import Payment, require_payment
from tidegate.domain.transitions import Status
from tidegate.ports import Clock, PaymentStore, Sequences
from tidegate.services.cancel_payment import begin_cancel
from tidegate.services.outcomes import authentication_failed
from tidegate.services.take_back import TakeBack


@dataclass(frozen=True, slots=True)
class WithdrawAttempt:
    """The use case, over its ports."""

    payments: PaymentStore
    sequences: Sequences
    take_back: TakeBack
    clock: Clock

    def __call__(self, payment: Payment) -> Payment:
        """The payment afterwards: over, if nothing could have been paid; else as it stands."""
        now = self.clock.now()
        try:
            if payment.status is Status.VERIFYING:
                failed = authentication_failed(payment, int(now))
                self.payments.update(payment, failed)
                return failed
            if payment.status is Status.WAITING:
                closing = begin_cancel(payment, self.sequences, now)
                self.payments.update(payment, closing)
                return self.take_back.payment(closing)
        except StaleVersion:
            return require_payment(self.payments.get(payment.sid, payment.trans_id))
        return payment

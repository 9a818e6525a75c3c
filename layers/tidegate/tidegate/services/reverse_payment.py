"""The workflow's way out when the outcome is unknown: owe a reversal, then try to send it."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.errors import StaleVersion
from tidegate.domain.payment import require_payment
from tidegate.domain.transitions import Status
from tidegate.ports import Clock, PaymentStore, Sequences
from tidegate.services.limits import REVERSAL_S
from tidegate.services.outcomes import to_be_reversed
from tidegate.services.take_back import TakeBack
from tidegate.services.workflow import TaskResult


@dataclass(frozen=True, slots=True)
class ReversePayment:
    """The use case, over its ports."""

    payments: PaymentStore
    sequences: Sequences
    take_back: TakeBack
    clock: Clock

    def __call__(self, sid: str, trans_id: str, *, deadline: float) -> TaskResult:
        """Failed once the network acknowledged the reversal; until then unknown, and the janitor
        goes on."""
        payment = require_payment(self.payments.get(sid, trans_id))
        if payment.status is Status.PENDING:  # the attempt died without a word
            sequence = self.sequences.next(payment.leg.network, payment.leg.acquirer_id)
            owing = to_be_reversed(payment, sequence, self.clock.now())
            try:
                self.payments.update(payment, owing)
            except StaleVersion:
                return TaskResult.of(require_payment(self.payments.get(sid, trans_id)))
            payment = owing
        timeout_s = min(REVERSAL_S, deadline - self.clock.now())
        if payment.status is Status.REVERSING and timeout_s > 0:
            payment = self.take_back.payment(payment, timeout_s=timeout_s)
        return TaskResult.of(payment)

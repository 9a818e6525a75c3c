"""Undo what is owed until the other side acknowledges it; a reversal is never declined.

One mechanism for everything that must be undone: an authorization whose outcome is unknown, a
cancel, an authorization that expired, the uncaptured rest of a partial capture, a refund whose
answer was lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tidegate.domain.declines import UNREACHED
from tidegate.domain.errors import StaleVersion
from tidegate.domain.message import NetworkAnswer
from tidegate.domain.payment import Payment, PaymentOperation, Reversal, require_payment
from tidegate.domain.transitions import Operation, Outcome, Status
from tidegate.ports import Clock, PaymentStore, StoreDirectory
from tidegate.services.conclude_refund import ConcludeRefund
from tidegate.services.conversations import Conversations
from tidegate.services.limits import CONFLICT_TRIES, LATE_S, POLL_S, REVERSAL_S, retry_wait_s

GIVEN_UP = frozenset({Status.FAILED, Status.CANCELLED})


@dataclass(frozen=True, slots=True)
class TakeBack:
    """The use case, over its ports."""

    payments: PaymentStore
    stores: StoreDirectory
    conversations: Conversations
    conclude_refund: ConcludeRefund
    clock: Clock

    def payment(self, payment: Payment, *, timeout_s: float = REVERSAL_S) -> Payment:
        """Send the reversal that ``payment`` owes; the payment as it stands afterwards."""
        if payment.reversal is None:
            return payment
        talk = self.conversations[payment.method]
        store = self.stores.get(payment.sid)
        acknowledged = talk.take_back(store, payment, payment.reversal, timeout_s=timeout_s)
        for _ in range(CONFLICT_TRIES):
            if payment.reversal is None:  # somebody else's reversal was acknowledged first
                return payment
            after = self._acknowledged(payment) if acknowledged else self._missed(payment)
            try:
                self.payments.update(payment, after)
            except StaleVersion:
                payment = require_payment(self.payments.get(payment.sid, payment.trans_id))
            else:
                return after
        return payment

    def refund(self, payment: Payment, refund: PaymentOperation) -> PaymentOperation:
        """End a refund whose outcome is unknown, as far as the other side can say it now."""
        if refund.leg is None:
            return refund
        store = self.stores.get(payment.sid)
        talk = self.conversations[payment.method]
        answer = talk.clear_up_refund(store, payment, refund, timeout_s=REVERSAL_S)
        if answer is None or self._too_early(payment, refund, answer):
            after = self._missed_refund(refund, answered=answer is not None)
            self.payments.update_operation(refund, after)
            return after
        if answer.response_code:
            return self.conclude_refund.answered(store, payment, refund, answer)
        return self.conclude_refund.released(payment, refund, UNREACHED)

    def _missed(self, payment: Payment) -> Payment:
        assert payment.reversal is not None
        return payment.touched(
            reversal=_tried(payment.reversal), due_at=self._due(payment.reversal)
        )

    def _too_early(self, payment: Payment, refund: PaymentOperation, answer: NetworkAnswer) -> bool:
        """A wallet that has not heard of a refund may hear of it yet."""
        return (
            payment.method != "card"
            and not answer.approved
            and self.clock.now() < refund.created_at + LATE_S
        )

    def _missed_refund(self, refund: PaymentOperation, *, answered: bool) -> PaymentOperation:
        if answered:
            return refund.touched(due_at=refund.created_at + LATE_S)
        if refund.reversal is None:
            return refund.touched(due_at=int(self.clock.now()) + POLL_S)
        return refund.touched(reversal=_tried(refund.reversal), due_at=self._due(refund.reversal))

    def _acknowledged(self, payment: Payment) -> Payment:
        now = int(self.clock.now())
        owed = _still_owed(payment, now)
        if payment.status in GIVEN_UP:
            return payment.touched(**owed)
        if payment.status is Status.CANCELLING:
            cancel = payment.last_entry(Operation.CANCEL)
            return payment.step(Operation.CANCEL, Outcome.APPROVED, action=None, **owed).recorded(
                Operation.CANCEL,
                Outcome.APPROVED,
                at=now,
                amount_minor=payment.amount.minor,
                trans_id=cancel.trans_id if cancel else "",
            )
        after = payment.step(Operation.REVERSE, Outcome.APPROVED, **owed)
        if payment.status is not Status.REVERSING:  # a partial reversal: nothing that merchants see
            return after
        return replace(after, failure_code=UNREACHED, answered_at=now).recorded(
            payment.intent, Outcome.DECLINED, at=now, amount_minor=payment.amount.minor
        )

    def _due(self, reversal: Reversal) -> int:
        return int(self.clock.now()) + retry_wait_s(reversal.attempts + 1)


def _still_owed(payment: Payment, now: int) -> dict[str, Any]:
    """What an acknowledged reversal leaves to be done. A wallet remembers no cancel of an order
    that it has not heard of yet: one that never answered is cancelled once more when nothing can
    be under way to it any more."""
    again_at = payment.created_at + LATE_S
    if payment.method == "card" or payment.answer is not None or now >= again_at:
        return {"reversal": None, "due_at": None}
    return {"due_at": again_at}


def _tried(reversal: Reversal) -> Reversal:
    return replace(reversal, attempts=reversal.attempts + 1)

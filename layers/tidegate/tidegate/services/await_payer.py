"""Payments whose payer acts in his wallet: told by it, asked by us, closed in time."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.errors import NotSent, StaleVersion, Unanswered
from tidegate.domain.payment import Payment, require_payment
from tidegate.domain.transitions import Status
from tidegate.ports import Clock, PaymentStore, Sequences, StoreDirectory
from tidegate.services.cancel_payment import begin_cancel
from tidegate.services.conversations import Conversations, Reply
from tidegate.services.limits import CONFLICT_TRIES, INTENT_S, POLL_S, REVERSAL_S
from tidegate.services.outcomes import concluded, new_reversal
from tidegate.services.take_back import GIVEN_UP, TakeBack

OPEN = frozenset({Status.PENDING, Status.WAITING})


@dataclass(frozen=True, slots=True)
class AwaitPayer:
    """The use case, over its ports."""

    payments: PaymentStore
    stores: StoreDirectory
    sequences: Sequences
    conversations: Conversations
    take_back: TakeBack
    clock: Clock

    def told(self, payment: Payment, reply: Reply) -> Payment:
        """The wallet says what became of an order. What is no longer open stays as it is: an order
        that is being cancelled is not revived by news of its payment, and what was paid after we
        gave it up is given back."""
        store = self.stores.get(payment.sid)
        for _ in range(CONFLICT_TRIES):
            paid_in_vain = payment.status in GIVEN_UP and reply.answer.approved
            if reply.answer.pending or not (paid_in_vain or payment.status in OPEN):
                return payment
            if paid_in_vain:
                after = self._to_be_given_back(payment)
            else:
                after = concluded(store, payment, reply, int(self.clock.now()))
            try:
                self.payments.update(payment, after)
            except StaleVersion:
                payment = require_payment(self.payments.get(payment.sid, payment.trans_id))
            else:
                return self.take_back.payment(after)
        return payment

    def _to_be_given_back(self, payment: Payment) -> Payment:
        now = self.clock.now()
        sequence = self.sequences.next(payment.leg.network, payment.leg.acquirer_id)
        return payment.touched(reversal=new_reversal(sequence, now), due_at=int(now) + INTENT_S)

    def ask(self, payment: Payment) -> Payment:
        """Inquire; an order that nobody paid in time is closed at the wallet, and only its word
        closes it here. Raises StaleVersion."""
        now = self.clock.now()
        later = payment.touched(due_at=int(now) + POLL_S)
        self.payments.update(payment, later)
        try:
            talk = self.conversations[payment.method]
            reply = talk.inquire(later, timeout_s=REVERSAL_S)
        except (NotSent, Unanswered):
            return later
        if not reply.answer.pending:
            return self.told(later, reply)
        if payment.expires_at is None or now < payment.expires_at:
            return later
        closing = begin_cancel(later, self.sequences, now)
        self.payments.update(later, closing)
        return self.take_back.payment(closing)

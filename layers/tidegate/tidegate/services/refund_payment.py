"""Refund: take the amount from the remainder first, then ask the network, then confirm or give it
back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tidegate.domain.declines import UNREACHED
from tidegate.domain.errors import MissingField, NotSent, StaleVersion, Unanswered, WrongStatus
from tidegate.domain.legs import open_leg, open_wallet_leg
from tidegate.domain.payment import (
    IdempotencyRecord,
    Leg,
    OperationStatus,
    Payment,
    PaymentOperation,
    require_payment,
)
from tidegate.domain.routing import Route
from tidegate.domain.store import Store
from tidegate.domain.transitions import Operation, Outcome
from tidegate.ports import Clock, PaymentStore, Sequences
from tidegate.services.change import Beginner, Change
from tidegate.services.commands import ChangePayment
from tidegate.services.conclude_refund import ConcludeRefund
from tidegate.services.conversations import Conversations
from tidegate.services.limits import ATTEMPT_S, INTENT_S, POLL_S, REFUND_LIFE_S
from tidegate.services.outcomes import new_reversal
from tidegate.services.take_back import TakeBack


@dataclass(frozen=True, slots=True)
class RefundPayment:
    """The use case, over its ports."""

    payments: PaymentStore
    beginner: Beginner
    sequences: Sequences
    conversations: Conversations
    conclude_refund: ConcludeRefund
    take_back: TakeBack
    clock: Clock

    def __call__(
        self, store: Store, command: ChangePayment, idempotency: IdempotencyRecord | None = None
    ) -> Change:
        """Success, Failed, or Received while the outcome is unknown. Raises what ``begin``
        raises."""
        change = self.beginner.begin(
            store.sid, command, idempotency, lambda payment: self._decide(store, command, payment)
        )
        if change.replayed:
            return change
        refund = self._conclude(store, change.payment, change.operation)
        payment = require_payment(self.payments.get(store.sid, change.payment.trans_id))
        return Change(refund, payment)

    def _decide(
        self, store: Store, command: ChangePayment, payment: Payment
    ) -> tuple[Payment, PaymentOperation]:
        if command.amount is None:
            raise MissingField(field="transAmount")
        payment.check_refund(command.amount)
        now = self.clock.now()
        if now > payment.created_at + REFUND_LIFE_S:
            raise WrongStatus("the payment is more than 365 days old")
        after = payment.step(
            Operation.REFUND,
            Outcome.PENDING,
            refundable_minor=payment.refundable_minor - command.amount.minor,
        )
        route = Route(payment.leg.network, payment.leg.acquirer_id)
        refund = self.beginner.new(
            store.sid, command, Operation.REFUND, OperationStatus.RECEIVED, command.amount
        )
        leg = self._leg(payment, route, now)
        return after, replace(refund, leg=leg, due_at=int(now) + INTENT_S)

    def _leg(self, payment: Payment, route: Route, now: float) -> Leg:
        if payment.method != "card":
            return open_wallet_leg(route, payment.leg.terminal_id, now)
        sequence = self.sequences.next(route.network, route.acquirer_id)
        return open_leg(route, payment.leg.terminal_id, sequence, now)

    def _conclude(
        self, store: Store, payment: Payment, refund: PaymentOperation
    ) -> PaymentOperation:
        talk = self.conversations[payment.method]
        try:
            answer = talk.refund(store, payment, refund, timeout_s=ATTEMPT_S)
        except NotSent:
            return self.conclude_refund.released(payment, refund, UNREACHED)
        except Unanswered:
            return self._unknown(payment, refund)
        if answer.pending:
            return self._received(refund)
        return self.conclude_refund.answered(store, payment, refund, answer)

    def _received(self, refund: PaymentOperation) -> PaymentOperation:
        """The other side works on it; the janitor asks again."""
        return self._written(refund, refund.touched(due_at=int(self.clock.now()) + POLL_S))

    def _unknown(self, payment: Payment, refund: PaymentOperation) -> PaymentOperation:
        owing = claimed_refund(payment, refund, self.sequences, self.clock.now())
        written = self._written(refund, owing)
        if written is not owing:
            return written
        try:
            return self.take_back.refund(payment, owing)
        except StaleVersion:
            return self._current(refund)

    def _written(self, before: PaymentOperation, after: PaymentOperation) -> PaymentOperation:
        try:
            self.payments.update_operation(before, after)
        except StaleVersion:  # the janitor took it
            return self._current(before)
        return after

    def _current(self, refund: PaymentOperation) -> PaymentOperation:
        current = self.payments.get(refund.sid, refund.trans_id)
        return current if isinstance(current, PaymentOperation) else refund


def claimed_refund(
    payment: Payment, refund: PaymentOperation, sequences: Sequences, now: float
) -> PaymentOperation:
    """The refund whose outcome is unknown: a card network is owed its reversal from now on, a
    wallet will be asked."""
    due_at = int(now) + INTENT_S
    if payment.method != "card" or refund.reversal is not None:
        return refund.touched(due_at=due_at)
    assert refund.leg is not None
    sequence = sequences.next(refund.leg.network, refund.leg.acquirer_id)
    return refund.touched(reversal=new_reversal(sequence, now), due_at=due_at)

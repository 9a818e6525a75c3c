"""Cancel: take the whole remainder, then send the reversal, which is repeated and cannot be
declined."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tidegate.domain.payment import IdempotencyRecord, OperationStatus, Payment, PaymentOperation
from tidegate.domain.store import Store
from tidegate.domain.transitions import Operation, Outcome
from tidegate.ports import Clock, Sequences
from tidegate.services.change import Beginner, Change
from tidegate.services.commands import ChangePayment
from tidegate.services.limits import INTENT_S
from tidegate.services.outcomes import new_reversal
from tidegate.services.take_back import TakeBack


@dataclass(frozen=True, slots=True)
class CancelPayment:
    """The use case, over its ports."""

    beginner: Beginner
    sequences: Sequences
    take_back: TakeBack
    clock: Clock

    def __call__(
        self, store: Store, command: ChangePayment, idempotency: IdempotencyRecord | None = None
    ) -> Change:
        """Success once the network acknowledged; Received while it has not. Raises what ``begin``
        raises."""

        def decide(payment: Payment) -> tuple[Payment, PaymentOperation]:
            after = begin_cancel(payment, self.sequences, self.clock.now(), command.trans_id)
            operation = self.beginner.new(
                store.sid, command, Operation.CANCEL, OperationStatus.RECEIVED, payment.amount
            )
            return after, operation

        change = self.beginner.begin(store.sid, command, idempotency, decide)
        if change.replayed:
            return change
        payment = self.take_back.payment(change.payment)
        return Change(change.operation.as_of(payment), payment)


def begin_cancel(payment: Payment, sequences: Sequences, now: float, trans_id: str = "") -> Payment:
    """The payment with a cancel begun; raises WrongStatus. Without ``trans_id`` it is the
    platform's own."""
    after = payment.step(
        Operation.CANCEL,
        Outcome.PENDING,
        capturable_minor=0,
        due_at=int(now) + INTENT_S,
    )
    if after.reversal is None:
        sequence = sequences.next(payment.leg.network, payment.leg.acquirer_id)
        after = replace(after, reversal=new_reversal(sequence, now))
    return after.recorded(
        Operation.CANCEL,
        Outcome.PENDING,
        at=int(now),
        amount_minor=payment.amount.minor,
        trans_id=trans_id,
    )

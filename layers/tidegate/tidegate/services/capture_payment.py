"""Capture: with Visa and Mastercard a clearing record, not an online message; one per payment,
partial allowed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tidegate.domain.errors import MissingField, OperationUnsupported
from tidegate.domain.payment import (
    IdempotencyRecord,
    OperationStatus,
    Payment,
    PaymentOperation,
    Reversal,
)
from tidegate.domain.store import Store
from tidegate.domain.transitions import UNDECIDED, Operation, Outcome
from tidegate.ports import Sequences
from tidegate.services.change import Beginner, Change
from tidegate.services.commands import ChangePayment
from tidegate.services.limits import INTENT_S
from tidegate.services.outcomes import day_of, new_reversal
from tidegate.services.take_back import TakeBack


@dataclass(frozen=True, slots=True)
class CapturePayment:
    """The use case, over its ports."""

    beginner: Beginner
    sequences: Sequences
    take_back: TakeBack

    def __call__(
        self, store: Store, command: ChangePayment, idempotency: IdempotencyRecord | None = None
    ) -> Change:
        """The capture and the payment; what was not captured is released by a partial reversal.

        Raises what ``Beginner.begin`` raises.
        """
        change = self.beginner.begin(
            store.sid, command, idempotency, lambda payment: self._decide(store, command, payment)
        )
        if change.payment.reversal is not None and not change.replayed:
            # Not acknowledged now, it stays due: the janitor sends it until it is.
            change = replace(change, payment=self.take_back.payment(change.payment))
        return change

    def _decide(
        self, store: Store, command: ChangePayment, payment: Payment
    ) -> tuple[Payment, PaymentOperation]:
        if command.amount is None:
            raise MissingField(field="transAmount")
        amount = command.amount
        if payment.method != "card" and payment.status not in UNDECIDED:
            raise OperationUnsupported(f"{payment.brand} is captured with the payment")
        payment.check_capture(amount)
        now = int(self.beginner.clock.now())
        release = amount.minor < payment.capturable_minor
        after = payment.step(
            Operation.CAPTURE,
            Outcome.APPROVED,
            capturable_minor=0,
            captured_minor=amount.minor,
            refundable_minor=amount.minor,
            reversal=self._release(payment, amount.minor, now) if release else None,
            due_at=now + INTENT_S if release else None,
        ).recorded(
            Operation.CAPTURE,
            Outcome.APPROVED,
            at=now,
            amount_minor=amount.minor,
            fee_minor=store.fee_plan_of(payment.fee_plan).capture_fee_minor(payment.brand, amount),
            business_date=day_of(store, now),
            trans_id=command.trans_id,
        )
        capture = self.beginner.new(
            store.sid, command, Operation.CAPTURE, OperationStatus.SUCCESS, amount
        )
        return after, replace(capture, answered_at=now)

    def _release(self, payment: Payment, captured_minor: int, now: int) -> Reversal:
        sequence = self.sequences.next(payment.leg.network, payment.leg.acquirer_id)
        return new_reversal(sequence, now, remaining_minor=captured_minor)

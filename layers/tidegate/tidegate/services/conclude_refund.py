"""How a refund ends: confirmed, or released so that its amount may be refunded again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tidegate.domain.declines import code_of
from tidegate.domain.errors import StaleVersion
from tidegate.domain.message import NetworkAnswer
from tidegate.domain.payment import (
    OperationStatus,
    Payment,
    PaymentOperation,
    require_payment,
)
from tidegate.domain.store import Store
from tidegate.domain.transitions import Operation, Outcome
from tidegate.ports import Clock, PaymentStore
from tidegate.services.limits import CONFLICT_TRIES
from tidegate.services.outcomes import day_of

Next = Callable[[Payment], Payment]


@dataclass(frozen=True, slots=True)
class ConcludeRefund:
    """Safe under races and retries: whoever is second finds the refund concluded and leaves it."""

    payments: PaymentStore
    clock: Clock

    def answered(
        self, store: Store, payment: Payment, refund: PaymentOperation, answer: NetworkAnswer
    ) -> PaymentOperation:
        """The refund after an approval or a refusal."""
        if answer.approved:
            return self._confirmed(store, payment, refund, answer)
        return self.released(payment, refund, code_of(answer), answer)

    def released(
        self,
        payment: Payment,
        refund: PaymentOperation,
        failure_code: str,
        answer: NetworkAnswer | None = None,
    ) -> PaymentOperation:
        """The refund that moved no money; its amount goes back to the remainder."""
        now = int(self.clock.now())
        ended = refund.touched(
            status=OperationStatus.FAILED,
            answer=answer,
            failure_code=failure_code,
            answered_at=now,
            reversal=None,
            due_at=None,
        )

        def following(payment: Payment) -> Payment:
            return payment.step(
                Operation.REFUND,
                Outcome.DECLINED,
                refundable_minor=payment.refundable_minor + refund.amount.minor,
            ).recorded(
                Operation.REFUND,
                Outcome.DECLINED,
                at=now,
                amount_minor=refund.amount.minor,
                trans_id=refund.trans_id,
            )

        return self._conclude(payment, refund, ended, following)

    def _confirmed(
        self, store: Store, payment: Payment, refund: PaymentOperation, answer: NetworkAnswer
    ) -> PaymentOperation:
        now = int(self.clock.now())
        ended = refund.touched(
            status=OperationStatus.SUCCESS,
            answer=answer,
            answered_at=now,
            reversal=None,
            due_at=None,
        )

        def following(payment: Payment) -> Payment:
            total = payment.refunded_minor + refund.amount.minor
            rest = total == payment.captured_minor
            operation = Operation.REFUND_REST if rest else Operation.REFUND
            return payment.step(operation, Outcome.APPROVED, refunded_minor=total).recorded(
                operation,
                Outcome.APPROVED,
                at=now,
                amount_minor=refund.amount.minor,
                fee_minor=store.fee_plan_of(payment.fee_plan).refund_fee_minor(),
                business_date=day_of(store, now),
                trans_id=refund.trans_id,
            )

        return self._conclude(payment, refund, ended, following)

    def _conclude(
        self, payment: Payment, refund: PaymentOperation, ended: PaymentOperation, following: Next
    ) -> PaymentOperation:
        for _ in range(CONFLICT_TRIES):
            try:
                self.payments.conclude(payment, following(payment), refund, ended)
            except StaleVersion:
                current = self.payments.get(refund.sid, refund.trans_id)
                if isinstance(current, PaymentOperation) and current.version != refund.version:
                    return current  # concluded by somebody else
                payment = require_payment(self.payments.get(payment.sid, payment.trans_id))
            else:
                return ended
        return refund  # as it was: the janitor goes on

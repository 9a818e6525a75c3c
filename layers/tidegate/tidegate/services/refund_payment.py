"""Refund: reserve the amount, ask the network (0100, processing code 20), confirm or release."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tidegate.domain.declines import UNREACHED, decline_code
from tidegate.domain.errors import MissingField, NotSent, StaleVersion, Unanswered
from tidegate.domain.legs import local_time, open_leg
from tidegate.domain.message import AuthorizationRequest, NetworkAnswer
from tidegate.domain.payment import (
    OperationStatus,
    Payment,
    PaymentOperation,
    require_payment,
)
from tidegate.domain.routing import Route
from tidegate.domain.store import Store
from tidegate.domain.transitions import Operation, Outcome
from tidegate.ports import Clock, IdempotencyRecord, Networks, PaymentStore, Sequences, Vault
from tidegate.services.card_seal import unseal_card
from tidegate.services.change import Beginner, Change
from tidegate.services.commands import ChangePayment
from tidegate.services.limits import ATTEMPT_S, CONFLICT_TRIES, INTENT_S
from tidegate.services.outcomes import day_of, new_reversal
from tidegate.services.take_back import TakeBack, release_refund


@dataclass(frozen=True, slots=True)
class RefundPayment:
    """The use case, over its ports."""

    payments: PaymentStore
    beginner: Beginner
    sequences: Sequences
    vault: Vault
    networks: Networks
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
        after = payment.step(
            Operation.REFUND,
            Outcome.PENDING,
            refundable_minor=payment.refundable_minor - command.amount.minor,
        )
        route = Route(payment.leg.network, payment.leg.acquirer_id)
        sequence = self.sequences.next(route.network, route.acquirer_id)
        refund = self.beginner.new(
            store.sid, command, Operation.REFUND, OperationStatus.RECEIVED, command.amount
        )
        leg = open_leg(route, payment.leg.terminal_id, sequence, now)
        return after, replace(refund, leg=leg, due_at=int(now) + INTENT_S)

    def _conclude(
        self, store: Store, payment: Payment, refund: PaymentOperation
    ) -> PaymentOperation:
        try:
            answer = self._ask(store, payment, refund)
        except NotSent:
            return self._release(payment, refund, UNREACHED)
        except Unanswered:
            return self._unknown(payment, refund)
        if not answer.approved:
            return self._release(payment, refund, decline_code(answer.response_code), answer)
        return self._confirm(store, payment, refund, answer)

    def _ask(self, store: Store, payment: Payment, refund: PaymentOperation) -> NetworkAnswer:
        assert refund.leg is not None
        request = AuthorizationRequest(
            identity=refund.leg.identity,
            kind="refund",
            amount=refund.amount,
            card=unseal_card(self.vault, payment.sid, payment.trans_id, payment.sealed_card),
            acceptor=store.acceptor,
            local_time=local_time(refund.created_at, store.time_zone),
            scheme_reference=payment.answer.scheme_reference if payment.answer else None,
        )
        return self.networks[refund.leg.network].authorize(request, timeout_s=ATTEMPT_S)

    def _confirm(
        self, store: Store, payment: Payment, refund: PaymentOperation, answer: NetworkAnswer
    ) -> PaymentOperation:
        now = int(self.clock.now())
        done = refund.touched(
            status=OperationStatus.SUCCESS, answer=answer, answered_at=now, due_at=None
        )
        for _ in range(CONFLICT_TRIES):
            total = payment.refunded_minor + refund.amount.minor
            rest = total == payment.captured_minor
            operation = Operation.REFUND_REST if rest else Operation.REFUND
            after = payment.step(operation, Outcome.APPROVED, refunded_minor=total).recorded(
                operation,
                Outcome.APPROVED,
                at=now,
                amount_minor=refund.amount.minor,
                fee_minor=store.fee_plan_of(payment.fee_plan).refund_fee_minor(),
                business_date=day_of(store, now),
                trans_id=refund.trans_id,
            )
            try:
                self.payments.conclude(payment, after, refund, done)
            except StaleVersion:
                current = self.payments.get(refund.sid, refund.trans_id)
                if isinstance(current, PaymentOperation) and current.version != refund.version:
                    return current  # the janitor took it: a late approval never revives it
                payment = require_payment(self.payments.get(payment.sid, payment.trans_id))
            else:
                return done
        return refund  # still Received: the janitor takes it back

    def _release(
        self,
        payment: Payment,
        refund: PaymentOperation,
        code: str,
        answer: NetworkAnswer | None = None,
    ) -> PaymentOperation:
        now = int(self.clock.now())
        return release_refund(self.payments, payment, refund, code, now, answer)

    def _unknown(self, payment: Payment, refund: PaymentOperation) -> PaymentOperation:
        owing = owe_refund_reversal(refund, self.sequences, self.clock.now())
        try:
            self.payments.update_operation(refund, owing)
            return self.take_back.refund(payment, owing)
        except StaleVersion:
            current = self.payments.get(refund.sid, refund.trans_id)
            return current if isinstance(current, PaymentOperation) else refund


def owe_refund_reversal(
    refund: PaymentOperation, sequences: Sequences, now: float
) -> PaymentOperation:
    """The refund whose outcome is unknown: from now on its reversal is owed."""
    assert refund.leg is not None
    sequence = sequences.next(refund.leg.network, refund.leg.acquirer_id)
    return refund.touched(reversal=new_reversal(sequence, now), due_at=int(now) + INTENT_S)

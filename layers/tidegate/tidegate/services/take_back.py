"""Send the reversal that is owed until the network acknowledges it; a reversal is never declined.

One mechanism for every message that must be undone: an authorization whose outcome is unknown, a
cancel, an
authorization that expired, the uncaptured rest of a partial capture, a refund whose answer was
lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tidegate.domain.declines import UNREACHED
from tidegate.domain.errors import NotSent, StaleVersion, Unanswered
from tidegate.domain.legs import local_time, transmission_time
from tidegate.domain.message import Kind, NetworkAnswer, ReversalRequest
from tidegate.domain.money import Money
from tidegate.domain.payment import (
    Leg,
    OperationStatus,
    Payment,
    PaymentOperation,
    Reversal,
    require_payment,
)
from tidegate.domain.transitions import Operation, Outcome, Status
from tidegate.ports import Clock, Networks, PaymentStore, StoreDirectory, Vault
from tidegate.services.card_seal import unseal_card
from tidegate.services.limits import CONFLICT_TRIES, REVERSAL_S, retry_wait_s


@dataclass(frozen=True, slots=True)
class TakeBack:
    """The use case, over its ports."""

    payments: PaymentStore
    stores: StoreDirectory
    vault: Vault
    networks: Networks
    clock: Clock

    def payment(self, payment: Payment, *, timeout_s: float = REVERSAL_S) -> Payment:
        """Send the reversal that ``payment`` owes; the payment as it stands afterwards."""
        if payment.reversal is None:
            return payment
        acknowledged = self._send(payment, payment.leg, payment.reversal, "purchase", timeout_s)
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
        """Send the reversal that ``refund`` owes; once acknowledged, its amount may be refunded
        again."""
        if refund.reversal is None or refund.leg is None:
            return refund
        request = replace(payment, amount=refund.amount, answer=refund.answer)
        acknowledged = self._send(request, refund.leg, refund.reversal, "refund", REVERSAL_S)
        if not acknowledged:
            after = refund.touched(
                reversal=_tried(refund.reversal), due_at=self._due(refund.reversal)
            )
            self.payments.update_operation(refund, after)
            return after
        return release_refund(self.payments, payment, refund, UNREACHED, int(self.clock.now()))

    def _send(
        self, payment: Payment, leg: Leg, reversal: Reversal, kind: Kind, timeout_s: float
    ) -> bool:
        store = self.stores.get(payment.sid)
        now = self.clock.now()
        sent_at = transmission_time(now) if reversal.attempts else reversal.transmitted_at
        own = replace(leg, sequence=reversal.sequence, transmitted_at=sent_at)
        remaining = reversal.remaining_minor
        answer = payment.answer
        request = ReversalRequest(
            identity=own.identity,
            original=leg.identity,
            kind=kind,
            amount=payment.amount,
            card=unseal_card(self.vault, payment.sid, payment.trans_id, payment.sealed_card),
            acceptor=store.acceptor,
            local_time=local_time(now, store.time_zone),
            repeat=reversal.attempts > 0,
            remaining=Money(remaining, payment.amount.currency) if remaining else None,
            authorization_code=answer.authorization_code if answer else None,
            scheme_reference=answer.scheme_reference if answer else None,
        )
        try:
            return self.networks[leg.network].reverse(request, timeout_s=timeout_s).approved
        except (NotSent, Unanswered):
            return False

    def _missed(self, payment: Payment) -> Payment:
        assert payment.reversal is not None
        return payment.touched(
            reversal=_tried(payment.reversal), due_at=self._due(payment.reversal)
        )

    def _acknowledged(self, payment: Payment) -> Payment:
        now = int(self.clock.now())
        if payment.status is Status.CANCELLING:
            cancel = payment.last_entry(Operation.CANCEL)
            return payment.step(
                Operation.CANCEL, Outcome.APPROVED, reversal=None, due_at=None
            ).recorded(
                Operation.CANCEL,
                Outcome.APPROVED,
                at=now,
                amount_minor=payment.amount.minor,
                trans_id=cancel.trans_id if cancel else "",
            )
        after = payment.step(Operation.REVERSE, Outcome.APPROVED, reversal=None, due_at=None)
        if payment.status is not Status.REVERSING:  # a partial reversal: nothing that merchants see
            return after
        return replace(after, failure_code=UNREACHED, answered_at=now).recorded(
            payment.intent, Outcome.DECLINED, at=now, amount_minor=payment.amount.minor
        )

    def _due(self, reversal: Reversal) -> int:
        return int(self.clock.now()) + retry_wait_s(reversal.attempts + 1)


def release_refund(
    payments: PaymentStore,
    payment: Payment,
    refund: PaymentOperation,
    failure_code: str,
    now: int,
    answer: NetworkAnswer | None = None,
) -> PaymentOperation:
    """End a refund that moved no money: its amount goes back to the remainder. Safe under races
    and retries."""
    after_refund = refund.touched(
        status=OperationStatus.FAILED,
        answer=answer,
        failure_code=failure_code,
        answered_at=now,
        reversal=None,
        due_at=None,
    )
    for _ in range(CONFLICT_TRIES):
        after = payment.step(
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
        try:
            payments.conclude(payment, after, refund, after_refund)
        except StaleVersion:
            payment = require_payment(payments.get(payment.sid, payment.trans_id))
            current = payments.get(refund.sid, refund.trans_id)
            if isinstance(current, PaymentOperation) and current.version != refund.version:
                return current  # concluded by somebody else
        else:
            return after_refund
    raise StaleVersion("too many changes at once")


def _tried(reversal: Reversal) -> Reversal:
    return replace(reversal, attempts=reversal.attempts + 1)

"""The janitor: whatever was begun and not ended, whoever died when, ends here.

It takes only what is older than every caller's patience, by a claim that is a version of its own;
the caller that
lost it answers Pending or Received.
"""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.errors import StaleVersion, TidegateError
from tidegate.domain.money import Money
from tidegate.domain.payment import OtherRecord, Payment, PaymentOperation, require_payment
from tidegate.domain.store import Store
from tidegate.domain.transitions import Status
from tidegate.ports import Clock, Ids, PaymentStore, Sequences, StoreDirectory
from tidegate.services.await_payer import AwaitPayer
from tidegate.services.cancel_payment import begin_cancel
from tidegate.services.capture_payment import CapturePayment
from tidegate.services.commands import ChangePayment
from tidegate.services.limits import CLAIM_S
from tidegate.services.outcomes import authentication_failed, to_be_reversed
from tidegate.services.refund_payment import claimed_refund
from tidegate.services.take_back import TakeBack


@dataclass(frozen=True, slots=True)
class SweepDue:
    """The use case, over its ports."""

    payments: PaymentStore
    stores: StoreDirectory
    sequences: Sequences
    capture: CapturePayment
    take_back: TakeBack
    await_payer: AwaitPayer
    clock: Clock
    ids: Ids

    def __call__(self, *, limit: int, until: float) -> dict[str, int]:
        """Work on at most ``limit`` items and no longer than ``until``; how many were ended, kept
        or failed."""
        counts = {"seen": 0, "ended": 0, "open": 0, "failed": 0}
        for sid, trans_id in self.payments.due(int(self.clock.now()), limit):
            if self.clock.now() >= until:
                break
            counts["seen"] += 1
            try:
                counts["ended" if self._one(sid, trans_id) else "open"] += 1
            except StaleVersion:
                counts["open"] += 1  # somebody else is at it
            except TidegateError:
                counts["failed"] += 1
        return counts

    def _one(self, sid: str, trans_id: str) -> bool:
        """Whether nothing is due any more."""
        found = self.payments.get(sid, trans_id)
        if found is None or isinstance(found, OtherRecord) or found.due_at is None:
            return True
        if found.due_at > self.clock.now():
            return False
        if isinstance(found, PaymentOperation):
            return self._refund(found).due_at is None
        return self._payment(found).due_at is None

    def _payment(self, payment: Payment) -> Payment:
        if payment.status is Status.AUTHORISED and payment.capture_after_hours is not None:
            return self._capture(self.stores.get(payment.sid), payment)
        if payment.status is Status.WAITING:
            return self.await_payer.ask(payment)
        now = self.clock.now()
        if payment.status is Status.VERIFYING:  # nobody authenticated himself in time
            failed = authentication_failed(payment, int(now))
            self.payments.update(payment, failed)
            return failed
        if payment.status is Status.PENDING:
            sequence = self.sequences.next(payment.leg.network, payment.leg.acquirer_id)
            claimed = to_be_reversed(payment, sequence, now)
        elif payment.status is Status.AUTHORISED:  # nobody captured it within its life
            claimed = begin_cancel(payment, self.sequences, now)
        else:
            claimed = payment.touched(due_at=int(now) + CLAIM_S)
        self.payments.update(payment, claimed)
        return self.take_back.payment(claimed)

    def _capture(self, store: Store, payment: Payment) -> Payment:
        """The capture that ``captureAfterHours`` asked for, under an id of the platform's own."""
        now = self.clock.now()
        command = ChangePayment(
            trans_id=self.ids.evo_trans_id(now),
            trans_time=payment.trans_time,
            payment_trans_id=payment.trans_id,
            amount=Money(payment.capturable_minor, payment.amount.currency),
            webhook=payment.webhook,
        )
        return self.capture(store, command).payment

    def _refund(self, refund: PaymentOperation) -> PaymentOperation:
        payment = require_payment(self.payments.get(refund.sid, refund.payment_trans_id))
        claimed = claimed_refund(payment, refund, self.sequences, self.clock.now())
        self.payments.update_operation(refund, claimed)
        return self.take_back.refund(payment, claimed)

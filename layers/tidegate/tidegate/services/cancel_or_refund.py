"""For callers that do not know the state: what is only authorised is cancelled, what is captured
is refunded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tidegate.domain.errors import FieldMismatch, WrongStatus
from tidegate.domain.money import Money
from tidegate.domain.payment import IdempotencyRecord, require_payment
from tidegate.domain.store import Store
from tidegate.domain.transitions import Status
from tidegate.ports import PaymentStore
from tidegate.services.cancel_payment import CancelPayment
from tidegate.services.change import Change
from tidegate.services.commands import ChangePayment
from tidegate.services.refund_payment import RefundPayment

_CANCELLABLE = {
    Status.PENDING,
    Status.REVERSING,
    Status.WAITING,
    Status.AUTHORISED,
    Status.CANCELLING,
}


@dataclass(frozen=True, slots=True)
class CancelOrRefund:
    """The use case, over its ports."""

    payments: PaymentStore
    cancel: CancelPayment
    refund: RefundPayment

    def __call__(
        self, store: Store, command: ChangePayment, idempotency: IdempotencyRecord | None = None
    ) -> Change:
        """What was done, which the operation's kind tells. Raises what cancel and refund raise."""
        chosen = replace(command, chosen_by_platform=True)
        try:
            return self._once(store, chosen, idempotency)
        except WrongStatus:  # captured between our look and our cancel: look once more
            return self._once(store, chosen, idempotency)

    def _once(
        self, store: Store, command: ChangePayment, idempotency: IdempotencyRecord | None
    ) -> Change:
        payment = require_payment(self.payments.get(store.sid, command.payment_trans_id))
        if command.amount is not None and command.amount.currency != payment.amount.currency:
            raise FieldMismatch(
                f"the payment is in {payment.amount.currency}", field="transAmount.currency"
            )
        if payment.status in _CANCELLABLE:
            return self.cancel(store, replace(command, amount=None), idempotency)
        if command.amount is None:
            rest = Money(payment.refundable_minor, payment.amount.currency)
            command = replace(command, amount=rest)
        return self.refund(store, command, idempotency)

"""Find a payment or an operation again."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.errors import TransactionUnknown
from tidegate.domain.payment import (
    PAYMENTS,
    Payment,
    PaymentOperation,
    require_intent,
    require_payment,
)
from tidegate.domain.transitions import Operation
from tidegate.ports import PaymentStore
from tidegate.services.change import Change

_ENTRIES = {
    Operation.CAPTURE: (Operation.CAPTURE,),
    Operation.CANCEL: (Operation.CANCEL,),
    Operation.REFUND: (Operation.REFUND, Operation.REFUND_REST),
}


@dataclass(frozen=True, slots=True)
class Query:
    """The use case, over its port."""

    payments: PaymentStore

    def payment(self, sid: str, trans_id: str, intents: frozenset[Operation] = PAYMENTS) -> Payment:
        """The payment under this id, or what else ``intents`` names; raises TransactionUnknown."""
        return require_intent(self.payments.get(sid, trans_id), intents)

    def operation(self, sid: str, trans_id: str, kinds: tuple[Operation, ...]) -> Change:
        """The operation under its own id, or the latest of these kinds under its payment's id.

        Raises TransactionUnknown.
        """
        found = self.payments.get(sid, trans_id)
        if isinstance(found, PaymentOperation) and found.kind in kinds:
            payment = require_payment(self.payments.get(sid, found.payment_trans_id))
            return Change(found.as_of(payment), payment)
        if isinstance(found, Payment):
            latest = _latest(found, kinds)
            operation = self.payments.get(sid, latest) if latest else None
            if isinstance(operation, PaymentOperation):
                return Change(operation.as_of(found), found)
        raise TransactionUnknown(field="merchantTransID")


def _latest(payment: Payment, kinds: tuple[Operation, ...]) -> str | None:
    wanted = {entry for kind in kinds for entry in _ENTRIES[kind]}
    for entry in reversed(payment.history):
        if entry.operation in wanted and entry.trans_id:
            return entry.trans_id
    return None

"""What capture, cancel and refund share: one operation, begun in one transaction with the
payment's change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tidegate.domain.errors import (
    AmountExceeded,
    DuplicateTransaction,
    FieldMismatch,
    OperationUnsupported,
    StaleVersion,
    WrongStatus,
)
from tidegate.domain.money import Money
from tidegate.domain.payment import IdempotencyRecord, Payment, PaymentOperation, require_payment
from tidegate.domain.transitions import Operation
from tidegate.ports import Clock, Ids, PaymentStore
from tidegate.services.commands import ChangePayment
from tidegate.services.idempotency import replayed
from tidegate.services.limits import CONFLICT_TRIES


@dataclass(frozen=True, slots=True)
class Change:
    """An operation and its payment, as they stand after the last write."""

    operation: PaymentOperation
    payment: Payment
    replayed: bool = False
    """Answered from what an earlier request under the same Idempotency-Key made."""


Decide = Callable[[Payment], tuple[Payment, PaymentOperation]]
"""From the payment as read to the payment as it should be, with the operation; raises what
forbids it."""


@dataclass(frozen=True, slots=True)
class Beginner:
    """Reads, decides and writes until nobody else was faster."""

    payments: PaymentStore
    clock: Clock
    ids: Ids

    def begin(
        self,
        sid: str,
        command: ChangePayment,
        idempotency: IdempotencyRecord | None,
        decide: Decide,
    ) -> Change:
        """The change as written, or as an earlier request under the same key wrote it.

        Raises TransactionUnknown, DuplicateTransaction, FieldMismatch, WrongStatus,
        AmountExceeded, StaleVersion.
        """
        for _ in range(CONFLICT_TRIES):
            before = require_payment(self.payments.get(sid, command.payment_trans_id))
            if command.trans_id == before.trans_id:
                raise DuplicateTransaction(field="merchantTransInfo.merchantTransID")
            try:
                after, operation = decide(before)
            except (WrongStatus, AmountExceeded, FieldMismatch, OperationUnsupported):
                # The id decides first: a request sent twice is a duplicate, whatever its first
                # copy changed.
                earlier = self._earlier(sid, command, idempotency)
                if earlier is None:
                    raise
                return earlier
            try:
                holder = self.payments.begin(before, after, operation, idempotency)
            except StaleVersion:
                continue
            if holder is None:
                return Change(operation, after)
            earlier = self._earlier(sid, command, idempotency)
            if earlier is not None:
                return earlier
        raise StaleVersion("too many changes at once")

    def new(
        self,
        sid: str,
        command: ChangePayment,
        kind: Operation,
        status: str,
        amount: Money,
    ) -> PaymentOperation:
        """The operation's own item, before anything is sent."""
        now = self.clock.now()
        return PaymentOperation(
            sid=sid,
            trans_id=command.trans_id,
            version=1,
            kind=kind,
            payment_trans_id=command.payment_trans_id,
            status=status,
            amount=amount,
            evo_trans_id=self.ids.evo_trans_id(now),
            created_at=int(now),
            nonce=self.ids.nonce(),
            trans_time=command.trans_time,
            chosen_by_platform=command.chosen_by_platform,
            initiating_reason=command.initiating_reason,
            description=command.description,
            labels=command.labels,
            metadata=command.metadata,
            webhook=command.webhook,
        )

    def _earlier(
        self, sid: str, command: ChangePayment, idempotency: IdempotencyRecord | None
    ) -> Change | None:
        """What the key's first request made; None if the id is free. Raises
        DuplicateTransaction."""
        made = replayed(self.payments, sid, idempotency)
        if isinstance(made, PaymentOperation):
            payment = require_payment(self.payments.get(sid, made.payment_trans_id))
            return Change(made.as_of(payment), payment, replayed=True)
        if self.payments.get(sid, command.trans_id) is not None:
            raise DuplicateTransaction(field="merchantTransInfo.merchantTransID")
        return None

"""Take a payment: route it, write down what will be sent, let the workflow send it, answer what
is known."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain import risk
from tidegate.domain.errors import CurrencyUnsupported, DuplicateTransaction
from tidegate.domain.legs import open_leg
from tidegate.domain.payment import Payment
from tidegate.domain.routing import brand_of, routes_for
from tidegate.domain.store import Store
from tidegate.domain.transitions import Operation, Status
from tidegate.ports import (
    Clock,
    IdempotencyRecord,
    Ids,
    PaymentStore,
    PaymentWorkflow,
    Sequences,
    Vault,
    WorkflowInput,
)
from tidegate.services.card_seal import seal_card, seal_cvc
from tidegate.services.commands import CreatePayment as Command
from tidegate.services.idempotency import replayed
from tidegate.services.limits import INTENT_S, WORKFLOW_S
from tidegate.services.task_result import TaskResult


@dataclass(frozen=True, slots=True)
class CreatePayment:
    """The use case, over its ports."""

    payments: PaymentStore
    sequences: Sequences
    vault: Vault
    workflow: PaymentWorkflow
    clock: Clock
    ids: Ids

    def __call__(
        self, store: Store, command: Command, idempotency: IdempotencyRecord | None = None
    ) -> Payment:
        """The payment as far as its outcome is known; still Pending where it is not.

        Raises CurrencyUnsupported, CardRangeUnsupported, BrandUnsupported, DuplicateTransaction,
        FieldMismatch.
        """
        if command.amount.currency not in store.currencies:
            raise CurrencyUnsupported(field="transAmount.currency")
        intent = self._intent(store, command)
        holder = self.payments.create(intent, idempotency)
        if holder is not None:
            earlier = replayed(self.payments, store.sid, idempotency)
            if isinstance(earlier, Payment):
                return earlier
            raise DuplicateTransaction(field="merchantTransInfo.merchantTransID")
        result = self.workflow.run(self._input(store, command, intent))
        return TaskResult.read(result).applied_to(intent) if result is not None else intent

    def _intent(self, store: Store, command: Command) -> Payment:
        """Everything that the network will be told, before it is told anything."""
        now = self.clock.now()
        brand = brand_of(command.card.pan)
        route = routes_for(brand, store.routes)[0]
        after_hours = command.capture_after_hours
        if after_hours is None:
            after_hours = store.capture_after_hours
        return Payment(
            sid=store.sid,
            trans_id=command.trans_id,
            version=1,
            status=Status.PENDING,
            amount=command.amount,
            evo_trans_id=self.ids.evo_trans_id(now),
            created_at=int(now),
            nonce=self.ids.nonce(),
            trans_time=command.trans_time,
            brand=brand,
            first6=command.card.pan[:6],
            last4=command.card.pan[-4:],
            leg=open_leg(
                route,
                store.terminal_id,
                self.sequences.next(route.network, route.acquirer_id),
                now,
            ),
            sealed_card=seal_card(self.vault, store.sid, command.trans_id, command.card),
            fee_plan=store.fee_plan.version,
            intent=_intent_of(command, after_hours),
            capture_after_hours=after_hours,
            order_reference=command.order_reference,
            metadata=command.metadata,
            webhook=command.webhook,
            platform=command.platform,
            due_at=int(now) + INTENT_S,
        )

    def _input(self, store: Store, command: Command, intent: Payment) -> WorkflowInput:
        return WorkflowInput(
            sid=store.sid,
            trans_id=intent.trans_id,
            refused=risk.refuses(store.risk, intent.amount, intent.first6),
            routes=len(routes_for(intent.brand, store.routes)),
            sealed_cvc=seal_cvc(self.vault, store.sid, intent.trans_id, command.card),
            deadline=self.clock.now() + WORKFLOW_S,
        )


def _intent_of(command: Command, after_hours: int | None) -> Operation:
    """A zero amount asks whether the card is good; hours 0 captures at once; all else
    authorizes."""
    if command.amount.minor == 0:
        return Operation.VERIFY
    return Operation.SALE if after_hours == 0 else Operation.AUTHORIZE

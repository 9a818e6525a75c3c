"""From an intent that is written down to its outcome: the workflow, then what hangs on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.domain import risk
from tidegate.domain.payment import Payment, require_payment
from tidegate.domain.routing import routes_for
from tidegate.domain.store import Store
from tidegate.ports import Clock, PaymentStore, PaymentWorkflow, WorkflowInput
from tidegate.services.limits import WORKFLOW_S
from tidegate.services.task_result import PAYER_ACTS, TaskResult

if TYPE_CHECKING:  # only payments that keep their card need it
    from tidegate.services.cards_on_file import CardsOnFile


@dataclass(frozen=True, slots=True)
class Proceed:
    """The use case, over its ports."""

    payments: PaymentStore
    workflow: PaymentWorkflow
    cards: CardsOnFile
    clock: Clock

    def __call__(self, store: Store, intent: Payment, sealed_secrets: str | None) -> Payment:
        """The payment as far as its outcome is known; still Pending where it is not."""
        result = self.workflow.run(
            WorkflowInput(
                sid=store.sid,
                trans_id=intent.trans_id,
                refused=risk.refuses(store.risk, intent.amount, intent.first6),
                routes=len(routes_for(intent.brand, store.routes)),
                sealed_secrets=sealed_secrets,
                deadline=self.clock.now() + WORKFLOW_S,
            )
        )
        if result is None:
            return intent
        known = TaskResult.read(result)
        if known.outcome == PAYER_ACTS:  # what he has to do stands in the table
            return require_payment(self.payments.get(intent.sid, intent.trans_id))
        payment = known.applied_to(intent)
        if payment.stores_card:
            self.cards.after(store, payment)
        return payment

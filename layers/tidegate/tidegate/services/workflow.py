"""The payment workflow: what a task of it hands on, and what becomes of an intent when it has
ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

from tidegate.domain.message import NetworkAnswer
from tidegate.domain.payment import Payment, require_payment
from tidegate.domain.routing import routes_for
from tidegate.domain.transitions import Status
from tidegate.services.limits import WORKFLOW_S

if TYPE_CHECKING:
    from tidegate.domain.store import Store
    from tidegate.ports import Clock, PaymentStore, PaymentWorkflow
    from tidegate.services.cards_on_file import CardsOnFile

PAYER_ACTS = "pending"
_OUTCOMES = {
    Status.WAITING: PAYER_ACTS,
    Status.VERIFYING: PAYER_ACTS,
    Status.PENDING: "unknown",
    Status.REVERSING: "unknown",
    Status.CANCELLING: "unknown",
    Status.FAILED: "declined",
}


@dataclass(frozen=True, slots=True)
class TaskResult:
    """The payment's state after a task, which is enough to answer the merchant without reading
    again; never card data."""

    outcome: str
    """approved, declined, pending (the payer has to act) or unknown: what the state machine
    chooses by."""
    status: Status
    version: int
    answer: NetworkAnswer | None
    answered_at: int | None
    failure_code: str | None
    captured_minor: int
    refundable_minor: int
    capturable_minor: int

    @classmethod
    def of(cls, payment: Payment) -> TaskResult:
        """The result of a task that left the payment like this."""
        return cls(
            outcome=_OUTCOMES.get(payment.status, "approved"),
            status=payment.status,
            version=payment.version,
            answer=payment.answer,
            answered_at=payment.answered_at,
            failure_code=payment.failure_code,
            captured_minor=payment.captured_minor,
            refundable_minor=payment.refundable_minor,
            capturable_minor=payment.capturable_minor,
        )

    def write(self) -> dict[str, Any]:
        """As the state machine carries it."""
        return {
            "outcome": self.outcome,
            "status": self.status.value,
            "version": self.version,
            "answer": None if self.answer is None else astuple(self.answer),
            "answeredAt": self.answered_at,
            "failureCode": self.failure_code,
            "amounts": [self.captured_minor, self.refundable_minor, self.capturable_minor],
        }

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> TaskResult:
        """The reverse of ``write``."""
        answer = given["answer"]
        captured, refundable, capturable = given["amounts"]
        return cls(
            outcome=given["outcome"],
            status=Status(given["status"]),
            version=given["version"],
            answer=None if answer is None else NetworkAnswer(*answer),
            answered_at=given["answeredAt"],
            failure_code=given["failureCode"],
            captured_minor=captured,
            refundable_minor=refundable,
            capturable_minor=capturable,
        )

    def applied_to(self, payment: Payment) -> Payment:
        """The payment that the merchant is answered with."""
        return replace(
            payment,
            status=self.status,
            version=self.version,
            answer=self.answer,
            answered_at=self.answered_at,
            failure_code=self.failure_code,
            captured_minor=self.captured_minor,
            refundable_minor=self.refundable_minor,
            capturable_minor=self.capturable_minor,
        )


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
            sid=store.sid,
            trans_id=intent.trans_id,
            refused=store.risk.refuse(intent.amount, intent.first6),
            routes=len(routes_for(intent.brand, store.routes)),
            sealed_secrets=sealed_secrets,
            deadline=self.clock.now() + WORKFLOW_S,
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

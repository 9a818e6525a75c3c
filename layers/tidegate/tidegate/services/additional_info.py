"""PUT: a merchant's own page tells what the payer's browser has done for his authentication."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.authentication import CHALLENGE, BrowserInfo
from tidegate.domain.errors import WrongStatus
from tidegate.domain.payment import IdempotencyRecord, Payment, require_intent
from tidegate.domain.transitions import Operation, Status
from tidegate.ports import PaymentStore
from tidegate.services.authenticate_payer import AuthenticatePayer
from tidegate.services.commands import AdditionalInfo
from tidegate.services.idempotency import claim, first_use


@dataclass(frozen=True, slots=True)
class SubmitAdditionalInfo:
    """The use case, over its ports."""

    payments: PaymentStore
    authenticate: AuthenticatePayer

    def __call__(
        self,
        sid: str,
        trans_id: str,
        intents: frozenset[Operation],
        info: AdditionalInfo,
        idempotency: IdempotencyRecord | None = None,
    ) -> Payment:
        """The payment after this step, or as it stands where the step was taken before under the
        same Idempotency-Key.

        Raises TransactionUnknown, FieldMismatch, and WrongStatus for a payment that waits for
        nothing of the kind.
        """
        payment = require_intent(self.payments.get(sid, trans_id), intents)
        repeated = first_use(self.payments, idempotency) is not None
        try:
            _check_waiting(payment, info)
        except WrongStatus:
            if repeated:
                return payment
            raise
        if not repeated:
            claim(self.payments, idempotency)
        # Whoever repeats a step that was cut short takes it: the second of two finds the first's
        # result.
        return self._step(payment, info)

    def _step(self, payment: Payment, info: AdditionalInfo) -> Payment:
        known = payment.authentication
        if info.finished and known is not None and known.status:
            return self.authenticate.finish(payment, None)
        completed = info.method_completed or "U"
        browser = info.browser or BrowserInfo()
        return self.authenticate.submit(payment, browser, completed, None).payment


def _check_waiting(payment: Payment, info: AdditionalInfo) -> None:
    known = payment.authentication
    if payment.status is not Status.VERIFYING or known is None:
        raise WrongStatus("the payment waits for no authentication")
    if known.status == CHALLENGE and not info.finished:
        raise WrongStatus("the challenge is not finished")

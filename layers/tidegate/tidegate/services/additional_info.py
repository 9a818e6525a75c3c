"""PUT: a merchant's own page tells what the payer's browser has done for his authentication."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.authentication import CHALLENGE, BrowserInfo
from tidegate.domain.errors import WrongStatus
from tidegate.domain.payment import Payment, require_intent
from tidegate.domain.transitions import Operation, Status
from tidegate.ports import PaymentStore
from tidegate.services.authenticate_payer import AuthenticatePayer
from tidegate.services.commands import AdditionalInfo


@dataclass(frozen=True, slots=True)
class SubmitAdditionalInfo:
    """The use case, over its ports."""

    payments: PaymentStore
    authenticate: AuthenticatePayer

    def __call__(
        self, sid: str, trans_id: str, intents: frozenset[Operation], info: AdditionalInfo
    ) -> Payment:
        """The payment after this step. Raises TransactionUnknown, and WrongStatus for a payment
        that waits for nothing of the kind."""
        payment = require_intent(self.payments.get(sid, trans_id), intents)
        known = payment.authentication
        if payment.status is not Status.VERIFYING or known is None:
            raise WrongStatus("the payment waits for no authentication")
        if info.finished and known.status:
            return self.authenticate.finish(payment, None)
        if known.status == CHALLENGE:
            raise WrongStatus("the challenge is not finished")
        completed = info.method_completed or "U"
        browser = info.browser or BrowserInfo()
        return self.authenticate.submit(payment, browser, completed, None).payment

"""The workflow's first step that leaves the house: ask the network, write down what it said."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.declines import decline_code
from tidegate.domain.errors import NotSent, StaleVersion, Unanswered
from tidegate.domain.legs import local_time, open_leg
from tidegate.domain.message import AuthorizationRequest, NetworkAnswer
from tidegate.domain.payment import Payment, require_payment
from tidegate.domain.routing import routes_for
from tidegate.domain.store import Store
from tidegate.domain.transitions import Status
from tidegate.ports import Clock, Networks, PaymentStore, Sequences, StoreDirectory, Vault
from tidegate.services.card_seal import unseal_card
from tidegate.services.limits import ATTEMPT_S
from tidegate.services.outcomes import approved, declined, to_be_reversed
from tidegate.services.task_result import TaskResult


@dataclass(frozen=True, slots=True)
class AuthorizePayment:
    """The use case, over its ports."""

    payments: PaymentStore
    stores: StoreDirectory
    sequences: Sequences
    vault: Vault
    networks: Networks
    clock: Clock

    def __call__(
        self, sid: str, trans_id: str, *, route: int, sealed_cvc: str | None, deadline: float
    ) -> TaskResult:
        """Send the 0100 of the intent. Raises NotSent if nothing reached the host: another route
        may try."""
        store = self.stores.get(sid)
        payment = require_payment(self.payments.get(sid, trans_id))
        if payment.status is not Status.PENDING:  # somebody took the intent away from us
            return TaskResult.of(payment)
        timeout_s = min(ATTEMPT_S, deadline - self.clock.now())
        if timeout_s <= 0:
            raise NotSent("the workflow's deadline has passed")
        if route > 0:
            payment = self._rerouted(store, payment, route)
        try:
            answer = self._ask(store, payment, sealed_cvc, timeout_s)
        except Unanswered:
            return self._write(payment, self._unknown(payment))
        now = int(self.clock.now())
        if answer.approved:
            return self._write(payment, approved(store, payment, answer, now))
        code = decline_code(answer.response_code)
        return self._write(payment, declined(payment, code, now, answer))

    def _ask(
        self, store: Store, payment: Payment, sealed_cvc: str | None, timeout_s: float
    ) -> NetworkAnswer:
        request = AuthorizationRequest(
            identity=payment.leg.identity,
            kind="purchase",
            amount=payment.amount,
            card=unseal_card(
                self.vault, payment.sid, payment.trans_id, payment.sealed_card, sealed_cvc
            ),
            acceptor=store.acceptor,
            local_time=local_time(payment.created_at, store.time_zone),
        )
        return self.networks[payment.leg.network].authorize(request, timeout_s=timeout_s)

    def _rerouted(self, store: Store, payment: Payment, route: int) -> Payment:
        """A new attempt is a new message: written down before it is sent, like the first."""
        chosen = routes_for(payment.brand, store.routes)[route]
        sequence = self.sequences.next(chosen.network, chosen.acquirer_id)
        leg = open_leg(chosen, store.terminal_id, sequence, self.clock.now())
        after = payment.touched(leg=leg)
        self.payments.update(payment, after)
        return after

    def _unknown(self, payment: Payment) -> Payment:
        sequence = self.sequences.next(payment.leg.network, payment.leg.acquirer_id)
        return to_be_reversed(payment, sequence, self.clock.now())

    def _write(self, before: Payment, after: Payment) -> TaskResult:
        """A late answer never revives an intent that was taken away and is being reversed."""
        try:
            self.payments.update(before, after)
        except StaleVersion:
            return TaskResult.of(require_payment(self.payments.get(before.sid, before.trans_id)))
        return TaskResult.of(after)

"""The workflow's first step that leaves the house: ask the network, write down what it said."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.errors import NotSent, StaleVersion, Unanswered
from tidegate.domain.legs import open_leg, open_wallet_leg
from tidegate.domain.payment import Payment, require_payment
from tidegate.domain.routing import routes_for
from tidegate.domain.store import Store
from tidegate.domain.transitions import Status
from tidegate.ports import Clock, Ids, PaymentStore, Sequences, StoreDirectory
from tidegate.services.conversations import Conversations
from tidegate.services.limits import ATTEMPT_S
from tidegate.services.outcomes import concluded, stepped_up, to_be_reversed
from tidegate.services.workflow import TaskResult


@dataclass(frozen=True, slots=True)
class AuthorizePayment:
    """The use case, over its ports."""

    payments: PaymentStore
    stores: StoreDirectory
    sequences: Sequences
    conversations: Conversations
    clock: Clock
    ids: Ids

    def __call__(
        self, sid: str, trans_id: str, *, route: int, sealed_secrets: str | None, deadline: float
    ) -> TaskResult:
        """Send the intent. Raises NotSent if nothing left us: another route may try."""
        store = self.stores.get(sid)
        payment = require_payment(self.payments.get(sid, trans_id))
        if payment.status is not Status.PENDING:  # somebody took the intent away from us
            return TaskResult.of(payment)
        timeout_s = min(ATTEMPT_S, deadline - self.clock.now())
        if timeout_s <= 0:
            raise NotSent("the workflow's deadline has passed")
        if route > 0:
            payment = self._rerouted(store, payment, route)
        talk = self.conversations[payment.method]
        try:
            reply = talk.authorize(store, payment, sealed_secrets, timeout_s=timeout_s)
        except Unanswered:
            return self._write(payment, self._unknown(payment))
        now = int(self.clock.now())
        if reply.answer.wants_authentication and payment.step_up is not None:
            after = stepped_up(payment, reply.answer, self.ids.server_trans_id(), now)
            return self._write(payment, after)
        return self._write(payment, concluded(store, payment, reply, now))

    def _rerouted(self, store: Store, payment: Payment, route: int) -> Payment:
        """A new attempt is a new message: written down before it is sent, like the first."""
        chosen = routes_for(payment.brand, store.routes)[route]
        if payment.method == "card":
            sequence = self.sequences.next(chosen.network, chosen.acquirer_id)
            leg = open_leg(chosen, store.terminal_id, sequence, self.clock.now())
        else:
            leg = open_wallet_leg(chosen, store.terminal_id, self.clock.now())
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

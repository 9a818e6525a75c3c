"""EMV 3-D Secure, the platform being the 3DS Server: from the first look at the browser to the
authorization that carries the proof.

What only the browser holds while the cardholder is away (the sealed CVC) goes with it and comes
back; the table never sees it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace

from tidegate.domain.authentication import (
    CHALLENGE,
    Authentication,
    AuthenticationAnswer,
    AuthenticationRequest,
    BrowserInfo,
)
from tidegate.domain.errors import (
    NotSent,
    StaleVersion,
    TransactionUnknown,
    Unanswered,
    WrongStatus,
)
from tidegate.domain.legs import open_leg
from tidegate.domain.payment import Payment, require_payment
from tidegate.domain.routing import Route
from tidegate.domain.store import Store
from tidegate.domain.transitions import Operation, Outcome, Status
from tidegate.ports import Clock, PaymentStore, Sequences, StoreDirectory, Vault
from tidegate.ports_authentication import DirectoryServers
from tidegate.services.card_seal import unseal_card
from tidegate.services.limits import DIRECTORY_S, INTENT_S
from tidegate.services.outcomes import authentication_failed
from tidegate.services.payer_action import PayerAction, Step, read_ticket
from tidegate.services.workflow import Proceed

UNAVAILABLE = AuthenticationAnswer("U", "", "", "", reason="unavailable")


@dataclass(frozen=True, slots=True)
class AuthenticatePayer:
    """The use case, over its ports."""

    payments: PaymentStore
    stores: StoreDirectory
    sequences: Sequences
    vault: Vault
    directory: DirectoryServers
    proceed: Proceed
    clock: Clock
    action: PayerAction

    def begin(
        self,
        store: Store,
        payment: Payment,
        sealed_secrets: str | None,
        browser: BrowserInfo | None,
    ) -> Step:
        """The first step of a payment that was just written down as Verifying."""
        authentication = _of(payment)
        if authentication.mode == "threeDSPage":
            return Step(payment, self.action(payment, sealed_secrets))
        method_url = self.method_url(payment)
        if method_url:
            payment = self._kept(payment, replace(authentication, method_url=method_url))
            return Step(payment, self.action(payment))
        return self._asked(store, payment, browser or BrowserInfo(), "U", sealed_secrets)

    def find(self, ticket: str) -> Payment:
        """The payment of a ticket; raises TransactionUnknown."""
        return self._known_by(ticket, lambda one: _of(one).server_trans_id)

    def find_for_results(self, ticket: str) -> Payment:
        """The payment of the ticket that only the directory server was given; raises
        TransactionUnknown."""
        return self._known_by(ticket, self._results_secret)

    def _known_by(self, ticket: str, secret_of: Callable[[Payment], str]) -> Payment:
        sid, trans_id, secret = read_ticket(ticket)
        payment = require_payment(self.payments.get(sid, trans_id))
        known = secret_of(payment) if payment.authentication else ""
        if not known or not hmac.compare_digest(known.encode(), secret.encode()):
            raise TransactionUnknown
        return payment

    def _results_secret(self, payment: Payment) -> str:
        """Follows from the transaction's id, which the cardholder's browser gets to know too, by
        a key that never leaves us: he cannot say by himself how his challenge ended."""
        context = f"3ds-results/{payment.sid}/{payment.trans_id}"
        return self.vault.fingerprint(_of(payment).server_trans_id.encode(), context)

    def submit(
        self,
        payment: Payment,
        browser: BrowserInfo,
        method_completed: str,
        sealed_secrets: str | None,
    ) -> Step:
        """The browser is known: ask the directory server. A second submission finds the first
        one's result. Raises WrongStatus when nothing waits for this."""
        authentication = _of(payment)
        if payment.status is not Status.VERIFYING or authentication.status == CHALLENGE:
            return Step(payment)
        store = self.stores.get(payment.sid)
        return self._asked(store, payment, browser, method_completed, sealed_secrets)

    def result(self, payment: Payment, answer: AuthenticationAnswer) -> Payment:
        """The final result of a challenge, from the directory server. Raises WrongStatus."""
        authentication = _of(payment)
        if payment.status is not Status.VERIFYING or authentication.status != CHALLENGE:
            raise WrongStatus("no challenge is open")
        known = {
            "ds_trans_id": answer.ds_trans_id or authentication.ds_trans_id,
            "acs_trans_id": answer.acs_trans_id or authentication.acs_trans_id,
        }
        if known["acs_trans_id"] != authentication.acs_trans_id:
            raise TransactionUnknown
        answered = authentication.answered(payment.brand, replace(answer, **known))
        return self._kept(payment, answered)

    def finish(self, payment: Payment, sealed_secrets: str | None) -> Payment:
        """The cardholder is back: go on with what the directory server said of him. Raises
        WrongStatus when nothing waits for this."""
        if payment.status is not Status.VERIFYING:
            return payment
        authentication = _of(payment)
        if authentication.succeeded:
            return self._resume(payment, authentication, sealed_secrets)
        return self._fail(payment, authentication)  # refused, or he left without an answer

    def _asked(
        self,
        store: Store,
        payment: Payment,
        browser: BrowserInfo,
        method_completed: str,
        sealed_secrets: str | None,
    ) -> Step:
        answer = self._ask(store, payment, browser, method_completed)
        authentication = _of(payment).answered(payment.brand, answer)
        if authentication.status == CHALLENGE:
            payment = self._kept(payment, authentication)
            return Step(payment, self.action(payment, sealed_secrets))
        if authentication.succeeded:
            return Step(self._resume(payment, authentication, sealed_secrets))
        return Step(self._fail(payment, authentication))

    def _ask(
        self, store: Store, payment: Payment, browser: BrowserInfo, method_completed: str
    ) -> AuthenticationAnswer:
        page = self.action.page(payment)
        request = AuthenticationRequest(
            server_trans_id=_of(payment).server_trans_id,
            brand=payment.brand,
            card=unseal_card(self.vault, payment.sid, payment.trans_id, payment.sealed_card),
            amount=payment.amount,
            acceptor=store.acceptor,
            acquirer_id=payment.leg.acquirer_id,
            browser=browser,
            method_completed=method_completed,  # type: ignore[arg-type]
            notification_url=f"{page}/result",
            results_url=f"{self.action.address(payment, self._results_secret(payment))}/results",
            purchase_at=payment.created_at,
            without_payment=payment.amount.minor == 0,
        )
        try:
            return self.directory.authenticate(request, timeout_s=DIRECTORY_S)
        except (NotSent, Unanswered):
            return UNAVAILABLE

    def method_url(self, payment: Payment) -> str | None:
        """Of the issuer's 3DS method; None where it has none or was not found in time."""
        card = unseal_card(self.vault, payment.sid, payment.trans_id, payment.sealed_card)
        try:
            return self.directory.method_url(payment.brand, card.pan, timeout_s=DIRECTORY_S)
        except (NotSent, Unanswered):
            return None

    def _resume(
        self, payment: Payment, authentication: Authentication, sealed_secrets: str | None
    ) -> Payment:
        """Authenticated: authorize, under a new message; or be done where no more was asked."""
        now = self.clock.now()
        store = self.stores.get(payment.sid)
        if payment.intent is Operation.IDENTIFY:
            after = payment.step(
                Operation.IDENTIFY, Outcome.APPROVED, authentication=authentication, due_at=None
            )
            minor = payment.amount.minor
            return self._write(
                payment,
                after.recorded(
                    Operation.IDENTIFY, Outcome.APPROVED, at=int(now), amount_minor=minor
                ),
            )
        route = Route(payment.leg.network, payment.leg.acquirer_id)
        sequence = self.sequences.next(route.network, route.acquirer_id)
        leg = open_leg(route, payment.leg.terminal_id, sequence, now)
        after = payment.step(
            Operation.AUTHENTICATE,
            Outcome.APPROVED,
            authentication=authentication,
            leg=leg,
            answer=None,
            answered_at=None,
            due_at=int(now) + INTENT_S,
        )
        written = self._write(payment, after)
        return self.proceed(store, written, sealed_secrets) if written is after else written

    def _fail(self, payment: Payment, authentication: Authentication) -> Payment:
        after = authentication_failed(payment, int(self.clock.now()), authentication)
        return self._write(payment, after)

    def _kept(self, payment: Payment, authentication: Authentication) -> Payment:
        return self._write(payment, payment.touched(authentication=authentication))

    def _write(self, before: Payment, after: Payment) -> Payment:
        """``after``, or what somebody else made of the payment meanwhile."""
        try:
            self.payments.update(before, after)
        except StaleVersion:
            return require_payment(self.payments.get(before.sid, before.trans_id))
        return after


def _of(payment: Payment) -> Authentication:
    assert payment.authentication is not None
    return payment.authentication

"""Payments by card, in ISO 8583 terms: a 0100, its reversal 0400, a refund as a 0100 of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tidegate.domain.errors import NotSent, Unanswered
from tidegate.domain.legs import local_time, transmission_time
from tidegate.domain.message import (
    AuthorizationRequest,
    CardholderProof,
    Kind,
    NetworkAnswer,
    ReversalRequest,
)
from tidegate.domain.money import Money
from tidegate.domain.payment import Leg, Payment, PaymentOperation, Reversal
from tidegate.domain.store import Store
from tidegate.domain.transitions import Operation
from tidegate.ports import Clock, Networks, Vault
from tidegate.services.card_seal import Secrets, unseal_card, unseal_secrets
from tidegate.services.conversations import Reply

TAKEN_BACK = NetworkAnswer("", outcome="declined")
"""The network acknowledged the reversal of a refund: no money was given back."""


@dataclass(frozen=True, slots=True)
class CardConversation:
    """``Conversation`` over the card networks."""

    networks: Networks
    vault: Vault
    clock: Clock

    def authorize(
        self, store: Store, payment: Payment, sealed_secrets: str | None, *, timeout_s: float
    ) -> Reply:
        secrets = unseal_secrets(self.vault, payment.sid, payment.trans_id, sealed_secrets)
        request = AuthorizationRequest(
            identity=payment.leg.identity,
            kind=_kind(payment),
            amount=payment.amount,
            card=unseal_card(
                self.vault, payment.sid, payment.trans_id, payment.sealed_card, secrets.cvc
            ),
            acceptor=store.acceptor,
            local_time=local_time(payment.created_at, store.time_zone),
            scheme_reference=payment.original_reference,
            proof=_proof(payment, secrets),
            stored=payment.stored,
        )
        network = self.networks[payment.leg.network]
        return Reply(network.authorize(request, timeout_s=timeout_s))

    def inquire(self, payment: Payment, *, timeout_s: float) -> Reply:
        """Never needed: a card network answers at once, or its answer is unknown for good."""
        raise Unanswered

    def take_back(
        self, store: Store, payment: Payment, reversal: Reversal, *, timeout_s: float
    ) -> bool:
        return self._reverse(store, payment, payment.leg, reversal, _kind(payment), timeout_s)

    def refund(
        self, store: Store, payment: Payment, refund: PaymentOperation, *, timeout_s: float
    ) -> NetworkAnswer:
        assert refund.leg is not None
        request = AuthorizationRequest(
            identity=refund.leg.identity,
            kind="refund",
            amount=refund.amount,
            card=unseal_card(self.vault, payment.sid, payment.trans_id, payment.sealed_card),
            acceptor=store.acceptor,
            local_time=local_time(refund.created_at, store.time_zone),
            scheme_reference=payment.answer.scheme_reference if payment.answer else None,
        )
        return self.networks[refund.leg.network].authorize(request, timeout_s=timeout_s)

    def clear_up_refund(
        self, store: Store, payment: Payment, refund: PaymentOperation, *, timeout_s: float
    ) -> NetworkAnswer | None:
        assert refund.leg is not None
        assert refund.reversal is not None
        owed = replace(payment, amount=refund.amount, answer=refund.answer)
        acknowledged = self._reverse(store, owed, refund.leg, refund.reversal, "refund", timeout_s)
        return TAKEN_BACK if acknowledged else None

    def _reverse(
        self,
        store: Store,
        payment: Payment,
        leg: Leg,
        reversal: Reversal,
        kind: Kind,
        timeout_s: float,
    ) -> bool:
        now = self.clock.now()
        sent_at = transmission_time(now) if reversal.attempts else reversal.transmitted_at
        own = replace(leg, sequence=reversal.sequence, transmitted_at=sent_at)
        remaining = reversal.remaining_minor
        answer = payment.answer
        request = ReversalRequest(
            identity=own.identity,
            original=leg.identity,
            kind=kind,
            amount=payment.amount,
            card=unseal_card(self.vault, payment.sid, payment.trans_id, payment.sealed_card),
            acceptor=store.acceptor,
            local_time=local_time(now, store.time_zone),
            repeat=reversal.attempts > 0,
            remaining=Money(remaining, payment.amount.currency) if remaining else None,
            authorization_code=answer.authorization_code if answer else None,
            scheme_reference=answer.scheme_reference if answer else None,
        )
        try:
            return self.networks[leg.network].reverse(request, timeout_s=timeout_s).approved
        except (NotSent, Unanswered):
            return False


def _kind(payment: Payment) -> Kind:
    return "payout" if payment.intent is Operation.PAYOUT else "purchase"


def _proof(payment: Payment, secrets: Secrets) -> CardholderProof | None:
    """3-D Secure's result, or the network token's cryptogram."""
    if secrets.cryptogram is not None:
        wallet = "MDESForMerchants" if payment.brand == "Mastercard" else None
        return CardholderProof(
            payment.proof_eci or "", secrets.cryptogram, of_token=True, wallet=wallet
        )
    return payment.authentication.proof() if payment.authentication else None

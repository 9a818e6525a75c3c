"""Payments by wallet: an order, its inquiry, its cancellation, and refunds under ids of ours."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.errors import NotSent, Unanswered
from tidegate.domain.message import NetworkAnswer
from tidegate.domain.payment import Payment, PaymentOperation, Reversal
from tidegate.domain.store import Store
from tidegate.domain.wallet import WalletAnswer, WalletOrder, WalletRefund
from tidegate.ports import Vault
from tidegate.ports_wallets import Wallets
from tidegate.services.card_seal import unseal_secrets
from tidegate.services.conversations import Reply


@dataclass(frozen=True, slots=True)
class WalletConversation:
    """``Conversation`` over the wallet networks."""

    wallets: Wallets
    vault: Vault
    notify_url: str
    """Where wallets tell what became of an order; the network's name goes behind it."""

    def authorize(
        self, store: Store, payment: Payment, sealed_secrets: str | None, *, timeout_s: float
    ) -> Reply:
        assert payment.scenario is not None
        assert payment.expires_at is not None
        secrets = unseal_secrets(self.vault, payment.sid, payment.trans_id, sealed_secrets)
        network = payment.leg.network
        order = WalletOrder(
            request_id=payment.evo_trans_id,
            amount=payment.amount,
            scenario=payment.scenario,
            acceptor=store.acceptor,
            store_id=store.sid,
            title=store.acceptor.name,
            expires_at=payment.expires_at,
            notify_url=f"{self.notify_url}/{network}/{payment.sid}/{payment.trans_id}",
            brand=payment.brand or None,
            payment_code=secrets.payment_code,
            return_url=payment.return_url,
            platform=payment.platform,
        )
        return _reply(self.wallets[network].pay(order, timeout_s=timeout_s))

    def inquire(self, payment: Payment, *, timeout_s: float) -> Reply:
        wallet = self.wallets[payment.leg.network]
        return _reply(wallet.inquire(payment.evo_trans_id, timeout_s=timeout_s))

    def take_back(
        self, store: Store, payment: Payment, reversal: Reversal, *, timeout_s: float
    ) -> bool:
        try:
            wallet = self.wallets[payment.leg.network]
            return wallet.cancel(payment.evo_trans_id, timeout_s=timeout_s)
        except (NotSent, Unanswered):
            return False

    def refund(
        self, store: Store, payment: Payment, refund: PaymentOperation, *, timeout_s: float
    ) -> NetworkAnswer:
        given = WalletRefund(
            request_id=refund.evo_trans_id,
            payment_request_id=payment.evo_trans_id,
            wallet_reference=payment.answer.scheme_reference if payment.answer else None,
            amount=refund.amount,
        )
        return self.wallets[payment.leg.network].refund(given, timeout_s=timeout_s).answer

    def clear_up_refund(
        self, store: Store, payment: Payment, refund: PaymentOperation, *, timeout_s: float
    ) -> NetworkAnswer | None:
        """A wallet can be asked; a refund that it never heard of did not happen."""
        wallet = self.wallets[payment.leg.network]
        try:
            answer = wallet.inquire_refund(refund.evo_trans_id, timeout_s=timeout_s).answer
        except (NotSent, Unanswered):
            return None
        return None if answer.pending else answer


def _reply(given: WalletAnswer) -> Reply:
    return Reply(given.answer, given.action, given.brand)

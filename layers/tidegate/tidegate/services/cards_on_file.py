"""Cards on file: made with a payment or a check, good once the network has agreed to that.

A card is written down before the network is asked, and counts for nothing until the transaction
that made it was approved. So no crash between the two can lose a card or make one of a decline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tidegate.domain.errors import (
    NetworkTokenRefused,
    NotSent,
    StaleVersion,
    TokenUnknown,
    Unanswered,
    VaultUnknown,
)
from tidegate.domain.message import Card
from tidegate.domain.payment import Payment
from tidegate.domain.store import Store
from tidegate.domain.tokens import (
    GATEWAY_PREFIX,
    NETWORK_PREFIX,
    StoredCard,
    TokenStatus,
    id_of,
)
from tidegate.domain.transitions import Status
from tidegate.ports import Clock, PaymentStore, Vault
from tidegate.ports_tokens import Provisioning, StoredCards, TokenServices
from tidegate.services.card_seal import seal_card, unseal_card
from tidegate.services.commands import KeepCard

PROVISION_S = 5.0
APPROVED = frozenset(
    {
        Status.VERIFIED,
        Status.AUTHORISED,
        Status.CAPTURED,
        Status.PARTIAL_REFUNDED,
        Status.REFUNDED,
        Status.CANCELLING,
        Status.CANCELLED,
    }
)


@dataclass(frozen=True, slots=True)
class CardsOnFile:
    """The use cases around one card, over their ports."""

    payments: PaymentStore
    cards: StoredCards
    vault: Vault
    token_services: TokenServices
    clock: Clock

    def usable(self, sid: str, value: str, *kinds: str, field: str) -> StoredCard:
        """The enabled card behind a token of one of these kinds; raises TokenUnknown."""
        card = self.known(sid, value, *kinds, field=field)
        if card.status is not TokenStatus.ENABLED:
            raise TokenUnknown("the token is disabled", field=field)
        return card

    def known(self, sid: str, value: str, *kinds: str, field: str) -> StoredCard:
        """The card behind a token that exists, enabled or not. ``kinds`` are prefixes: the id of
        a network token buys nothing, a gateway token has no cryptogram. Raises TokenUnknown."""
        card_id = id_of(value) if value.startswith(kinds) else None
        card = self.cards.get(sid, card_id) if card_id else None
        if card is None or card.deleted:
            raise TokenUnknown(field=field)
        if value.startswith(GATEWAY_PREFIX) and not card.gateway:
            raise TokenUnknown(field=field)
        if value.startswith(NETWORK_PREFIX) and card.network_token_id is None:
            raise TokenUnknown(field=field)
        return card if card.proven else self._proven_late(card, field)

    def open(self, card: StoredCard, cvc: str | None = None) -> Card:
        """The card in clear."""
        return unseal_card(self.vault, card.sid, f"card/{card.id}", card.sealed_card, cvc)

    def make(self, store: Store, keep: KeepCard, card: Card, intent: Payment) -> StoredCard:
        """Write the intent's card down, not proven yet. Raises VaultUnknown."""
        if keep.vault_id not in {None, store.vault_id}:
            raise VaultUnknown(field="paymentMethod.card.vaultID")
        assert intent.stored_card is not None
        now = int(self.clock.now())
        made = StoredCard(
            sid=store.sid,
            id=intent.stored_card,
            version=1,
            vault_id=store.vault_id,
            user_reference=keep.user_reference,
            brand=intent.brand,
            first6=intent.first6,
            last4=intent.last4,
            fingerprint=self.vault.fingerprint(card.pan.encode(), store.sid),
            sealed_card=seal_card(self.vault, store.sid, f"card/{intent.stored_card}", card),
            created_at=now,
            updated_at=now,
            made_by=intent.trans_id,
            gateway=keep.gateway_token,
            holder_name=keep.holder_name,
            account=intent.account,
            network_wanted=keep.network_token,
            email=keep.email,
            locale=keep.locale,
        )
        self.cards.put(made)
        return made

    def after(self, store: Store, payment: Payment) -> StoredCard | None:
        """The card that a transaction was to keep, as it stands now that it has an outcome."""
        if payment.stored_card is None or not payment.stores_card:
            return None
        card = self.cards.get(payment.sid, payment.stored_card)
        if card is None or card.deleted or payment.status not in APPROVED:
            return None
        if not card.proven:
            card = self._update(card, **_proof_of(payment))
        return self._with_network_token(store, card) if card.network_wanted else card

    def _proven_late(self, card: StoredCard, field: str) -> StoredCard:
        """Whoever made it died before saying so: its transaction tells."""
        made_by = self.payments.get(card.sid, card.made_by)
        if not isinstance(made_by, Payment) or made_by.status not in APPROVED:
            raise TokenUnknown(field=field)
        if made_by.stored_card != card.id:  # written by a request whose id was taken
            raise TokenUnknown(field=field)
        return self._update(card, **_proof_of(made_by))

    def _with_network_token(self, store: Store, card: StoredCard) -> StoredCard:
        """Made where the scheme makes one; a card without it is as good as before."""
        given = Provisioning(
            card.brand,
            self.open(card),
            store.acceptor.id,
            card.user_reference,
            card.email,
            card.locale,
        )
        try:
            made = self.token_services.provision(given, timeout_s=PROVISION_S)
        except NetworkTokenRefused:
            return self._update(card, network_wanted=False)
        except (NotSent, Unanswered):
            return card  # still wanted: the next look at the card tries again
        return self._update(
            card,
            network_wanted=False,
            network_reference=made.reference,
            sealed_network_token=seal_card(
                self.vault, card.sid, f"network-token/{card.id}", made.token
            ),
            network_first6=made.token.pan[:6],
            network_last4=made.token.pan[-4:],
            network_expiry=made.token.expiry,
            account_reference=made.account_reference,
            art_uri=made.art_uri,
            network_status=made.status,
        )

    def _update(self, card: StoredCard, **changes: object) -> StoredCard:
        after = card.changed(int(self.clock.now()), **changes)
        try:
            self.cards.update(card, after)
        except StaleVersion:
            return self.cards.get(card.sid, card.id) or card
        return after


def network_token_of(vault: Vault, card: StoredCard) -> Card:
    """The network token in clear."""
    assert card.sealed_network_token is not None
    return unseal_card(vault, card.sid, f"network-token/{card.id}", card.sealed_network_token)


def _proof_of(payment: Payment) -> dict[str, object]:
    reference = payment.answer.scheme_reference if payment.answer else None
    return {"proven": True, "scheme_reference": reference}


def with_expiry(card: Card, expiry: str) -> Card:
    """The same card, renewed."""
    return replace(card, expiry=expiry)

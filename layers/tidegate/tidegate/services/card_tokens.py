"""What a merchant does with tokens: look them up, change them, end them, use their cryptograms."""

from __future__ import annotations

from dataclasses import dataclass, field

from tidegate.domain.errors import (
    DuplicateTransaction,
    FieldMismatch,
    NotSent,
    StaleVersion,
    TokenUnknown,
    Unanswered,
    UserUnknown,
)
from tidegate.domain.legs import open_wallet_leg
from tidegate.domain.money import Money
from tidegate.domain.payment import IdempotencyRecord, Payment, require_intent, require_payment
from tidegate.domain.routing import routes_for
from tidegate.domain.store import Store
from tidegate.domain.tokens import (
    GATEWAY_PREFIX,
    NETWORK_PREFIX,
    NO_NETWORK_TOKEN,
    StoredCard,
    TokenCryptogram,
    TokenStatus,
)
from tidegate.domain.transitions import Operation, Outcome, Status
from tidegate.ports import Clock, Ids, PaymentStore, StoreDirectory, Vault
from tidegate.ports_tokens import StoredCards, TokenServices
from tidegate.services.card_seal import seal_card
from tidegate.services.cards_on_file import PROVISION_S, CardsOnFile, network_token_of, with_expiry
from tidegate.services.commands import MakeCryptogram
from tidegate.services.idempotency import claim, first_use, replayed
from tidegate.services.limits import CONFLICT_TRIES

TOKENIZATIONS = frozenset({Operation.TOKENIZE})
CRYPTOGRAMS = frozenset({Operation.CRYPTOGRAM})


@dataclass(frozen=True, slots=True)
class Tokenization:
    """A card's check, and the card where it came to one."""

    payment: Payment
    card: StoredCard | None
    network_number: str | None = field(default=None, repr=False)
    """The network token's number, for the merchant alone."""


@dataclass(frozen=True, slots=True)
class CardChange:
    """PUT paymentMethod: what is to be different; None leaves it."""

    expiry: str | None = None
    """YYMM."""
    status: TokenStatus | None = None
    metadata: str | None = None
    email: str | None = None
    locale: str | None = None
    user_reference: str | None = None
    """Whose token it is meant to be; it cannot be given to somebody else."""


@dataclass(frozen=True, slots=True)
class Cryptogram:
    """A cryptogram, and the token that it is good with."""

    payment: Payment
    card: StoredCard
    value: str = field(repr=False)
    eci: str
    network_number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CardTokens:
    """The use cases, over their ports."""

    payments: PaymentStore
    stores: StoreDirectory
    cards: StoredCards
    on_file: CardsOnFile
    token_services: TokenServices
    vault: Vault
    clock: Clock
    ids: Ids

    def tokenization(self, sid: str, trans_id: str) -> Tokenization:
        """By its merchantTransID, or that of a payment that makes a token of its card; raises
        TransactionUnknown."""
        payment = require_payment(self.payments.get(sid, trans_id))
        if not (payment.stores_card and payment.gateway_token):
            require_intent(payment, TOKENIZATIONS)
        return self.outcome(payment)

    def outcome(self, payment: Payment) -> Tokenization:
        """What a tokenization came to, as far as it is known."""
        card = self.on_file.after(self.stores.get(payment.sid), payment)
        if card is None or card.network_token_id is None:
            return Tokenization(payment, card)
        return Tokenization(payment, card, network_token_of(self.vault, card).pan)

    def of_token(self, sid: str, token: str) -> StoredCard:
        """By its gateway token, enabled or not; raises TokenUnknown."""
        return self.on_file.known(sid, token, GATEWAY_PREFIX, field="token")

    def of_user(self, sid: str, user_reference: str) -> list[StoredCard]:
        """The customer's tokens, oldest first; raises UserUnknown where there is none."""
        found = [
            card
            for card in self.cards.of_user(sid, user_reference)
            if card.proven and not card.deleted and (card.gateway or card.network_token_id)
        ]
        if not found:
            raise UserUnknown(field="userReference")
        return found

    def change(
        self,
        sid: str,
        token: str,
        change: CardChange,
        idempotency: IdempotencyRecord | None = None,
    ) -> StoredCard:
        """Renew, disable, enable or describe a card; a repeated request changes nothing more.

        Raises TokenUnknown, FieldMismatch (another customer's reference, or a key that was used
        for something else), StaleVersion.
        """
        if first_use(self.payments, idempotency) is not None:
            return self.of_token(sid, token)
        for _ in range(CONFLICT_TRIES):
            card = self.of_token(sid, token)
            after = self._changed(card, change)
            try:
                self.cards.update(card, after)
            except StaleVersion:
                continue
            # Afterwards: a request that is cut short here is carried out by its repetition.
            claim(self.payments, idempotency)
            return after
        raise StaleVersion("too many changes at once")

    def _changed(self, card: StoredCard, change: CardChange) -> StoredCard:
        if change.user_reference not in {None, card.user_reference}:
            raise FieldMismatch("the token is another customer's", field="userInfo.reference")
        given = {"metadata": change.metadata, "email": change.email, "locale": change.locale}
        changes: dict[str, object] = {name: text for name, text in given.items() if text}
        if change.expiry is not None:
            renewed = with_expiry(self.on_file.open(card), change.expiry)
            changes["sealed_card"] = seal_card(self.vault, card.sid, f"card/{card.id}", renewed)
        if change.status is not None:
            changes |= {"status": change.status, "network_status": change.status}
            self._tell(card, enabled=change.status is TokenStatus.ENABLED)
        return card.changed(int(self.clock.now()), **changes)

    def delete(
        self,
        sid: str,
        token: str,
        idempotency: IdempotencyRecord | None = None,
        *,
        network_only: bool = False,
    ) -> None:
        """End a gateway token with all that belongs to it, or a network token alone, for good.

        Raises TokenUnknown for one that is gone already, unless this very request ended it.
        """
        repeated = first_use(self.payments, idempotency) is not None
        for _ in range(CONFLICT_TRIES):
            try:
                card = self._known(sid, token, network_only=network_only)
            except TokenUnknown:
                if repeated:
                    return
                raise
            # Beforehand: the repetition of a request that is cut short finds no token any more.
            claim(self.payments, idempotency)
            if card.network_reference is not None:
                self.token_services.delete(
                    card.brand, card.network_reference, timeout_s=PROVISION_S
                )
            left = network_only and card.gateway
            ended = NO_NETWORK_TOKEN if left else {"deleted": True}
            try:
                self.cards.update(card, card.changed(int(self.clock.now()), **ended))
            except StaleVersion:
                continue
            return
        raise StaleVersion("too many changes at once")

    def _known(self, sid: str, token: str, *, network_only: bool) -> StoredCard:
        if network_only:
            return self.on_file.known(sid, token, NETWORK_PREFIX, field="networkTokenID")
        return self.of_token(sid, token)

    def cryptogram(
        self,
        store: Store,
        command: MakeCryptogram,
        idempotency: IdempotencyRecord | None = None,
    ) -> Cryptogram:
        """A fresh cryptogram, kept sealed under the request's own id, so that a query shows it
        again. Raises TokenUnknown, DuplicateTransaction, FieldMismatch, NotSent, Unanswered."""
        at = "paymentMethod.networkToken.tokenID"
        earlier = replayed(self.payments, store.sid, idempotency)
        if isinstance(earlier, Payment):
            return self.known_cryptogram(store.sid, earlier.trans_id)
        if self.payments.get(store.sid, command.trans_id) is not None:
            raise DuplicateTransaction(field="merchantTransInfo.merchantTransID")
        card = self.on_file.usable(store.sid, command.token_id, NETWORK_PREFIX, field=at)
        if card.network_reference is None or card.network_status is not TokenStatus.ENABLED:
            raise TokenUnknown(field=at)
        made = self.token_services.cryptogram(
            card.brand, card.network_reference, timeout_s=PROVISION_S
        )
        payment = self._kept(store, card, made, command)
        if self.payments.create(payment, idempotency) is not None:
            raise DuplicateTransaction(field="merchantTransInfo.merchantTransID")
        return Cryptogram(payment, card, made.value, made.eci, self._number(card))

    def known_cryptogram(self, sid: str, trans_id: str) -> Cryptogram:
        """By its merchantTransID; raises TransactionUnknown, TokenUnknown."""
        payment = require_intent(self.payments.get(sid, trans_id), CRYPTOGRAMS)
        card = self.cards.get(sid, payment.stored_card or "")
        if card is None or card.network_token_id is None:
            raise TokenUnknown("the network token has ended")
        value = self.vault.unseal(payment.sealed_card, _context(sid, trans_id)).decode()
        return Cryptogram(payment, card, value, payment.proof_eci or "", self._number(card))

    def _number(self, card: StoredCard) -> str:
        return network_token_of(self.vault, card).pan

    def _kept(
        self,
        store: Store,
        card: StoredCard,
        made: TokenCryptogram,
        command: MakeCryptogram,
    ) -> Payment:
        now = self.clock.now()
        route = routes_for(card.brand, store.routes)[0]
        intent = Payment(
            sid=store.sid,
            trans_id=command.trans_id,
            version=0,
            status=Status.PENDING,
            amount=Money(0, store.currencies[0]),
            evo_trans_id=self.ids.evo_trans_id(now),
            created_at=int(now),
            nonce=self.ids.nonce(),
            trans_time=command.trans_time,
            brand=card.brand,
            first6=card.network_first6,
            last4=card.network_last4,
            leg=open_wallet_leg(route, store.terminal_id, now),
            sealed_card=self.vault.seal(made.value.encode(), _context(store.sid, command.trans_id)),
            fee_plan=store.fee_plan.version,
            intent=Operation.CRYPTOGRAM,
            metadata=command.metadata,
            webhook=command.webhook,
            stored_card=card.id,
            proof_eci=made.eci,
        )
        done = intent.step(Operation.CRYPTOGRAM, Outcome.APPROVED)
        return done.recorded(Operation.CRYPTOGRAM, Outcome.APPROVED, at=int(now))

    def _tell(self, card: StoredCard, *, enabled: bool) -> None:
        """The scheme too, as far as it can be reached: our own status already refuses."""
        if card.network_reference is None:
            return
        try:
            self.token_services.set_enabled(
                card.brand, card.network_reference, enabled, timeout_s=PROVISION_S
            )
        except (NotSent, Unanswered):
            return


def _context(sid: str, trans_id: str) -> str:
    return f"{sid}/{trans_id}/cryptogram"

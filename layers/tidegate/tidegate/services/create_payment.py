"""Take a payment: route it, write down what will be sent, let the workflow send it, answer what
is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.domain.errors import (
    CurrencyUnsupported,
    DuplicateTransaction,
    InvalidValue,
    OperationUnsupported,
)
from tidegate.domain.legs import open_leg, open_wallet_leg
from tidegate.domain.payment import Conversion, IdempotencyRecord, Leg, Payment
from tidegate.domain.routing import Route
from tidegate.domain.store import Store
from tidegate.domain.transitions import Operation, Status
from tidegate.services.authentication_policy import Authenticating, authentication_of
from tidegate.services.card_seal import seal_card, seal_secrets
from tidegate.services.commands import CreatePayment as Command
from tidegate.services.commands import KeepCard
from tidegate.services.limits import AUTHENTICATION_LIFE_S, INTENT_S, VALID_MINUTES
from tidegate.services.means import Resolved, resolve
from tidegate.services.payer_action import Step

if TYPE_CHECKING:  # for annotations, or what most payments go without
    from tidegate.domain.tokens import StoredCard
    from tidegate.ports import CardRanges, Clock, Ids, PaymentStore, Sequences, Vault
    from tidegate.services.authenticate_payer import AuthenticatePayer
    from tidegate.services.cards_on_file import CardsOnFile
    from tidegate.services.use_quote import UseQuote
    from tidegate.services.workflow import Proceed


@dataclass(frozen=True, slots=True)
class CreatePayment:
    """The use case, over its ports."""

    payments: PaymentStore
    sequences: Sequences
    vault: Vault
    ranges: CardRanges
    cards: CardsOnFile
    use_quote: UseQuote
    authenticate: AuthenticatePayer
    proceed: Proceed
    clock: Clock
    ids: Ids

    def __call__(
        self, store: Store, command: Command, idempotency: IdempotencyRecord | None = None
    ) -> Step:
        """The payment as far as its outcome is known, still Pending where it is not; and what the
        payer has to do, where that is something that only this answer can tell.

        Raises CurrencyUnsupported, InvalidValue, CardRangeUnsupported, BrandUnsupported,
        TokenUnknown, VaultUnknown, AuthenticationRequired, AuthenticationUnsupported, RateUnknown,
        DuplicateTransaction, FieldMismatch and what ``resolve`` raises.
        """
        # Before anything that may have changed since: a quote that has expired, a token that ended.
        first = self._replayed(store, idempotency)
        if first is not None:
            return Step(first)
        if command.amount.currency not in store.currencies:
            raise CurrencyUnsupported(field="transAmount.currency")
        if command.mcc not in {None, store.acceptor.mcc}:
            raise InvalidValue("the store has no such MCC", field="storeInfo.MCC")
        means = resolve(store, command, self.cards)
        authenticating = authentication_of(store, command, means)
        intent = self._intent(store, command, means, authenticating)
        if command.keep is not None and means.card is not None:
            self.cards.make(store, command.keep, means.card, intent)
        holder = self.payments.create(intent, idempotency)
        if holder is not None:
            earlier = self._replayed(store, idempotency)
            if earlier is not None:
                return Step(earlier)
            raise DuplicateTransaction(field="merchantTransInfo.merchantTransID")
        sealed = seal_secrets(self.vault, store.sid, intent.trans_id, means.secrets)
        if intent.status is Status.VERIFYING:
            return self.authenticate.begin(store, intent, sealed, command.authenticate.browser)
        return Step(self.proceed(store, intent, sealed))

    def _replayed(self, store: Store, idempotency: IdempotencyRecord | None) -> Payment | None:
        """The payment that the request's key stands for, if it names a key that was used."""
        if idempotency is None:
            return None
        from tidegate.services.idempotency import replayed

        first = replayed(self.payments, store.sid, idempotency)
        return first if isinstance(first, Payment) else None

    def _intent(
        self, store: Store, command: Command, means: Resolved, authenticating: Authenticating
    ) -> Payment:
        """Everything that the network will be told, before it is told anything."""
        now = self.clock.now()
        route = means.routes[0]
        asked = _intent_of(store, command, means)
        wallet = means.method == "e-wallet"
        card = means.card
        return Payment(
            sid=store.sid,
            trans_id=command.trans_id,
            version=1,
            status=Status.VERIFYING if authenticating.first else Status.PENDING,
            amount=command.amount,
            evo_trans_id=self.ids.evo_trans_id(now),
            created_at=int(now),
            nonce=self.ids.nonce(),
            trans_time=command.trans_time,
            brand=means.brand,
            first6=card.pan[:6] if card else "",
            last4=card.pan[-4:] if card else "",
            leg=self._leg(store, route, now, wallet=wallet),
            sealed_card=seal_card(self.vault, store.sid, command.trans_id, card) if card else b"",
            fee_plan=store.fee_plan.version,
            intent=asked,
            capture_after_hours=_hours(store, command, asked),
            order_reference=command.order_reference,
            metadata=command.metadata,
            webhook=command.webhook,
            platform=command.platform,
            due_at=int(now) + (AUTHENTICATION_LIFE_S if authenticating.first else INTENT_S),
            method=means.method,
            scenario=means.scenario,
            expires_at=int(now) + 60 * (command.valid_minutes or VALID_MINUTES) if wallet else None,
            return_url=command.return_url,
            authentication=authenticating.started(self.ids),
            step_up=authenticating.step_up,
            network_token=means.network_token,
            account=self.ranges.account_data(card.pan) if card else None,
            proof_eci=means.proof_eci,
            stored=means.stored,
            user_reference=command.user_reference,
            conversion=self._conversion(store, command),
            order=command.order,
            payer=command.payer,
            stored_card=self._card_id(command.keep, means.stored_card),
            stores_card=command.keep is not None,
            gateway_token=command.keep.gateway_token if command.keep else means.gateway_token,
            original_reference=means.stored_card.scheme_reference if means.stored_card else None,
        )

    def _leg(self, store: Store, route: Route, now: float, *, wallet: bool) -> Leg:
        if wallet:
            return open_wallet_leg(route, store.terminal_id, now)
        sequence = self.sequences.next(route.network, route.acquirer_id)
        return open_leg(route, store.terminal_id, sequence, now)

    def _card_id(self, keep: KeepCard | None, stored: StoredCard | None) -> str | None:
        if keep is not None:
            return self.ids.secret_id()
        return stored.id if stored else None

    def _conversion(self, store: Store, command: Command) -> Conversion | None:
        if command.quote_id is None:
            return None
        quote = self.use_quote(store.sid, command.quote_id, command.amount, command.local)
        rate = quote.rate
        return Conversion(
            command.quote_id, quote.local, str(rate.value), str(rate.date), rate.source
        )


def _intent_of(store: Store, command: Command, means: Resolved) -> Operation:
    """A zero amount asks whether the card is good; hours 0 captures at once; wallets always do;
    all else authorizes."""
    if command.intent is not None:
        return command.intent
    if command.authenticate.only:
        return Operation.IDENTIFY
    if means.method == "e-wallet":
        if command.amount.minor == 0:
            raise OperationUnsupported("wallets take money only", field="transAmount.value")
        return Operation.SALE
    if command.amount.minor == 0:
        return Operation.VERIFY
    hours = command.capture_after_hours
    return (
        Operation.SALE
        if (store.capture_after_hours if hours is None else hours) == 0
        else (Operation.AUTHORIZE)
    )


def _hours(store: Store, command: Command, asked: Operation) -> int | None:
    if asked not in {Operation.AUTHORIZE, Operation.SALE}:
        return None
    hours = command.capture_after_hours
    return store.capture_after_hours if hours is None else hours

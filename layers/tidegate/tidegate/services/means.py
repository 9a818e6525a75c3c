"""From what a merchant gives to pay with to what is sent, where to, and in whose name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidegate.domain.errors import (
    BrandUnsupported,
    InapplicableValue,
    OperationUnsupported,
    PaymentCodeRejected,
)
from tidegate.domain.message import Card, StoredCredential
from tidegate.domain.routing import Route, brand_of, routes_for
from tidegate.domain.store import Store
from tidegate.services.card_seal import NO_SECRETS, Secrets
from tidegate.services.commands import (
    CreatePayment,
    PayByNetworkToken,
    PayByToken,
    PayByWallet,
)

if TYPE_CHECKING:  # what only some payments have
    from tidegate.domain.brands import MethodType
    from tidegate.domain.tokens import StoredCard
    from tidegate.domain.wallet import Scenario
    from tidegate.services.cards_on_file import CardsOnFile

WALLET_FIELD = "paymentMethod.e-wallet.paymentBrand"


@dataclass(frozen=True, slots=True)
class Resolved:
    """Everything about the means that the intent needs."""

    method: MethodType
    brand: str
    """Empty where only the wallet can tell."""
    routes: tuple[Route, ...]
    card: Card | None = field(default=None, repr=False)
    secrets: Secrets = NO_SECRETS
    scenario: Scenario | None = None
    stored_card: StoredCard | None = None
    network_token: bool = False
    proof_eci: str | None = None
    stored: StoredCredential | None = None
    gateway_token: bool = False
    """The card on file was named by its gateway token."""

    @property
    def by_merchant(self) -> bool:
        """The cardholder takes no part."""
        return self.stored in {"recurring", "unscheduled"}


def resolve(store: Store, command: CreatePayment, cards: CardsOnFile) -> Resolved:
    """Raises BrandUnsupported, CardRangeUnsupported, TokenUnknown, InapplicableValue,
    PaymentCodeRejected, OperationUnsupported."""
    means = command.means
    if isinstance(means, PayByWallet):
        return _wallet(store, means)
    if isinstance(means, PayByNetworkToken):
        return _network_token(store, means)
    if isinstance(means, PayByToken):
        return _token(store, command, means, cards)
    brand = brand_of(means.pan)
    return Resolved(
        "card",
        brand,
        routes_for(brand, store.routes),
        means,
        Secrets(cvc=means.cvc),
        stored="first" if command.keep or command.recurring else None,
    )


def _wallet(store: Store, means: PayByWallet) -> Resolved:
    from tidegate.domain.brands import brand_named, brand_of_code

    if means.brand is not None:
        brand = brand_named(means.brand, field=WALLET_FIELD)
        if brand.type != "e-wallet":
            raise InapplicableValue(f"{brand.name} is no wallet", field=WALLET_FIELD)
        routes = routes_for(brand.name, store.routes)
    else:
        code = means.payment_code or ""
        known = brand_of_code(code)
        if known is None:
            raise PaymentCodeRejected(field="paymentMethod.e-wallet.paymentCode")
        brand, routes = known, routes_for(known.name, store.routes)
    if means.scenario != "redirect" and "inStore" not in brand.scenarios:
        raise OperationUnsupported(f"{brand.name} is not paid in store", field=WALLET_FIELD)
    secrets = Secrets(payment_code=means.payment_code)
    return Resolved("e-wallet", brand.name, routes, None, secrets, means.scenario)


def _network_token(store: Store, means: PayByNetworkToken) -> Resolved:
    from tidegate.domain.brands import brand_named

    brand = brand_of(means.token.pan)
    if brand != brand_named(means.brand, field="paymentMethod.token.paymentBrand").name:
        raise InapplicableValue(
            "the token is not one of this brand", field="paymentMethod.token.paymentBrand"
        )
    return Resolved(
        "card",
        brand,
        routes_for(brand, store.routes),
        means.token,
        Secrets(cryptogram=means.cryptogram),
        network_token=True,
        proof_eci=means.eci,
    )


def _token(store: Store, command: CreatePayment, means: PayByToken, cards: CardsOnFile) -> Resolved:
    from tidegate.domain.tokens import GATEWAY_PREFIX, RECURRING_PREFIX

    field_name = "paymentMethod.token.value"
    if means.value.startswith(RECURRING_PREFIX):
        field_name = "paymentMethod.recurringReference"
    kinds = (GATEWAY_PREFIX, RECURRING_PREFIX)
    stored = cards.usable(store.sid, means.value, *kinds, field=field_name)
    card = cards.open(stored, means.cvc)
    routes = routes_for(stored.brand, store.routes)
    if not routes:
        raise BrandUnsupported(field=field_name)
    return Resolved(
        "card",
        stored.brand,
        routes,
        card,
        Secrets(cvc=means.cvc),
        stored_card=stored,
        stored=_initiated(command, means),
        gateway_token=means.value.startswith(GATEWAY_PREFIX),
    )


def _initiated(command: CreatePayment, means: PayByToken) -> StoredCredential:
    """By the cardholder, unless the merchant names an agreement under which it charges, or the
    reference that it got for one."""
    from tidegate.domain.tokens import RECURRING_PREFIX

    if command.recurring is None:
        return "unscheduled" if means.value.startswith(RECURRING_PREFIX) else "cardholder"
    return "recurring" if command.recurring == "Subscription" else "unscheduled"

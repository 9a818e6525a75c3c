"""Each kind of token is good for its own use alone (contract, sections 2.11 to 2.14)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.gateway import Gateway
from tidegate.api.evocloud import responses, responses_tokens
from tidegate.domain.errors import (
    DuplicateTransaction,
    FieldMismatch,
    TokenUnknown,
    TransactionUnknown,
)
from tidegate.domain.message import Card, NetworkAnswer
from tidegate.domain.payment import Payment
from tidegate.domain.tokens import StoredCard
from tidegate.domain.transitions import Operation
from tidegate.services.card_tokens import CardChange
from tidegate.services.commands import KeepCard, MakeCryptogram, PayByToken

SID = "S024116"
INFO = ("CRY-1", "2025-03-04T09:28:20Z")
AGREEMENT = KeepCard("cust-42", gateway_token=False, network_token=False)


def kept(gateway: Gateway, trans_id: str = "TOK-1", *, gateway_token: bool = True) -> StoredCard:
    keep = KeepCard("cust-42", "VAULT-T1", None, "mei@shop.example", "en_US", gateway_token)
    payment = gateway.pay(trans_id, 0, intent=Operation.TOKENIZE, keep=keep)
    card = gateway.card_tokens.outcome(payment).card
    assert card is not None
    return card


def network_token_id(card: StoredCard) -> str:
    assert card.network_token_id is not None
    return card.network_token_id


USES: dict[str, Callable[[Gateway, str], object]] = {
    "pay": lambda gateway, value: gateway.pay(means=PayByToken(value)),
    "look up": lambda gateway, value: gateway.card_tokens.of_token(SID, value),
    "change": lambda gateway, value: gateway.card_tokens.change(SID, value, CardChange("3101")),
    "end": lambda gateway, value: gateway.card_tokens.delete(SID, value),
}


def test_a_request_whose_id_was_taken_makes_no_token() -> None:
    gateway = Gateway()
    first = kept(gateway)
    other_card, keep = Card("4111111111111111", "4912", "321"), KeepCard("cust-42", "VAULT-T1")
    with pytest.raises(DuplicateTransaction):
        gateway.pay("TOK-1", 0, intent=Operation.TOKENIZE, keep=keep, means=other_card)
    (left,) = [card for card in gateway.stored_cards.items.values() if card.id != first.id]
    with pytest.raises(TokenUnknown):
        gateway.pay(means=PayByToken(left.token))
    assert gateway.pay(means=PayByToken(first.token)).failure_code is None


@pytest.mark.parametrize("use", USES)
def test_a_network_tokens_id_is_no_gateway_token(use: str) -> None:
    gateway = Gateway()
    card = kept(gateway, gateway_token=False)
    with pytest.raises(TokenUnknown):
        USES[use](gateway, network_token_id(card))
    assert gateway.visa.authorizations[1:] == []


def test_a_gateway_token_has_no_cryptogram_and_is_no_network_tokens_id() -> None:
    gateway = Gateway()
    card = kept(gateway)
    with pytest.raises(TokenUnknown):
        gateway.card_tokens.cryptogram(gateway.store, MakeCryptogram(*INFO, card.token))
    with pytest.raises(TokenUnknown):
        gateway.card_tokens.delete(SID, card.token, network_only=True)


def test_a_network_token_ends_alone() -> None:
    gateway = Gateway()
    card = kept(gateway)
    gateway.card_tokens.delete(SID, network_token_id(card), network_only=True)
    assert gateway.tokens.deleted == ["ref-1"]
    (shown,) = responses_tokens.cards(gateway.card_tokens.of_user(SID, "cust-42"))[
        "paymentMethodList"
    ]
    assert shown["token"]["value"] == card.token
    assert not {"networkToken", "paymentAccountReference"} & set(shown)
    assert gateway.pay(means=PayByToken(card.token)).failure_code is None
    with pytest.raises(TokenUnknown):
        gateway.card_tokens.delete(SID, network_token_id(card), network_only=True)
    # Looking at the tokenization again makes no second one.
    gateway.card_tokens.tokenization(SID, "TOK-1")
    assert len(gateway.tokens.provisioned) == 1


def test_a_cryptogram_of_a_token_that_has_ended_is_not_shown_again() -> None:
    gateway = Gateway()
    card = kept(gateway)
    command = MakeCryptogram(*INFO, network_token_id(card))
    made = gateway.card_tokens.cryptogram(gateway.store, command)
    assert gateway.card_tokens.known_cryptogram(SID, "CRY-1") == made
    gateway.card_tokens.delete(SID, network_token_id(card), network_only=True)
    with pytest.raises(TokenUnknown):
        gateway.card_tokens.known_cryptogram(SID, "CRY-1")


def test_a_gateway_token_ends_with_its_network_token() -> None:
    gateway = Gateway()
    card = kept(gateway)
    gateway.card_tokens.delete(SID, card.token)
    assert gateway.tokens.deleted == ["ref-1"]
    command = MakeCryptogram(*INFO, network_token_id(card))
    with pytest.raises(TokenUnknown):
        gateway.card_tokens.cryptogram(gateway.store, command)


def test_a_network_token_alone_is_among_its_customers_tokens() -> None:
    gateway = Gateway()
    card = kept(gateway, gateway_token=False)
    (shown,) = responses_tokens.cards(gateway.card_tokens.of_user(SID, "cust-42"))[
        "paymentMethodList"
    ]
    assert shown["networkToken"]["tokenID"] == network_token_id(card)
    assert "token" not in shown


def test_a_token_keeps_its_customer() -> None:
    gateway = Gateway()
    card = kept(gateway)
    change = CardChange(email="new@shop.example", user_reference="cust-42")
    assert gateway.card_tokens.change(SID, card.token, change).email == "new@shop.example"
    with pytest.raises(FieldMismatch):
        gateway.card_tokens.change(SID, card.token, CardChange(user_reference="cust-43"))


def shown_of(payment: Payment) -> dict[str, Any]:
    method: dict[str, Any] = responses.created(payment)["paymentMethod"]
    return {name: method[name] for name in ("token", "recurringReference") if name in method}


def test_every_token_that_a_payment_shows_can_be_charged() -> None:
    gateway = Gateway()
    agreed = gateway.pay("PAY-1", recurring="Subscription", keep=AGREEMENT)
    reference = shown_of(agreed)["recurringReference"]
    assert set(shown_of(agreed)) == {"recurringReference"}
    again = gateway.pay("PAY-2", means=PayByToken(reference), recurring="Subscription")
    assert shown_of(again) == {"recurringReference": reference}

    kept_too = gateway.pay("PAY-3", keep=KeepCard("cust-42", "VAULT-T1"))
    token = shown_of(kept_too)["token"]["value"]
    for trans_id, model in (("PAY-4", None), ("PAY-5", "UnscheduledCardOnFile")):
        charged = gateway.pay(trans_id, means=PayByToken(token), recurring=model)
        assert charged.failure_code is None
        assert set(shown_of(charged)) == {"token"}
        assert shown_of(charged)["token"]["value"] == token
        assert gateway.query.payment(SID, trans_id).gateway_token


@pytest.mark.parametrize(
    ("model", "initiated"),
    [
        (None, "unscheduled"),
        ("Subscription", "recurring"),
        ("UnscheduledCardOnFile", "unscheduled"),
    ],
)
def test_who_charges_by_an_agreements_reference_is_the_merchant(
    model: str | None, initiated: str
) -> None:
    gateway = Gateway()
    reference = shown_of(gateway.pay("PAY-1", recurring="Subscription", keep=AGREEMENT))
    means = PayByToken(reference["recurringReference"])
    gateway.pay("PAY-2", means=means, recurring=model)
    assert gateway.visa.authorizations[-1].stored == initiated


def test_a_payment_that_keeps_its_card_is_found_as_a_tokenization() -> None:
    gateway = Gateway()
    paid = gateway.pay("PAY-1", hours=0, keep=KeepCard("cust-42", "VAULT-T1"))
    method = found("PAY-1", gateway)
    assert method["status"] == "Success"
    assert method["token"]["value"] == shown_of(paid)["token"]["value"]
    gateway.visa.replies.append(NetworkAnswer("51"))
    gateway.pay("PAY-2", keep=KeepCard("cust-42", "VAULT-T1"))
    assert (found("PAY-2", gateway)["status"], "token" in found("PAY-2", gateway)) == (
        "Failed",
        False,
    )
    gateway.pay("PAY-3")
    gateway.pay("PAY-4", recurring="Subscription", keep=AGREEMENT)
    for trans_id in ("PAY-3", "PAY-4"):
        with pytest.raises(TransactionUnknown):
            found(trans_id, gateway)


def found(trans_id: str, gateway: Gateway) -> dict[str, Any]:
    made = gateway.card_tokens.tokenization(SID, trans_id)
    method: dict[str, Any] = responses_tokens.found_tokenization(made)["paymentMethod"]
    return method


def test_a_tokenization_whose_token_has_ended_stays_a_success() -> None:
    gateway = Gateway()
    card = kept(gateway)
    gateway.card_tokens.delete(SID, card.token)
    method = found("TOK-1", gateway)
    assert method["status"] == "Success"
    assert not {"token", "networkToken", "recurringReference"} & set(method)

"""What is known of a card's account stands wherever the contract shows a card (sections 2.4 to
2.15, 2.19, 5), and nothing stands where nothing is known."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.cards import MemoryCardRanges
from tests.support.gateway import Gateway
from tests.support.memory import MASTERCARD_CARD, VISA_CARD, a_store
from tidegate.api.evocloud import responses, responses_orders, responses_tokens
from tidegate.api.evocloud.notifications import notification_body
from tidegate.domain.account_data import AccountData
from tidegate.domain.events import events_of
from tidegate.domain.message import Card, NetworkAnswer
from tidegate.domain.money import Money
from tidegate.domain.payment import Payment
from tidegate.domain.transitions import Operation
from tidegate.services.card_tokens import CardChange
from tidegate.services.commands import CreateOrder, KeepCard, PayByNetworkToken, PayByToken
from tidegate.services.link_orders import link_of
from tidegate.services.webhook_notice import WebhookNotice

TOKEN = Card("5204730000001235", "2811")
KNOWN: dict[str, AccountData | None] = {
    VISA_CARD[:6]: AccountData("credit", "HKG"),
    MASTERCARD_CARD[:8]: AccountData("debit", "SGP", "MDS", commercial=True, bank="Harbour Bank"),
    TOKEN.pan[:6]: AccountData(product="MCS"),
}
VISA = {"fundingType": "credit", "issuingCountry": "HKG"}
MASTERCARD = {
    "fundingType": "debit",
    "issuingCountry": "SGP",
    "issuingBank": "Harbour Bank",
    "productID": "MDS",
    "isCommercial": True,
}
FIELDS = set(MASTERCARD)
KEEP = KeepCard("cust-42", "VAULT-T1", None, "mei@shop.example", "en_US")


@pytest.fixture
def gateway() -> Gateway:
    return Gateway(a_store(authentication="none"), ranges=MemoryCardRanges(dict(KNOWN)))


def account(body: dict[str, Any]) -> dict[str, Any]:
    card = body.get("paymentMethod", body)["card"]
    return {name: card[name] for name in FIELDS & set(card)}


def told(gateway: Gateway, payment: Payment) -> list[dict[str, Any]]:
    """Every notification of a payment so far."""
    tell = WebhookNotice(gateway.stores, gateway.payments, gateway.stored_cards, None)  # type: ignore[arg-type]
    events = events_of(payment, 0)
    return [json.loads(notification_body(event, tell.subject(event))) for event in events]


@pytest.mark.parametrize(
    ("pan", "known"), [(VISA_CARD, VISA), (MASTERCARD_CARD, MASTERCARD), ("4111111111111111", {})]
)
def test_a_payment_and_what_is_done_to_it(
    gateway: Gateway, pan: str, known: dict[str, Any]
) -> None:
    paid = gateway.pay(means=Card(pan, "4912", "321"))
    found = gateway.query.payment("S024116", "PAY-1")
    assert account(responses.created(paid)) == account(responses.found(found)) == known
    for kind, trans_id in (("capture", "CAP-1"), ("refund", "REF-1")):
        change = gateway.change(kind, trans_id, 8_000)
        assert account(responses.changed(change)) == known
    notices = told(gateway, gateway.payments.payment("PAY-1"))
    assert [one["eventCode"] for one in notices] == ["Payment", "Capture", "Refund"]
    assert [account(one) for one in notices] == [known] * 3


def test_what_was_known_then_stands_although_the_table_has_changed(gateway: Gateway) -> None:
    gateway.pay()
    assert isinstance(gateway.ranges, MemoryCardRanges)
    gateway.ranges.known[VISA_CARD[:6]] = AccountData("debit")
    assert account(responses.created(gateway.pay("PAY-2"))) == {"fundingType": "debit"}
    assert account(responses.found(gateway.query.payment("S024116", "PAY-1"))) == VISA


def test_a_card_on_file_and_payments_with_it(gateway: Gateway) -> None:
    means = Card(MASTERCARD_CARD, "4912", "321")
    checked = gateway.pay("TOK-1", 0, intent=Operation.TOKENIZE, keep=KEEP, means=means)
    made = gateway.card_tokens.outcome(checked)
    assert made.card is not None
    assert account(responses_tokens.tokenized(made)) == MASTERCARD
    found = gateway.card_tokens.tokenization("S024116", "TOK-1")
    assert account(responses_tokens.found_tokenization(found)) == MASTERCARD
    (listed,) = responses_tokens.cards(gateway.card_tokens.of_user("S024116", "cust-42"))[
        "paymentMethodList"
    ]
    assert account(listed) == MASTERCARD
    change = CardChange(expiry="3101")
    renewed = gateway.card_tokens.change("S024116", made.card.token, change)
    assert account(responses_tokens.changed_card(renewed)) == MASTERCARD
    assert account(told(gateway, gateway.payments.payment("TOK-1"))[-1]) == MASTERCARD
    paid = gateway.pay("PAY-2", means=PayByToken(made.card.token))
    assert account(responses.created(paid)) == MASTERCARD


def test_a_refused_tokenization_says_whose_card_it_was(gateway: Gateway) -> None:
    gateway.visa.replies.append(NetworkAnswer("05"))
    checked = gateway.pay("TOK-1", 0, intent=Operation.TOKENIZE, keep=KEEP)
    refused = responses_tokens.tokenized(gateway.card_tokens.outcome(checked))
    assert refused["paymentMethod"]["status"] == "Failed"
    assert account(refused) == VISA


def test_a_network_token_says_what_is_known_of_its_own_range(gateway: Gateway) -> None:
    means = PayByNetworkToken(TOKEN, "Mastercard", "QUJDREVGR0hJSktMTU5PUFFSU1Q=", "06")
    paid = gateway.pay(means=means)
    assert responses.created(paid)["paymentMethod"] == {
        "card": {"productID": "MCS"},
        "isNetworkToken": True,
        "networkToken": {"paymentBrand": "Mastercard", "supportDeviceBinding": False},
        "token": {
            "eci": "06",
            "first6No": "520473",
            "last4No": "1235",
            "value": "520473******1235",
        },
    }


def test_a_network_token_of_which_nothing_is_known_shows_no_card() -> None:
    means = PayByNetworkToken(TOKEN, "Mastercard", "QUJDREVGR0hJSktMTU5PUFFSU1Q=", "06")
    paid = Gateway().pay(means=means)
    assert "card" not in responses.created(paid)["paymentMethod"]


def test_a_payout(gateway: Gateway) -> None:
    paid = gateway.pay("OUT-1", intent=Operation.PAYOUT)
    assert account(responses_tokens.payout_answer(paid, found=False)) == VISA
    assert account(responses_tokens.payout_answer(paid, found=True)) == VISA


def test_an_orders_payment(gateway: Gateway) -> None:
    command = CreateOrder(
        "LP-1", "2025-03-04T09:10:11Z", valid_minutes=30, amount=Money(10_000, "HKD")
    )
    link = link_of(gateway.link_orders.create(gateway.store, command).order)
    step = gateway.pay_order(link, Card(VISA_CARD, "4912", "321"), None, "https://pay.example/l")
    found = responses_orders.order_found(gateway.link_orders.find("S024116", "LP-1"))
    assert account(found) == VISA
    notice = told(gateway, gateway.payments.payment(step.payment.trans_id))[-1]
    assert (notice["eventCode"], account(notice)) == ("LinkPay", VISA)

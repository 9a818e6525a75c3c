"""Cards on file, orders, and payments with every detail, on every engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.support.gateway import Gateway
from tidegate.adapters.dynamodb.orders import DynamoOrders
from tidegate.adapters.dynamodb.payments import DynamoPayments
from tidegate.adapters.dynamodb.stored_cards import DynamoStoredCards
from tidegate.adapters.dynamodb.table import Table
from tidegate.domain.authentication import Authentication
from tidegate.domain.errors import StaleVersion
from tidegate.domain.message import NetworkAnswer
from tidegate.domain.money import Money
from tidegate.domain.order import Attempt, Order
from tidegate.domain.payment import Conversion, OtherRecord
from tidegate.domain.tokens import StoredCard, TokenStatus
from tidegate.domain.wallet import Action

pytestmark = pytest.mark.xdist_group("conformance")
SID = "S024116"
CARD = StoredCard(
    sid=SID,
    id=f"{7:032x}",
    version=1,
    vault_id="VAULT-T1",
    user_reference="cust#42",
    brand="Visa",
    first6="476134",
    last4="0043",
    fingerprint="f9b2c04e77aa",
    sealed_card=bytes(range(50)),
    created_at=1_741_079_400,
    updated_at=1_741_079_400,
    made_by="tok_1",
    network_wanted=True,
    email="mei@shop.example",
)
ORDER = Order(
    sid=SID,
    order_id="LP-1",
    version=1,
    amount=Money(10_000, "HKD"),
    order_time="2025-03-04T09:10:11Z",
    created_at=1_741_079_400,
    expires_at=1_741_083_000,
    secret=f"{9:032x}",
    brands=("Visa", "AlipayHK"),
    return_url="https://shop.example/done",
    collect=("fullName", "shippingAddress"),
)


def test_a_card_is_found_as_it_was_written(table: Table) -> None:
    cards = DynamoStoredCards(table)
    cards.put(CARD)
    cards.put(CARD)  # a retry
    assert cards.get(SID, CARD.id) == CARD
    whole = CARD.changed(
        1_741_079_500,
        network_reference="ref",
        sealed_network_token=b"\x00\x01",
        network_first6="489537",
        network_last4="0001",
        network_expiry="2812",
        account_reference="PAR",
        art_uri="https://cards.example/a.png",
        network_status=TokenStatus.DISABLED,
        status=TokenStatus.DISABLED,
        network_wanted=False,
        proven=True,
        scheme_reference="900112",
        holder_name="MEI CHAN",
        metadata="renewed",
    )
    cards.update(CARD, whole)
    cards.update(CARD, whole)  # its own answer was lost
    assert cards.get(SID, CARD.id) == whole
    with pytest.raises(StaleVersion):
        cards.update(CARD, CARD.changed(0, deleted=True))


def test_a_customers_cards_are_listed_oldest_first(table: Table) -> None:
    cards = DynamoStoredCards(table)
    made = [
        replace(CARD, id=f"{number:032x}", created_at=CARD.created_at + 10 - number)
        for number in range(1, 6)
    ]
    for one in made:
        cards.put(one)
    cards.put(replace(CARD, id=f"{99:032x}", user_reference="somebody else"))
    assert list(cards.of_user(SID, "cust#42")) == made[::-1]
    assert list(cards.of_user(SID, "nobody")) == []


def test_an_order_is_found_as_it_was_written(table: Table) -> None:
    orders = DynamoOrders(table)
    assert orders.create(ORDER) is None
    assert orders.create(ORDER) is None, "our own earlier try had succeeded"
    other = replace(ORDER, secret=f"{10:032x}")
    assert orders.create(other) == ORDER
    tried = ORDER.changed(opened=True, attempts=(Attempt("ab:cd", 7), Attempt("ef", 8)))
    orders.update(ORDER, tried)
    assert orders.get(SID, "LP-1") == tried


def test_of_two_payers_one_gets_the_order(table: Table) -> None:
    orders = DynamoOrders(table)
    orders.create(ORDER)

    def claim(number: int) -> bool:
        try:
            orders.update(ORDER, ORDER.changed(attempts=(Attempt(f"try-{number}", number),)))
        except StaleVersion:
            return False
        return True

    with ThreadPoolExecutor(8) as crowd:
        assert sum(crowd.map(claim, range(16))) == 1


def test_a_closing_request_takes_its_id_once(table: Table) -> None:
    orders, payments = DynamoOrders(table), DynamoPayments(table)
    orders.create(ORDER)
    closed = ORDER.changed(closed_by="CLOSE-1")
    assert orders.close(ORDER, closed, "CLOSE-1") is True
    assert orders.close(ORDER, closed, "CLOSE-1") is True, "a retry"
    assert isinstance(payments.get(SID, "CLOSE-1"), OtherRecord)
    second = replace(ORDER, order_id="LP-2")
    orders.create(second)
    assert orders.close(second, second.changed(closed_by="CLOSE-1"), "CLOSE-1") is False
    assert orders.get(SID, "LP-2") == second


def test_a_payment_keeps_every_detail(table: Table) -> None:
    gateway = Gateway()
    payment = replace(
        gateway.pay(),
        method="e-wallet",
        scenario="MPM",
        action=Action("presentQRCode", {"qrCode": "a|b", "expiredAt": "2025-03-04T09:50:00Z"}),
        expires_at=1_741_083_000,
        return_url="https://shop.example/back?x=1|2",
        authentication=Authentication(
            "threeDSPage", "uuid", "Y", "ds", "acs", "2.2.0", "05", "AAAA", frictionless=True
        ),
        step_up="threeDSIntegrator",
        stored_card=CARD.id,
        stores_card=True,
        gateway_token=True,
        network_token=True,
        proof_eci="06",
        stored="recurring",
        original_reference="900112",
        user_reference="cust-42",
        conversion=Conversion("FX-1", Money(78_000, "HKD"), "0.1274585862", "2025-03-04", "ECB"),
        order="LP-1",
        payer='{"email":"mei@shop.example"}',
        answer=NetworkAnswer("PAYMENT_IN_PROCESS", None, "w-1", None, "pending", None),
    )
    payments = DynamoPayments(table)
    assert payments.create(payment) is None
    assert payments.get(payment.sid, payment.trans_id) == payment
    plain = replace(payment.touched(), action=None, authentication=None, conversion=None)
    payments.update(payment, plain)
    assert payments.get(payment.sid, payment.trans_id) == plain


def test_payers_of_an_order_for_many_join_it_at_once_until_it_is_closed(table: Table) -> None:
    orders = DynamoOrders(table)
    many = replace(ORDER, multiple=True)
    orders.create(many)
    tries = [Attempt(f"{number:032x}", 1_741_079_400 + number) for number in range(12)]
    with ThreadPoolExecutor(8) as crowd:
        joined = list(crowd.map(lambda one: orders.join(many, one, 10), tries))
    assert sum(joined) == 10
    got_in = [one for one, is_in in zip(tries, joined, strict=True) if is_in]
    assert list(orders.attempts(SID, "LP-1", 100)) == got_in
    assert list(orders.attempts(SID, "LP-1", 3)) == got_in[-3:]
    held = orders.get(SID, "LP-1")
    assert held == replace(many, tries=10)
    closed = many.changed(closed_by="CLOSE-3", closed_at=1_741_079_500, closing_evo_id="pay1")
    with pytest.raises(StaleVersion):
        orders.close(many, closed, "CLOSE-3")  # somebody has begun to pay since it was read
    assert orders.close(held, replace(closed, tries=10), "CLOSE-3") is True
    assert orders.get(SID, "LP-1") == replace(closed, tries=10)
    assert orders.join(held, Attempt("late", 1_741_079_600), 100) is False

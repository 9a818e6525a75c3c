"""What card ranges ask of DynamoDB, and what payments and cards keep of them, on every engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.conformance.test_cards_and_orders import CARD
from tests.support.gateway import Gateway
from tests.support.memory import MASTERCARD_CARD, VISA_CARD
from tests.support.meter import metered
from tidegate.adapters.dynamodb.card_ranges import DynamoCardRanges, RangeTable
from tidegate.adapters.dynamodb.payments import DynamoPayments
from tidegate.adapters.dynamodb.stored_cards import DynamoStoredCards
from tidegate.adapters.dynamodb.table import Table
from tidegate.domain.account_data import AccountData
from tidegate.domain.card_ranges import CardRange

pytestmark = pytest.mark.xdist_group("conformance")
SID = "S024116"
CREDIT, DEBIT = AccountData("credit", "HKG"), AccountData("debit", "SGP", bank="Bänk 銀行")
WHOLE = AccountData("prepaid", "ALA", "F1", commercial=True, bank="Harbour Bank")


def test_the_longest_prefix_wins_and_a_later_file_replaces_what_it_names(table: Table) -> None:
    operator = RangeTable(table)
    operator.put([CardRange("476134", "Visa", CREDIT), CardRange("47613401", "Visa", DEBIT)])
    ranges = DynamoCardRanges(table)
    assert ranges.account_data(VISA_CARD) == CREDIT
    assert ranges.account_data("4761340100000043") == DEBIT
    assert ranges.account_data(MASTERCARD_CARD) is None
    assert operator.find("47613401") == CardRange("47613401", "Visa", DEBIT)
    assert operator.find("476135") is None

    operator.put([CardRange("476134", "Visa", DEBIT), CardRange("47613401", "Visa", None)])
    anew = DynamoCardRanges(table)
    assert anew.account_data(VISA_CARD) == DEBIT
    assert anew.account_data("4761340100000043") is None


def test_a_file_is_written_in_batches(table: Table) -> None:
    operator = RangeTable(table)
    with metered(table, table._client) as meter:
        operator.put(
            CardRange(f"{prefix}", "Visa", AccountData(product=f"{prefix % 100}"))
            for prefix in range(476100, 476160)
        )
    assert dict(meter.requests) == {"BatchWriteItem": 3}
    for prefix in (476100, 476125, 476159):
        found = operator.find(f"{prefix}")
        assert found is not None
        assert found.account == AccountData(product=f"{prefix % 100}")


def test_a_card_is_looked_up_by_one_request_and_then_by_none(table: Table) -> None:
    RangeTable(table).put([CardRange("476134", "Visa", CREDIT)])
    ranges = DynamoCardRanges(table)
    with metered(table, table._client) as meter:
        for _ in range(2):
            assert ranges.account_data(VISA_CARD) == CREDIT
            assert ranges.account_data(MASTERCARD_CARD) is None
    assert dict(meter.requests) == {"BatchGetItem": 2}


@pytest.mark.parametrize("account", [None, CREDIT, DEBIT, WHOLE])
def test_a_payment_and_a_card_keep_what_was_known(
    table: Table, account: AccountData | None
) -> None:
    payments, cards = DynamoPayments(table), DynamoStoredCards(table)
    gateway = Gateway(payments=payments)
    paid = gateway.pay()
    kept = replace(paid, account=account)
    payments.update(paid, replace(kept, version=paid.version + 1))
    assert getattr(payments.get(SID, "PAY-1"), "account", "none") == account
    cards.put(replace(CARD, account=account))
    found = cards.get(SID, CARD.id)
    assert found is not None
    assert found.account == account

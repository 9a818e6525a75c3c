"""What rates and quotes ask of DynamoDB, on every engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.support.fx_memory import ONE_DAY, Exchange
from tidegate.adapters.dynamodb.fx import SHEETS, DynamoQuotes, DynamoRates
from tidegate.adapters.dynamodb.records import key_of
from tidegate.adapters.dynamodb.table import Table
from tidegate.domain.errors import DuplicateTransaction
from tidegate.domain.fx import Inquiry, Quote
from tidegate.domain.money import Money
from tidegate.domain.payment import IdempotencyRecord

pytestmark = pytest.mark.xdist_group("conformance")
SID = "S024116"
KEY = IdempotencyRecord(SID, "key", "FX-1", "fingerprint")


@pytest.fixture
def quote() -> Quote:
    asked = Inquiry("FX-1", "2025-03-04T09:10:11Z", Money(78000, "HKD"), "USD", "für Mei 書")
    return Exchange(ONE_DAY).quote(SID, asked)


def test_the_newest_sheets_of_every_base_are_read(table: Table) -> None:
    rates = DynamoRates(table)
    for day in range(1, SHEETS + 5):
        rates.put(replace(ONE_DAY, date=date(2025, 3, day), quotes={"USD": Decimal(day)}))
    rates.put(replace(ONE_DAY, base="USD", source="B", quotes={"VND": Decimal(25500)}))
    assert rates.rate("EUR", "USD", date(2025, 3, 7)).text == "7"
    assert rates.rate("EUR", "USD", date(2025, 6, 1)).date == date(2025, 3, SHEETS + 4)
    assert rates.rate("USD", "VND", date(2025, 6, 1)).source == "B"
    corrected = replace(ONE_DAY, date=date(2025, 3, 7), quotes={"USD": Decimal(8)})
    assert rates.put(corrected) is True
    assert rates.rate("EUR", "USD", date(2025, 3, 7)).text == "8"


def test_a_quote_comes_back_as_it_was(table: Table, quote: Quote) -> None:
    quotes = DynamoQuotes(table)
    assert quotes.create(quote) is None
    assert quotes.create(quote) is None, "our own earlier try had succeeded"
    assert quotes.get(SID, "FX-1") == quote
    bare = replace(quote, trans_id="FX-2", metadata=None)
    assert quotes.create(bare) is None
    assert quotes.get(SID, "FX-2") == bare
    assert quotes.get(SID, "FX-3") is None


def test_an_id_is_unique_over_all_kinds(table: Table, quote: Quote) -> None:
    quotes = DynamoQuotes(table)
    p, s = key_of(SID, "PAY-1")
    table.put({"p": p, "s": s, "t": "p", "n": "other"})
    assert quotes.get(SID, "PAY-1") is None
    for idempotency in (None, replace(KEY, trans_id="PAY-1")):
        with pytest.raises(DuplicateTransaction):
            quotes.create(replace(quote, trans_id="PAY-1"), idempotency)


def test_an_idempotency_key_stands_for_the_first_quote(table: Table, quote: Quote) -> None:
    quotes = DynamoQuotes(table)
    assert quotes.create(quote, KEY) is None
    other = replace(quote, trans_id="FX-2", nonce="other")
    assert quotes.create(other, replace(KEY, trans_id="FX-2")) == KEY
    assert quotes.get(SID, "FX-2") is None


def test_of_many_at_once_one_is_written(table: Table, quote: Quote) -> None:
    quotes = DynamoQuotes(table)

    def create(number: int) -> bool:
        try:
            return quotes.create(replace(quote, nonce=f"nonce-{number}")) is None
        except DuplicateTransaction:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(8))) == 1

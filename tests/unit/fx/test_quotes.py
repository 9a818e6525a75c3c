"""Quotes: made at today's rate, kept for half an hour, used with their own amounts only."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.support.fx_memory import ONE_DAY, Exchange
from tidegate.domain.errors import (
    DuplicateTransaction,
    FieldMismatch,
    InvalidValue,
    RateUnknown,
    TransactionUnknown,
)
from tidegate.domain.fx import QUOTE_S, Inquiry
from tidegate.domain.money import Money
from tidegate.domain.payment import IdempotencyRecord

SID = "S024116"
ASKED = Inquiry("FX-1", "2025-03-04T09:10:11Z", Money(78000, "HKD"), "USD", "basket 17")
PAID = Money(9942, "USD")


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(ONE_DAY)


def key(name: str = "k", fingerprint: str = "f", trans_id: str = "FX-1") -> IdempotencyRecord:
    return IdempotencyRecord(SID, name, trans_id, fingerprint)


def test_a_quote_is_made_at_the_rate_of_the_platforms_day(exchange: Exchange) -> None:
    exchange.at = 1_741_107_600  # 17:00 UTC on 4 March, the 5th in Hong Kong
    quote = exchange.quote(SID, ASKED)
    assert exchange.rates.asked == [date(2025, 3, 5)]
    assert (quote.amount, quote.local, quote.metadata) == (PAID, ASKED.local, "basket 17")
    assert quote.expires_at == exchange.at + QUOTE_S
    assert exchange.quotes.get(SID, "FX-1") == quote


def test_what_has_no_rate_or_no_amount_keeps_no_id(exchange: Exchange) -> None:
    with pytest.raises(RateUnknown):
        exchange.quote(SID, replace(ASKED, currency="TWD"))
    with pytest.raises(InvalidValue) as refused:
        exchange.quote(SID, replace(ASKED, local=Money(1, "HKD"), currency="KWD"))
    assert refused.value.field == "localAmount.value"
    assert exchange.quotes.items == {}


def test_a_used_id_is_a_duplicate(exchange: Exchange) -> None:
    exchange.quote(SID, ASKED)
    exchange.quotes.taken.add((SID, "PAY-1"))
    for trans_id in ("FX-1", "PAY-1"):
        with pytest.raises(DuplicateTransaction):
            exchange.quote(SID, replace(ASKED, trans_id=trans_id))


def test_an_idempotency_key_answers_the_first_quote_again(exchange: Exchange) -> None:
    first = exchange.quote(SID, ASKED, key())
    exchange.at += 60
    assert exchange.quote(SID, ASKED, key()) == first
    with pytest.raises(FieldMismatch) as refused:
        exchange.quote(SID, ASKED, key(fingerprint="other"))
    assert refused.value.field == "Idempotency-Key"


def test_a_quote_can_be_used_again_until_it_expires(exchange: Exchange) -> None:
    quote = exchange.quote(SID, ASKED)
    exchange.at += QUOTE_S - 1
    assert exchange.use(SID, "FX-1", PAID, ASKED.local) == quote
    assert exchange.use(SID, "FX-1", PAID, None) == quote
    exchange.at += 1
    with pytest.raises(RateUnknown):
        exchange.use(SID, "FX-1", PAID, None)


@pytest.mark.parametrize(
    ("amount", "local", "field"),
    [
        (Money(9943, "USD"), None, "transAmount"),
        (Money(9942, "EUR"), None, "transAmount"),
        (PAID, Money(78001, "HKD"), "localAmount"),
        (PAID, Money(78000, "JPY"), "localAmount"),
    ],
)
def test_other_amounts_are_named(
    exchange: Exchange, amount: Money, local: Money | None, field: str
) -> None:
    exchange.quote(SID, ASKED)
    with pytest.raises(FieldMismatch) as refused:
        exchange.use(SID, "FX-1", amount, local)
    assert refused.value.field == field


@pytest.mark.parametrize(("sid", "quote_id"), [("S024117", "FX-1"), (SID, "FX-2")])
def test_another_stores_quote_is_unknown(exchange: Exchange, sid: str, quote_id: str) -> None:
    exchange.quote(SID, ASKED)
    with pytest.raises(TransactionUnknown):
        exchange.use(sid, quote_id, PAID, None)

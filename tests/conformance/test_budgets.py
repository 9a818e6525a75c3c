"""Write units and requests of every operation, counted: what the design allows and not one more.
They hold for warm processes, which have met the card's range before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from tests.support.gateway import Gateway
from tests.support.memory import MASTERCARD_CARD, VISA_CARD, CountingIds
from tests.support.meter import Meter, metered
from tests.support.tables import client
from tidegate.adapters.dynamodb.card_ranges import DynamoCardRanges, RangeTable
from tidegate.adapters.dynamodb.payments import DynamoPayments
from tidegate.adapters.dynamodb.table import Table
from tidegate.domain.account_data import AccountData
from tidegate.domain.card_ranges import CardRange
from tidegate.domain.message import Card

pytestmark = pytest.mark.xdist_group("conformance")
SID = "S024116"
ACCOUNT = AccountData("credit", "HKG", "F", commercial=False, bank="H" * 64)
"""As long as it may be."""


@pytest.fixture
def house(table: Table, endpoint_url: str | None) -> SimpleNamespace:
    """The services over each table."""
    RangeTable(table).put([CardRange(VISA_CARD[:6], "Visa", ACCOUNT)])
    ranges = DynamoCardRanges(table)
    gateway = Gateway(payments=DynamoPayments(table), ranges=ranges)
    reader = client(endpoint_url) if endpoint_url else table._client

    @contextmanager
    def counted() -> Iterator[Meter]:
        with metered(table, reader) as meter:
            yield meter

    with counted() as first:
        assert ranges.account_data(VISA_CARD) == ACCOUNT
    return SimpleNamespace(gateway=gateway, counted=counted, first=first)


def test_authorize_and_capture_costs_four_units_and_three_requests(house: SimpleNamespace) -> None:
    with house.counted() as meter:
        house.gateway.pay(hours=0)
    assert meter.write_units == 4
    assert dict(meter.requests) == {"PutItem": 1, "GetItem": 1, "UpdateItem": 1}
    # The fourth request of a payment is StartSyncExecution.
    assert meter.largest_item <= 1_024
    assert house.gateway.query.payment(SID, "PAY-1").account == ACCOUNT


def test_a_cards_range_costs_one_request_more_the_first_time(house: SimpleNamespace) -> None:
    assert dict(house.first.requests) == {"BatchGetItem": 1}
    for number, expected in enumerate((1, 0)):
        with house.counted() as meter:
            house.gateway.pay(f"PAY-{number}", means=Card(MASTERCARD_CARD, "4912", "321"))
        assert meter.requests["BatchGetItem"] == expected


def test_authorize_only_costs_five(house: SimpleNamespace) -> None:
    with house.counted() as meter:
        house.gateway.pay()
    assert meter.write_units == 5


def test_a_full_capture_costs_five_of_eight(house: SimpleNamespace) -> None:
    house.gateway.pay()
    with house.counted() as meter:
        house.gateway.change("capture", "CAP-1", 10_000)
    assert meter.write_units == 5
    assert dict(meter.requests) == {"GetItem": 1, "TransactWriteItems": 1}


def test_a_refund_costs_ten(house: SimpleNamespace) -> None:
    house.gateway.pay(hours=0)
    with house.counted() as meter:
        house.gateway.change("refund", "REF-1", 4_000)
    assert meter.write_units == 10
    assert meter.requests["TransactWriteItems"] == 2


def test_a_cancel_costs_at_most_ten(house: SimpleNamespace) -> None:
    house.gateway.pay()
    with house.counted() as meter:
        house.gateway.change("cancel", "CAN-1")
    assert meter.write_units == 8


def test_ids_are_as_long_as_real_ones(house: SimpleNamespace) -> None:
    """The budgets above are measured on items of real size."""
    assert len(CountingIds().evo_trans_id(0)) == 31

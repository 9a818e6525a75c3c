"""Which endpoint is told, who gets a mail; a first try that succeeds leaves nothing behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.notices.house import House
from tidegate.domain.events import Event
from tidegate.domain.payment import PaymentOperation


@pytest.mark.parametrize(
    ("of_the_payment", "of_the_store", "told_at"),
    [
        ("https://pay.example/p", "https://pay.example/s", ["https://pay.example/p"]),
        (None, "https://pay.example/s", ["https://pay.example/s"]),
        (None, None, []),
    ],
)
def test_the_payments_own_endpoint_comes_before_the_stores(
    of_the_payment: str | None, of_the_store: str | None, told_at: list[str]
) -> None:
    house = House(webhook=of_the_store)
    house.gateway.pay()
    event = house.event()
    event = Event(replace(event.payment, webhook=of_the_payment), event.entry)
    assert house.notify.webhook(event) is True
    assert house.endpoint.urls == told_at


def test_a_changes_own_endpoint_comes_first_and_gets_the_change() -> None:
    house = House()
    house.gateway.pay()
    house.gateway.change("capture", "CAP-1", 8_000)
    operation = house.payments.operation("CAP-1")
    house.payments.items[operation.sid, "CAP-1"] = replace(
        operation, webhook="https://pay.example/c"
    )
    assert house.first_try() is True
    assert house.endpoint.urls == ["https://pay.example/c"]
    (told_of,) = house.endpoint.subjects
    assert isinstance(told_of, PaymentOperation)
    assert (told_of.trans_id, told_of.amount.minor) == ("CAP-1", 8_000)


def test_a_first_try_that_succeeds_writes_nothing_and_starts_nothing() -> None:
    house = House()
    house.gateway.pay()
    assert house.first_try() is True
    assert (house.backlogs.items, house.runs) == ({}, {})


def test_a_mail_goes_where_the_store_wants_one_for_each_payment() -> None:
    house = House(email="books@harbour.example", mail_each_payment=True)
    house.gateway.pay()
    house.notify.publish(house.event())
    assert house.subscribers.published == ["Payment"]
    ((to, subject, text),) = house.subscribers.mails
    assert to == "books@harbour.example"
    assert "PAY-1" in subject
    assert "HKD 100.00" in text


@pytest.mark.parametrize(
    "of_the_store",
    [{"email": "books@harbour.example"}, {"mail_each_payment": True}],
)
def test_nobody_else_is_mailed(of_the_store: dict[str, object]) -> None:
    house = House(**of_the_store)
    house.gateway.pay()
    house.notify.publish(house.event())
    assert (house.subscribers.published, house.subscribers.mails) == (["Payment"], [])

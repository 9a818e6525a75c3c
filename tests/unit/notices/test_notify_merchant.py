"""Which endpoint is told, how long a refused notice waits, who gets a mail."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from tests.support.gateway import Gateway
from tests.support.memory import a_store
from tidegate.domain.events import Event, events_of
from tidegate.domain.payment import PaymentOperation
from tidegate.domain.store import Store
from tidegate.services.notify_merchant import TRIES, NotifyMerchant, wait_s


class Told:
    """Endpoint, topic and mail in one; ``answer`` is what the endpoint says."""

    def __init__(self, answer: bool | None = True) -> None:
        self.answer = answer
        self.urls: list[str] = []
        self.operations: list[PaymentOperation | None] = []
        self.published: list[str] = []
        self.mails: list[tuple[str, str, str]] = []

    def deliver(
        self, _store: Store, url: str, _event: Event, operation: PaymentOperation | None
    ) -> bool | None:
        self.urls.append(url)
        self.operations.append(operation)
        return self.answer

    def publish(self, event: Event, _operation: PaymentOperation | None) -> None:
        self.published.append(event.code)

    def send(self, to: str, subject: str, text: str) -> None:
        self.mails.append((to, subject, text))


def made(told: Told, **of_the_store: object) -> tuple[NotifyMerchant, Gateway]:
    gateway = Gateway(a_store(**of_the_store))
    return NotifyMerchant(gateway.stores, gateway.payments, told, told, told), gateway


def last_event(gateway: Gateway) -> Event:
    payment = gateway.payments.payment("PAY-1")
    return events_of(payment, payment.version - 2)[-1]


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
    told = Told()
    notify, gateway = made(told, webhook=of_the_store)
    gateway.pay()
    event = last_event(gateway)
    event = Event(replace(event.payment, webhook=of_the_payment), event.entry)
    assert notify.webhook(event, tries=1) is True
    assert told.urls == told_at


def test_a_changes_own_endpoint_comes_first_and_gets_the_change() -> None:
    told = Told()
    notify, gateway = made(told, webhook="https://pay.example/s")
    gateway.pay()
    gateway.change("capture", "CAP-1", 8_000)
    operation = gateway.payments.operation("CAP-1")
    gateway.payments.items[operation.sid, "CAP-1"] = replace(
        operation, webhook="https://pay.example/c"
    )
    assert notify.webhook(last_event(gateway), tries=1) is True
    assert told.urls == ["https://pay.example/c"]
    (told_of,) = told.operations
    assert told_of is not None
    assert (told_of.trans_id, told_of.amount.minor) == ("CAP-1", 8_000)


@pytest.mark.parametrize(
    ("answer", "tries", "done"),
    [
        (True, 1, True),
        (None, 1, False),
        (None, TRIES - 1, False),
        (None, TRIES, True),
        (False, 1, False),
        (False, TRIES, False),
    ],
)
def test_a_polite_answer_counts_only_at_the_end_and_a_refusal_never(
    answer: bool | None, tries: int, done: bool
) -> None:
    notify, gateway = made(Told(answer), webhook="https://pay.example/s")
    gateway.pay()
    assert notify.webhook(last_event(gateway), tries) is done


def test_waits_grow() -> None:
    waits = [wait_s(tries) for tries in range(1, TRIES + 3)]
    assert waits[:3] == [15, 60, 300]
    assert all(shorter <= longer for shorter, longer in pairwise(waits))


def test_a_mail_goes_where_the_store_wants_one_for_each_payment() -> None:
    told = Told()
    notify, gateway = made(told, email="books@harbour.example", mail_each_payment=True)
    gateway.pay()
    notify.publish(last_event(gateway))
    assert told.published == ["Payment"]
    ((to, subject, text),) = told.mails
    assert to == "books@harbour.example"
    assert "PAY-1" in subject
    assert "HKD 100.00" in text


@pytest.mark.parametrize(
    "of_the_store",
    [{"email": "books@harbour.example"}, {"mail_each_payment": True}],
)
def test_nobody_else_is_mailed(of_the_store: dict[str, object]) -> None:
    told = Told()
    notify, gateway = made(told, **of_the_store)
    gateway.pay()
    notify.publish(last_event(gateway))
    assert (told.published, told.mails) == (["Payment"], [])

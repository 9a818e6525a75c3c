"""Notices of orders in the terms that a store chose; the Python SDK's own helper reads them."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.environments import python as interpreter_of
from tests.support.cards import TO_BE_CONFIRMED
from tests.support.gateway import Gateway
from tests.support.memory import a_store
from tidegate.api.evocloud.notifications import notification_body, notification_headers
from tidegate.domain.events import Event, events_of
from tidegate.domain.message import Card, NetworkAnswer
from tidegate.domain.money import Money
from tidegate.domain.payment import Payment
from tidegate.domain.store import Store
from tidegate.services.commands import ChangePayment, CreateOrder, PayByWallet
from tidegate.services.link_orders import link_of
from tidegate.services.webhook_notice import WebhookNotice

READER = Path(__file__).resolve().parents[1] / "clients" / "webhook.py"
CARD = Card("4761340000000043", "4912", "321")
PAGE = "https://pay.example/l"


class Shop:
    """A store with one order, and what it is told."""

    def __init__(self, **chosen: Any) -> None:
        self.store: Store = replace(a_store(authentication="none"), **chosen)
        self.gateway = Gateway(self.store)
        command = CreateOrder(
            "LP-1", "2025-03-04T09:10:11Z", Money(10_000, "HKD"), 30, webhook="https://a.example/o"
        )
        self.link = link_of(self.gateway.link_orders.create(self.store, command).order)

    def pay(self) -> Payment:
        return self.gateway.pay_order(self.link, CARD, None, PAGE).payment

    def refund(self, **more: Any) -> str:
        command = ChangePayment("R-1", "2025-03-04T10:00:00Z", "", Money(4_000, "HKD"), **more)
        change = self.gateway.link_orders.refund(self.store, "LP-1", command).refund
        assert change is not None
        return change.payment.trans_id

    def told(self, trans_id: str) -> list[tuple[Event, dict[str, Any], dict[str, str]]]:
        tell = WebhookNotice(
            self.gateway.stores,
            self.gateway.payments,
            self.gateway.stored_cards,
            None,  # type: ignore[arg-type]
        )
        found = []
        for event in events_of(self.gateway.payments.payment(trans_id), 0):
            body = notification_body(event, tell.subject(event), self.store)
            headers = notification_headers(self.store, PAGE, event, body, time.time())
            found.append((event, json.loads(body), headers))
        return found


def read_by_the_sdk(key: str, notice: tuple[Event, dict[str, Any], dict[str, str]]) -> Any:
    _, body, headers = notice
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    done = subprocess.run(
        [str(interpreter_of("clients")), str(READER), key],
        input=json.dumps({"headers": headers, "body": text}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("code", ["Refund", "LinkPay Refund"])
def test_a_refunded_order_is_told_under_the_name_that_the_store_chose(code: str) -> None:
    shop = Shop(link_refund_event=code)
    shop.pay()
    paid, refunded = shop.told(shop.refund())
    assert (paid[1]["eventCode"], refunded[1]["eventCode"]) == ("LinkPay", code)
    assert "eventType" not in refunded[1]
    assert refunded[2]["x-evo-event-type"] == code


def test_the_sdks_helper_reads_what_its_store_is_told() -> None:
    shop = Shop(sdk_notices=True)
    (paid,) = shop.told(shop.pay().trans_id)
    _, refunded = shop.told(shop.refund())
    key = shop.store.sign_keys[0].secret
    assert read_by_the_sdk(key, paid) == {
        "merchant_order_id": "LP-1",
        "order_status": "Paid",
        "event_id": paid[2]["MsgID"],
        "event_type": "payment.success",
        "handled": "success",
        "in_time": True,
    }
    assert read_by_the_sdk(key, refunded) == {
        "refund_id": refunded[1]["refund"]["evoTransInfo"]["evoTransID"],
        "merchant_trans_id": "R-1",
        "original_merchant_order_id": "LP-1",
        "refund_status": "succeeded",
        "event_type": "refund.success",
        "handled": "success",
        "in_time": True,
    }


def test_a_refund_that_the_network_refuses_has_a_code_of_linkpay() -> None:
    shop = Shop(sdk_notices=True)
    shop.pay()
    shop.gateway.visa.replies.append(NetworkAnswer("61"))
    _, refused = shop.told(shop.refund())
    assert (refused[1]["eventType"], refused[1]["status"]) == ("refund.failed", "failed")
    assert refused[1]["result"]["code"] == refused[1]["refund"]["failureCode"] == "I0061"
    assert refused[1]["merchantOrderInfo"]["status"] == "Paid"


def test_the_sdks_metadata_comes_back_as_it_was_given() -> None:
    shop = Shop()
    shop.pay()
    labels = {"basket": "17", "why": "damaged"}
    _, refunded = shop.told(shop.refund(labels=json.dumps(labels), description="one cup"))
    assert refunded[1]["metadata"] == labels


def test_a_try_that_was_withdrawn_is_no_news() -> None:
    shop = Shop()
    shop.gateway.wallet.replies.append(TO_BE_CONFIRMED)
    wallet = PayByWallet("MPM", "AlipayHK")
    waiting = shop.gateway.pay_order(shop.link, wallet, None, PAGE).payment
    paid = shop.pay()
    assert shop.told(waiting.trans_id) == []
    assert [body["eventCode"] for _, body, _ in shop.told(paid.trans_id)] == ["LinkPay"]

"""Every sample event is what its function takes: the handlers themselves are fed with them, over
ports in memory."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.cards import CHALLENGED, TO_BE_CONFIRMED
from tests.support.fx_memory import ONE_DAY, Exchange
from tests.support.gateway import Gateway
from tidegate.adapters.notices import read_notice
from tidegate.domain.events import Event
from tidegate.domain.ledger import BatchKey
from tidegate.domain.reconciliation import Summary
from tidegate.domain.transitions import Operation, Status
from tidegate.ports_notices import TOPIC, WEBHOOK
from tidegate.runtime import (
    bootstrap,
    wiring_fx,
    wiring_notices,
    wiring_orders,
    wiring_reconciliation,
    wiring_settlement,
)
from tidegate.services.redeliver_notice import Round

ROOT = Path(__file__).resolve().parents[2]
EVENTS = ROOT / "events"
PUBLIC_TEST_CARDS = {"4761340000000043", "5120350100064594"}
Handler = Callable[[dict[str, Any], Any], Any]


def sample(name: str) -> dict[str, Any]:
    """``create_payment/visa``, say."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def handler(function: str) -> Handler:
    """A function's handler, as a new environment of Lambda loads it."""
    path = ROOT / "functions" / function / "app.py"
    spec = importlib.util.spec_from_file_location(f"sampled_{function}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Handler = module.handler
    return found


def call(name: str) -> Any:
    """Feed a sample to its function."""
    return handler(name.split("/")[0])(sample(name), None)


def ask(name: str) -> dict[str, Any]:
    """Feed a merchant's request; the answer's body, which must be a success and signed."""
    answer = call(name)
    body: dict[str, Any] = json.loads(answer["body"])
    assert body["result"]["code"] == "S0000", body
    assert answer["headers"]["X-Evo-Signature"]
    return body


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """The use cases over memory, in the place of those over AWS."""
    made = Gateway()
    use_cases = {
        "stores": made.stores,
        "clock": made.clock,
        "create_payment": made.create,
        "authorize_payment": made.authorize,
        "reverse_payment": made.reverse,
        "fail_payment": made.fail,
        "capture_payment": made.capture,
        "cancel_payment": made.cancel,
        "refund_payment": made.refund,
        "cancel_or_refund": made.cancel_or_refund,
        "query": made.query,
        "sweep_due": made.sweep,
        "card_tokens": made.card_tokens,
        "submit_additional_info": made.submit_additional_info,
        "authenticate_payer": made.authenticate,
        "payer_action": made.action,
        "card_decryption": None,
        "payments": made.payments,
        "wallets": {"alipayplus": made.wallet},
        "await_payer": made.await_payer,
    }
    for name, use_case in use_cases.items():
        monkeypatch.setattr(bootstrap, name, lambda use_case=use_case: use_case)
    monkeypatch.setattr(wiring_orders, "link_orders", lambda: made.link_orders)
    monkeypatch.setattr(wiring_orders, "pay_order", lambda: made.pay_order)
    return made


def test_every_function_has_a_sample_and_every_sample_a_function() -> None:
    functions = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert {path.parent.name for path in EVENTS.glob("*/*.json")} == functions


def test_samples_hold_no_cards_but_the_networks_public_test_numbers() -> None:
    for path in EVENTS.glob("*/*.json"):
        numbers = re.findall(r"(?<!\d)[2-6]\d{15}(?!\d)", path.read_text())
        assert set(numbers) <= PUBLIC_TEST_CARDS, path


@pytest.mark.usefixtures("gateway")
def test_a_quote_and_a_daily_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = Exchange(ONE_DAY)
    monkeypatch.setattr(wiring_fx, "rates", lambda: exchange.rates)
    monkeypatch.setattr(wiring_fx, "quote_fx_rate", lambda: exchange.quote)
    quoted = ask("quote_fx_rate/hkd-in-usd")
    assert quoted["fxRateInquiry"]["transAmount"] == {"currency": "USD", "value": "99.42"}
    assert ask("get_fx_rate/hkd-to-usd")["fxRateInquiry"]["fxRate"]["value"] == "0.1274585862"


@pytest.mark.usefixtures("gateway")
def test_a_payment_through_its_life() -> None:
    assert ask("create_payment/visa")["payment"]["status"] == "Authorised"
    assert ask("get_payment/by-id")["metadata"] == "basket 17"
    assert ask("capture_payment/in-part")["payment"]["status"] == "Captured"
    assert ask("get_capture/by-id")["capture"]["transAmount"]["value"] == "80.00"
    assert ask("refund_payment/in-part")["payment"]["status"] == "Partial Refunded"
    assert ask("get_refund/by-id")["refund"]["transAmount"]["value"] == "30.00"


@pytest.mark.usefixtures("gateway")
def test_a_cancel_and_a_cancel_or_refund() -> None:
    ask("create_payment/to-be-cancelled")
    assert ask("cancel_payment/whole")["payment"]["status"] == "Cancelled"
    assert ask("get_cancel/by-id")["cancel"]["status"] == "Success"
    assert ask("create_payment/mastercard-captured-at-once")["payment"]["status"] == "Captured"
    assert ask("cancel_or_refund/a-captured-payment")["refund"]["cancelOrRefund"] == "refund"
    assert ask("get_cancel_or_refund/by-id")["refund"]["transAmount"]["value"] == "120.00"


@pytest.mark.usefixtures("gateway")
def test_a_card_is_kept_used_and_forgotten() -> None:
    kept = ask("create_token/visa")["paymentMethod"]
    assert (kept["status"], kept["networkToken"]["value"]) == ("Success", "4895370000000001")
    assert ask("get_payment_method/by-id")["paymentMethod"]["token"] == kept["token"]
    assert len(ask("get_payment_method/of-a-customer")["paymentMethodList"]) == 1
    assert ask("create_payment/by-token")["payment"]["status"] == "Captured"
    assert ask("update_token/renewed")["metadata"] == "renewed card"
    made = ask("create_cryptogram/of-a-token")["paymentMethod"]["networkToken"]
    assert ask("get_cryptogram/by-id")["paymentMethod"]["networkToken"] == made
    ask("delete_token/closed-account")
    again = json.loads(call("create_payment/by-token")["body"])
    assert again["result"]["code"] == "C0008"


@pytest.mark.usefixtures("gateway")
def test_brands_of_a_store() -> None:
    (brand,) = ask("get_payment_method/brands")["paymentMethod"]["paymentBrandList"]
    assert brand["brandName"] == "Visa"


def test_an_authentication_on_the_merchants_own_page(gateway: Gateway) -> None:
    gateway.directory.method = "https://issuer.example/method"
    begun = ask("create_payment/to-be-authenticated")
    assert begun["action"]["type"] == "threeDSIdentify"
    assert call("show_authentication_page/page")["headers"]["Content-Type"].startswith("text/html")
    assert ask("submit_additional_info/method-done")["payment"]["status"] == "Authorised"


def test_a_challenge(gateway: Gateway) -> None:
    gateway.directory.method = "https://issuer.example/method"
    gateway.directory.answers.append(CHALLENGED)
    ask("create_payment/to-be-authenticated")
    step = json.loads(call("submit_browser/method-done")["body"])
    assert (step["next"], step["url"]) == ("challenge", CHALLENGED.challenge_url)
    told = json.loads(call("receive_authentication_result/authenticated")["body"])
    assert told["messageType"] == "RRes"
    # Nobody said where the payer came from, and the merchant's own page says when he is back.
    assert call("finish_authentication/back")["statusCode"] == 400
    known = gateway.payments.payment("PAY-5").authentication
    assert known is not None
    assert known.status == "Y"


def test_a_wallet_says_that_it_was_paid(gateway: Gateway) -> None:
    gateway.wallet.replies.append(TO_BE_CONFIRMED)
    assert ask("create_payment/wallet")["payment"]["status"] == "Pending"
    assert call("receive_wallet_notice/paid")["statusCode"] == 200
    assert gateway.payments.payment("PAY-6").status is Status.CAPTURED


@pytest.mark.usefixtures("gateway")
def test_money_is_pushed_to_a_card() -> None:
    assert ask("create_payout/visa")["payout"]["status"] == "Success"
    assert ask("get_payout/by-id")["payout"]["transAmount"]["value"] == "25.00"


def test_an_order_behind_a_link(gateway: Gateway) -> None:
    gateway.stores.put(replace(gateway.store, authentication="none"))
    assert ask("create_link_order/single")["merchantOrderInfo"]["status"] == "Pending"
    assert "text/html" in call("show_payment_page/page")["headers"]["Content-Type"]
    assert "text/css" in call("show_payment_page/asset")["headers"]["Content-Type"]
    assert json.loads(call("get_page_order/open")["body"])["order"]["status"] == "Active"
    paid = json.loads(call("pay_link_order/card")["body"])
    assert (paid["attempt"]["state"], paid["order"]["status"]) == ("paid", "Paid")
    assert paid["returnTo"] == "https://shop.example/done?merchantOrderID=LP-1&result=success"
    assert ask("get_link_order/by-id")["transactionInfo"]["status"] == "Captured"
    assert ask("refund_link_order/in-part")["merchantOrderInfo"]["status"] == "Partial Refunded"
    assert ask("refund_link_order/flat")["status"] == "succeeded"
    assert ask("get_link_refund/by-id")["refundAmount"]["value"] == "40.00"
    rest = ask("cancel_or_refund_link_order/the-rest")
    assert rest["merchantOrderInfo"]["status"] == "Refunded"


def test_a_request_that_was_changed_on_its_way_is_refused(gateway: Gateway) -> None:
    event = sample("create_payment/visa")
    event["body"] = event["body"].replace("88.00", "88.01")
    answer = json.loads(handler("create_payment")(event, None)["body"])
    assert answer["result"]["code"] == "V0010"
    assert gateway.payments.items == {}


@pytest.mark.parametrize(
    ("task", "outcome", "status"),
    [
        ("authorize_payment/first-route", "approved", Status.AUTHORISED),
        ("refuse_payment/by-risk", "declined", Status.FAILED),
        ("abandon_payment/no-route-left", "declined", Status.FAILED),
        ("reverse_payment/after-no-answer", "declined", Status.FAILED),
    ],
)
def test_a_task_of_the_workflow(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, task: str, outcome: str, status: Status
) -> None:
    gateway.workflow_dies_after = "create"  # the task alone moves the payment on
    gateway.pay()
    assert call(task)["outcome"] == outcome
    assert gateway.payments.payment("PAY-1").status is status


class Context:
    """What Lambda hands over beside the event."""

    function_name = "sampled"
    aws_request_id = "1"

    def get_remaining_time_in_millis(self) -> int:
        return 50_000


@pytest.mark.usefixtures("gateway")
def test_the_janitor_takes_a_scheduled_event() -> None:
    counts = handler("sweep_due")(sample("sweep_due/every-minute"), Context())
    assert counts == {"seen": 0, "ended": 0, "open": 0, "failed": 0}


def test_a_change_in_the_stream_is_told_and_posted(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Event] = []
    posted: list[Event] = []

    class Queue:
        def send(self, events: list[Event]) -> None:
            told.extend(events)

    def record(events: Any) -> int:
        posted.extend(events)
        return len(posted)

    monkeypatch.setattr(wiring_notices, "queue", Queue)
    monkeypatch.setattr(wiring_settlement, "record_postings", lambda: record)
    assert call("fan_out_events/captured") == {"batchItemFailures": []}
    assert call("record_postings/captured") == {"batchItemFailures": []}
    for (event,) in (told, posted):
        assert (event.entry.operation, event.entry.amount_minor) == (Operation.CAPTURE, 8000)
        assert event.payment.status is Status.CAPTURED


def test_a_record_that_cannot_be_queued_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def send(self, _events: list[Event]) -> None:
            raise OSError

    monkeypatch.setattr(wiring_notices, "queue", Broken)
    (record,) = sample("fan_out_events/captured")["Records"]
    failed = call("fan_out_events/captured")["batchItemFailures"]
    assert failed == [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]


class Notices:
    """A NotifyMerchant and a RedeliverNotice that note what they are asked for."""

    def __init__(self, came_of: Round | None = None) -> None:
        self.came_of = came_of or Round()
        self.webhooks: list[tuple[str, int]] = []
        self.published: list[str] = []
        self.looked_at: list[tuple[str, str, int]] = []

    def webhook(self, event: Event) -> bool:
        self.webhooks.append((event.code, event.sequence))
        return False

    def publish(self, event: Event) -> None:
        self.published.append(event.code)

    def __call__(self, sid: str, trans_id: str, run: int, until: float) -> Round:
        self.looked_at.append((sid, trans_id, run))
        return self.came_of


def test_a_notice_goes_to_the_webhook_or_to_the_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Notices()
    monkeypatch.setattr(wiring_notices, "notify_merchant", lambda: made)
    call("notify_merchant/webhook")
    assert (made.webhooks, made.published) == ([("Capture", 3)], [])
    call("notify_merchant/topic")
    assert (made.webhooks, made.published) == ([("Capture", 3)], ["Capture"])


@pytest.mark.parametrize(
    ("came_of", "answer"),
    [
        (Round(told=[3]), {"done": True, "waitS": 0, "parked": False}),
        (Round(failed=[3], wait_s=57), {"done": False, "waitS": 57, "parked": False}),
        (Round(failed=[3], parked=[3, 5]), {"done": True, "waitS": 0, "parked": True}),
    ],
)
def test_a_round_says_how_the_workflow_goes_on(
    monkeypatch: pytest.MonkeyPatch, came_of: Round, answer: dict[str, Any]
) -> None:
    made = Notices(came_of)
    monkeypatch.setattr(wiring_notices, "redeliver_notice", lambda: made)
    found = handler("redeliver_notice")(sample("redeliver_notice/first-round"), Context())
    assert (found, made.looked_at) == (answer, [("S024116", "PAY-1", 1)])


def test_a_notice_holds_neither_the_card_nor_the_nonce() -> None:
    (changed,) = sample("fan_out_events/captured")["Records"]
    sealed = changed["dynamodb"]["NewImage"]["x"]["B"]
    assert base64.b64decode(sealed)
    for channel in (WEBHOOK, TOPIC):
        (record,) = sample(f"notify_merchant/{channel}")["Records"]
        found, event = read_notice(record["body"])
        assert (found, event.payment.trans_id) == (channel, "PAY-1")
        assert event.payment.sealed_card == b""
        assert sealed not in record["body"]


@pytest.mark.parametrize(
    "name",
    [
        "close_batch/due",
        "close_batch/now",
        "deliver_clearing/visa",
        "settle_batch/cleared",
        "announce_settlement/settled",
    ],
)
def test_settlement_tasks_name_their_batch(name: str) -> None:
    assert wiring_settlement.batch_key(sample(name)) == BatchKey("S024116", "HKD", "20250304")


def test_reconciliation_tasks_name_their_run() -> None:
    event = sample("close_reconciliation/matched")
    _, network, file_id = sample("split_network_file/landed")["key"].split("/")
    run = wiring_reconciliation.run_of(event)
    assert (run.network, run.file_id) == (network, file_id)
    assert [Summary(**one).counts for one in event["summaries"]] == [{"matched": 2}]
    assert sample("match_partition/first")["fileId"] == file_id

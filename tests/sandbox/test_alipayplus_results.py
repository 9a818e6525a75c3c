"""What the wallet tells and pays out: notifications, settlement files, and what time does to
orders."""

from __future__ import annotations

import csv
import io
import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.alipayplus_books import CANCELLED, OPEN, PAID, WalletBooks
from sandbox.alipayplus_orders import NewRefund, Refused, read_order
from sandbox.alipayplus_settlement import SettlementDesk, fee_of
from tests.sandbox.acquirer import PAYS, Acquirer, a_refund, an_order, book_of, pay_on_page, started
from tests.support.listener import listening


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Acquirer]:
    """A host of the test's own."""
    made = started(tmp_path)
    yield made
    made.host.stop(signal.SIGKILL)


@dataclass
class Inbox:
    """Where notifications go: answers as the test wrote down, then as an acquirer does."""

    acquirer: Acquirer
    script: list[str] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)

    def take(self, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.acquirer.check(headers["Signature"], path, headers["Request-Time"], body)
        self.received.append(json.loads(body))
        answer = {"resultCode": "SUCCESS", "resultStatus": "S", "resultMessage": "success"}
        content, stamp = json.dumps({"result": answer}).encode(), datetime.now(UTC).isoformat()
        signed = {"Response-Time": stamp, "Signature": self.acquirer.sign(path, stamp, content)}
        match self.script.pop(0) if self.script else "":
            case "fail":
                return 500, {}, b""
            case "unsigned":
                return 200, {"Response-Time": stamp}, content
            case "other":
                return 200, signed, content + b" "
        return 200, signed, content

    def wait_for(self, count: int, timeout_s: float = 12.0) -> list[dict[str, Any]]:
        deadline = time.monotonic() + timeout_s
        while len(self.received) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.received) >= count
        return self.received


@pytest.fixture
def inbox(own: Acquirer) -> Iterator[tuple[Inbox, str]]:
    box = Inbox(own)
    with listening(box.take) as url:
        yield box, f"{url}/notices/1"


class TestNotices:
    def test_a_result_is_told_until_it_is_acknowledged(
        self, own: Acquirer, inbox: tuple[Inbox, str]
    ) -> None:
        box, url = inbox
        box.script[:] = ["fail", "unsigned"]
        order = an_order(paymentNotifyUrl=url)
        pay_on_page(own, own.call("pay", order)["normalUrl"])
        notices = box.wait_for(3)
        assert {json.dumps(notice) for notice in notices} == {json.dumps(notices[0])}
        assert notices[0]["notifyType"] == "PAYMENT_RESULT"
        assert notices[0]["result"]["resultStatus"] == "S"
        assert notices[0]["paymentRequestId"] == order["paymentRequestId"]
        assert notices[0]["paymentAmount"] == order["paymentAmount"]
        time.sleep(0.5)
        [row] = book_of(own, order)
        assert (row["notices_sent"], row["acknowledged"], row["notice_due_at"]) == (3, True, None)

    def test_an_unacknowledged_notice_is_sent_after_a_kill(
        self, own: Acquirer, inbox: tuple[Inbox, str]
    ) -> None:
        box, url = inbox
        order = an_order(code=PAYS, paymentNotifyUrl=url)
        own.call("pay", order)
        own.host.stop(signal.SIGKILL)
        assert box.received == []
        own.host.start()
        assert box.wait_for(1)[0]["result"]["resultCode"] == "SUCCESS"

    def test_an_order_that_expires_is_told_as_failed(
        self, own: Acquirer, inbox: tuple[Inbox, str]
    ) -> None:
        box, url = inbox
        soon = (datetime.now(UTC) + timedelta(seconds=0.5)).isoformat()
        order = an_order(paymentNotifyUrl=url, paymentExpiryTime=soon)
        page = own.call("pay", order)["normalUrl"]
        [notice] = box.wait_for(1)
        assert notice["result"]["resultStatus"] == "F"
        assert notice["result"]["resultCode"] == "ORDER_IS_CLOSED"
        pay_on_page(own, page)
        assert own.status(order) == "FAIL ORDER_IS_CLOSED"
        assert "expired" in httpx.get(page).text

    def test_a_cancelled_order_is_not_told(self, own: Acquirer, inbox: tuple[Inbox, str]) -> None:
        box, url = inbox
        box.script[:] = ["other"] * 3
        order = an_order(code=PAYS, paymentNotifyUrl=url)
        own.call("pay", order)
        box.wait_for(1)
        own.call("cancel", order)
        told = len(box.received)
        time.sleep(1.5)
        assert len(box.received) == told
        assert book_of(own, order)[0]["notice_due_at"] is None


class TestSettlement:
    def test_a_cut_settles_what_was_paid_and_refunded(self, own: Acquirer) -> None:
        kept, cancelled = an_order(10_050, code=PAYS), an_order(code=PAYS)
        payment_id = own.call("pay", kept)["paymentId"]
        own.call("pay", cancelled)
        own.call("pay", an_order())
        own.call("cancel", cancelled)
        refund = a_refund(kept, 1_000)
        refund_id = own.call("refund", refund)["refundId"]
        cut = own.host.http("POST", "/cut").json()
        assert cut["records"] == 2
        assert own.host.http("POST", "/cut").status_code == 204
        [listed] = own.host.http("GET", "/settlement").json()
        assert listed["file_id"] == cut["file_id"]
        content = own.host.http("GET", f"/settlement/{cut['file_id']}").content
        assert len(content) == listed["bytes"]
        lines = content.decode().splitlines()
        assert lines[-1] == "<END>"
        rows = list(csv.DictReader(io.StringIO("\n".join(lines[:-1]))))
        told = [
            (
                row["transactionType"],
                row["transactionId"],
                row["transactionRequestId"],
                row["originalTransactionId"],
                row["transactionAmountValue"],
                row["feeAmountValue"],
                row["settlementAmountValue"],
                row["settlementCurrency"],
            )
            for row in rows
        ]
        request_id, refund_request_id = kept["paymentRequestId"], refund["refundRequestId"]
        assert told == [
            ("PAYMENT", payment_id, request_id, "", "10050", "-80", "9970", "HKD"),
            ("REFUND", refund_id, refund_request_id, payment_id, "-1000", "8", "-992", "HKD"),
        ]

    def test_fees_are_rounded_half_up(self) -> None:
        assert [fee_of(minor) for minor in (62, 63, 187, 188, 12_500)] == [0, 1, 1, 2, 100]


class Clock:
    """14:00 in Hong Kong; moved by the test."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 4, 6, tzinfo=UTC)

    def __call__(self) -> float:
        return self.at.timestamp()


class TestTime:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def books(self, tmp_path: Path, clock: Clock) -> Iterator[WalletBooks]:
        made = WalletBooks(tmp_path, clock)
        yield made
        made.close()

    def placed(self, books: WalletBooks, clock: Clock, status: str = OPEN) -> dict[str, Any]:
        expiry = (clock.at + timedelta(minutes=10)).isoformat()
        request = an_order(paymentExpiryTime=expiry)
        order = read_order(request, clock())
        books.place(order, status, "SUCCESS", notice_in_s=0, withhold=False)
        return request

    def test_a_paid_order_can_be_cancelled_until_a_quarter_past_midnight(
        self, books: WalletBooks, clock: Clock
    ) -> None:
        first, second = (self.placed(books, clock, PAID)["paymentRequestId"] for _ in range(2))
        clock.at = datetime(2026, 3, 4, 16, 14, 59, tzinfo=UTC)
        books.cancel("request_id", first)
        clock.at += timedelta(seconds=1)
        with pytest.raises(Refused, match="CANCEL_WINDOW_EXCEED"):
            books.cancel("request_id", second)
        books.cancel("request_id", first)
        found = [books.order("request_id", one) for one in (first, second)]
        assert [row["status"] for row in found if row] == [CANCELLED, PAID]

    def test_an_order_expires_on_the_second(self, books: WalletBooks, clock: Clock) -> None:
        request_id = self.placed(books, clock)["paymentRequestId"]
        order = books.order("request_id", request_id)
        assert order is not None
        clock.at += timedelta(minutes=10)
        decided = books.decide(order["payment_id"], method="GCASH")
        assert decided is not None
        assert decided["result_code"] == "ORDER_IS_CLOSED"

    def test_what_was_settled_is_taken_back_in_the_next_file(
        self, books: WalletBooks, clock: Clock
    ) -> None:
        request = self.placed(books, clock, PAID)
        desk = SettlementDesk(books)
        assert desk.cut() is not None
        books.cancel("request_id", request["paymentRequestId"])
        cut = desk.cut()
        assert cut is not None
        content = desk.file(cut.file_id)
        assert content is not None
        assert b",CANCEL," in content
        assert b",-1234,HKD,10,HKD,-1224,HKD," in content

    def test_refunds_race_for_what_is_left(self, books: WalletBooks, clock: Clock) -> None:
        request_id = self.placed(books, clock, PAID)["paymentRequestId"]

        def refund(number: int) -> bool:
            given = NewRefund({"n": number}, f"r{number}", "request_id", request_id, 400, "HKD")
            try:
                books.refund(given, withhold=False)
            except Refused:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(refund, range(8))) == 3

"""The wallet host by its wire: orders, payment codes, pages, cancels, refunds, lost messages."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature

from sandbox.alipayplus_keys import make_pair
from tests.sandbox.acquirer import (
    CLIENT_ID,
    CONFIRMS,
    PAYS,
    POOR,
    STALE,
    Acquirer,
    a_refund,
    an_order,
    book_of,
    by_qr,
    pay_on_page,
    started,
)
from tests.sandbox.process import SandboxProcess


@pytest.fixture(scope="module")
def acquirer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acquirer]:
    made = started(tmp_path_factory.mktemp("wallet"))
    yield made
    made.host.stop()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Acquirer]:
    """A host of the test's own."""
    made = started(tmp_path)
    yield made
    made.host.stop(signal.SIGKILL)


class TestSignatures:
    def test_an_unsigned_or_altered_request_books_nothing(self, acquirer: Acquirer) -> None:
        order = an_order(code=PAYS)
        signature = acquirer.sign("/ams/api/v1/payments/pay", "2026-01-01T00:00:00Z", b"{}")
        for header in ("", "signature=AAAA", signature, signature[:-9] + "%ZZ%00AA"):
            answer = acquirer.post("pay", order, Signature=header)
            assert answer.json()["result"]["resultCode"] == "INVALID_SIGNATURE"
        assert book_of(acquirer, order) == []

    def test_another_client_is_refused(self, acquirer: Acquirer) -> None:
        answer = acquirer.post("pay", an_order(), **{"Client-Id": "SOMEBODY"})
        assert answer.json()["result"]["resultCode"] == "INVALID_CLIENT"

    def test_the_signature_is_the_wallets_own(self, acquirer: Acquirer) -> None:
        answer = acquirer.post("pay", an_order())
        stamp, path = answer.headers["Response-Time"], "/ams/api/v1/payments/pay"
        acquirer.check(answer.headers["Signature"], path, stamp, answer.content)
        with pytest.raises(InvalidSignature):
            acquirer.check(answer.headers["Signature"], path, stamp, answer.content + b" ")

    def test_keys_are_made_once_and_are_the_owners_alone(self, tmp_path: Path) -> None:
        make_pair(tmp_path, "gateway")
        first = (tmp_path / "gateway.key.pem").read_bytes()
        make_pair(tmp_path, "gateway")
        assert (tmp_path / "gateway.key.pem").read_bytes() == first
        assert (tmp_path / "gateway.key.pem").stat().st_mode & 0o077 == 0


class TestPaymentCodes:
    @pytest.mark.parametrize(
        ("code", "answer", "status"),
        [
            (PAYS, "S SUCCESS", "SUCCESS SUCCESS"),
            (CONFIRMS, "U PAYMENT_IN_PROCESS", "PROCESSING PAYMENT_IN_PROCESS"),
            (POOR, "F USER_BALANCE_NOT_ENOUGH", "FAIL USER_BALANCE_NOT_ENOUGH"),
            (STALE, "F INVALID_PAYMENT_CODE", "FAIL INVALID_PAYMENT_CODE"),
            ("1812345678901234", "F INVALID_PAYMENT_CODE", "FAIL INVALID_PAYMENT_CODE"),
            ("28123456789012a4", "F INVALID_PAYMENT_CODE", "FAIL INVALID_PAYMENT_CODE"),
            ("281234567890123", "F INVALID_PAYMENT_CODE", "FAIL INVALID_PAYMENT_CODE"),
        ],
    )
    def test_the_code_decides(
        self, acquirer: Acquirer, code: str, answer: str, status: str
    ) -> None:
        order = an_order(code=code)
        assert acquirer.outcome("pay", order) == answer
        assert acquirer.outcome("pay", order) == answer
        assert acquirer.status(order) == status

    @pytest.mark.parametrize(
        ("prefix", "wallet"), [("28", "ALIPAY_CN"), ("29", "ALIPAY_HK"), ("30", "ALIPAY_HK")]
    )
    def test_the_first_digits_name_the_wallet(
        self, acquirer: Acquirer, prefix: str, wallet: str
    ) -> None:
        answer = acquirer.call("pay", an_order(code=prefix + "9" * 16))
        assert answer["pspCustomerInfo"] == {"pspName": wallet}

    def test_a_code_of_another_wallet_than_the_order_wants_is_wrong(
        self, acquirer: Acquirer
    ) -> None:
        method = {"paymentMethodType": "GCASH", "paymentMethodId": PAYS}
        order = an_order(code=PAYS, paymentMethod=method)
        assert acquirer.outcome("pay", order) == "F INVALID_PAYMENT_CODE"

    def test_codes_are_written_down_nowhere(self, own: Acquirer) -> None:
        code = "2873519462038457612"
        own.call("pay", an_order(code=code))
        books = own.host.http("GET", "/books").content
        _, errors = own.host.stop(signal.SIGKILL)
        own.host.start()
        written = b"".join(f.read_bytes() for f in own.host.state_dir.rglob("*") if f.is_file())
        assert len(written) > 1000
        assert code.encode() not in written + books + errors.encode()


class TestIdempotency:
    def test_the_same_request_is_one_order(self, acquirer: Acquirer) -> None:
        order = an_order(code=PAYS)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: acquirer.call("pay", order), range(8)))
        assert len({answer["paymentId"] for answer in answers}) == 1
        assert len(book_of(acquirer, order)) == 1

    def test_another_content_under_a_used_id_is_inconsistent(self, acquirer: Acquirer) -> None:
        order = an_order(code=PAYS)
        acquirer.call("pay", order)
        other = an_order(2_000, code=PAYS, paymentRequestId=order["paymentRequestId"])
        assert acquirer.outcome("pay", other) == "F REPEAT_REQ_INCONSISTENT"
        assert acquirer.status(order) == "SUCCESS SUCCESS"
        refund = a_refund(order, 100)
        acquirer.call("refund", refund)
        refund["refundAmount"]["value"] = "200"
        assert acquirer.outcome("refund", refund) == "F REPEAT_REQ_INCONSISTENT"
        assert book_of(acquirer, order)[0]["refunded_minor"] == 100

    @pytest.mark.parametrize(
        "wrong",
        [
            {"paymentAmount": {"currency": "HKD", "value": 1234}},
            {"paymentAmount": {"currency": "HKD", "value": "12.34"}},
            {"paymentAmount": {"currency": "HKD", "value": "0"}},
            {"paymentAmount": {"currency": "hkd", "value": "1"}},
            {"paymentRequestId": "x" * 65},
            {"paymentRequestId": ""},
            {"productCode": "CARD_PAYMENT"},
            {"productCode": "IN_STORE_PAYMENT"},
            {"paymentExpiryTime": "2026-01-01T00:00:00"},
            {"paymentExpiryTime": "tomorrow"},
            {"paymentNotifyUrl": "ftp://a/b"},
            {"paymentNotifyUrl": "http://[::1"},
            {"paymentRedirectUrl": "javascript:alert(1)"},
            {"order": []},
        ],
    )
    def test_illegal_parameters_are_refused(
        self, acquirer: Acquirer, wrong: dict[str, Any]
    ) -> None:
        assert acquirer.outcome("pay", an_order() | wrong) == "F PARAM_ILLEGAL"

    def test_methods_and_currencies_that_nobody_offers(self, acquirer: Acquirer) -> None:
        method = {"paymentMethodType": "PAYPAL"}
        wanted = an_order(paymentMethod=method)
        assert acquirer.outcome("pay", wanted) == "F UNAVAILABLE_PAYMENT_METHOD"
        foreign = an_order(settlementStrategy={"settlementCurrency": "USD"})
        assert acquirer.outcome("pay", foreign) == "F CURRENCY_NOT_SUPPORT"

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 20_000])
    def test_a_body_that_is_no_object_is_refused(self, acquirer: Acquirer, body: bytes) -> None:
        path, stamp = "/ams/api/v1/payments/pay", datetime.now(UTC).isoformat()
        headers = {"Client-Id": CLIENT_ID, "Request-Time": stamp}
        headers["Signature"] = acquirer.sign(path, stamp, body)
        answer = acquirer.host.http("POST", path, content=body, headers=headers)
        assert answer.json()["result"]["resultCode"] == "PARAM_ILLEGAL"


class TestPages:
    def test_the_payer_pays_and_goes_back_to_the_shop(self, acquirer: Acquirer) -> None:
        order = an_order(paymentRedirectUrl="https://shop.example/back?id=1")
        answer = acquirer.call("pay", order)
        assert answer["result"]["resultStatus"] == "U"
        assert answer["redirectActionForm"]["redirectUrl"] == answer["normalUrl"]
        page = httpx.get(answer["normalUrl"]).text
        assert "HKD 12.34" in page
        assert "Tea &lt;House&gt;" in page
        assert re.search(r"<html lang='en'>.*<button type='submit'[^>]*>Pay</button>", page, re.S)
        assert "<script" not in page
        gone = pay_on_page(acquirer, answer["normalUrl"])
        assert (gone.status_code, gone.headers["location"]) == (303, order["paymentRedirectUrl"])
        assert acquirer.status(order) == "SUCCESS SUCCESS"
        assert "This payment is done." in httpx.get(answer["normalUrl"]).text
        assert acquirer.outcome("pay", order) == "S SUCCESS"

    def test_a_decline_is_final(self, acquirer: Acquirer) -> None:
        order = an_order()
        url = acquirer.call("pay", order)["normalUrl"]
        pay_on_page(acquirer, url, do="decline")
        pay_on_page(acquirer, url, do="pay")
        assert acquirer.status(order) == "FAIL USER_PAYMENT_VERIFICATION_FAILED"
        assert "You declined" in httpx.get(url).text

    def test_a_qr_code_leads_to_the_same_page(self, acquirer: Acquirer) -> None:
        order = by_qr()
        form = acquirer.call("pay", order)["orderCodeForm"]
        [detail] = form["codeDetails"]
        assert detail["codeValueType"] == "QRCODE"
        page = httpx.get(detail["codeValue"], follow_redirects=True)
        assert "HKD 12.34" in page.text
        pay_on_page(acquirer, str(page.url))
        assert acquirer.status(order) == "SUCCESS SUCCESS"

    def test_a_code_that_wants_confirmation_waits_on_the_list(self, acquirer: Acquirer) -> None:
        order = an_order(4_711, code=CONFIRMS)
        payment_id = acquirer.call("pay", order)["paymentId"]
        home = acquirer.host.http("GET", "/").text
        assert f"href='/pay/{payment_id}'" in home
        assert "HKD 47.11" in home
        pay_on_page(acquirer, f"/pay/{payment_id}")
        assert acquirer.status(order) == "SUCCESS SUCCESS"
        assert payment_id not in acquirer.host.http("GET", "/").text

    def test_the_payer_chooses_the_wallet_where_the_order_does_not(
        self, acquirer: Acquirer
    ) -> None:
        order = an_order(paymentMethod={"paymentMethodType": "CONNECT_WALLET"})
        answer = acquirer.call("pay", order)
        assert "pspCustomerInfo" not in answer
        assert pay_on_page(acquirer, answer["normalUrl"], method="VISA").status_code == 422
        pay_on_page(acquirer, answer["normalUrl"], do="pay", method="GCASH")
        found = acquirer.call("inquiryPayment", {"paymentId": answer["paymentId"]})
        assert found["pspCustomerInfo"] == {"pspName": "GCASH"}

    @pytest.mark.parametrize("path", ["/pay/1", "/qr/1", "/settlement/1", "/pay", "/x"])
    def test_unknown_addresses(self, acquirer: Acquirer, path: str) -> None:
        assert acquirer.host.http("GET", path).status_code == 404


class TestCancelAndRefund:
    def test_cancel_is_repeatable_and_stops_the_payer(self, acquirer: Acquirer) -> None:
        order = an_order()
        url = acquirer.call("pay", order)["normalUrl"]
        for _ in range(2):
            assert acquirer.outcome("cancel", order) == "S SUCCESS"
        pay_on_page(acquirer, url)
        assert acquirer.status(order) == "CANCELLED ORDER_IS_CANCELED"
        assert acquirer.outcome("pay", order) == "F ORDER_IS_CANCELED"
        assert "cancelled" in httpx.get(url).text

    def test_a_paid_order_is_given_back(self, acquirer: Acquirer) -> None:
        order = an_order(code=PAYS)
        payment_id = acquirer.call("pay", order)["paymentId"]
        assert acquirer.outcome("cancel", {"paymentId": payment_id}) == "S SUCCESS"
        moved = acquirer.host.http("GET", "/books").json()["movements"]
        assert [row for row in moved if row["payment_id"] == payment_id] == []
        assert acquirer.outcome("refund", a_refund(order, 1)) == "F ORDER_STATUS_INVALID"

    def test_an_unknown_order(self, acquirer: Acquirer) -> None:
        unknown = {"paymentRequestId": "never"}
        assert acquirer.outcome("cancel", unknown) == "F ORDER_NOT_EXIST"
        assert acquirer.outcome("inquiryPayment", unknown) == "F ORDER_NOT_EXIST"
        refund = a_refund(unknown, 1)
        assert acquirer.outcome("refund", refund) == "F ORDER_NOT_EXIST"
        assert acquirer.outcome("inquiryRefund", refund) == "F REFUND_NOT_EXIST"

    def test_refunds_are_partial_and_never_more_than_was_paid(self, acquirer: Acquirer) -> None:
        order = an_order(1_000, code=PAYS)
        acquirer.call("pay", order)
        first, second = a_refund(order, 600), a_refund(order, 400)
        assert acquirer.outcome("refund", first) == "S SUCCESS"
        assert acquirer.outcome("refund", a_refund(order, 401)) == "F REFUND_AMOUNT_EXCEED"
        assert acquirer.outcome("refund", a_refund(order, 1, "USD")) == "F CURRENCY_NOT_SUPPORT"
        assert acquirer.outcome("refund", second) == "S SUCCESS"
        assert acquirer.outcome("refund", first) == "S SUCCESS"
        found = acquirer.call("inquiryRefund", first)
        assert (found["refundStatus"], found["refundAmount"]["value"]) == ("SUCCESS", "600")
        assert acquirer.outcome("cancel", order) == "F ORDER_STATUS_INVALID"

    def test_an_unpaid_order_is_not_refunded(self, acquirer: Acquirer) -> None:
        order = an_order(code=CONFIRMS)
        acquirer.call("pay", order)
        assert acquirer.outcome("refund", a_refund(order, 1)) == "F ORDER_STATUS_INVALID"


class TestLostMessages:
    def test_endings_of_amounts_withhold_answers(self, acquirer: Acquirer) -> None:
        for ending, booked in (("68", 0), ("62", 1)):
            order = an_order(int(f"10{ending}"), code=PAYS)
            for _ in range(2):
                with pytest.raises(httpx.RemoteProtocolError):
                    acquirer.post("pay", order)
            assert [row["answer_withheld"] for row in book_of(acquirer, order)] == [True] * booked
        order = an_order(9_000, code=PAYS)
        acquirer.call("pay", order)
        for ending, outcome in (("68", "F REFUND_NOT_EXIST"), ("62", "S SUCCESS")):
            refund = a_refund(order, int(f"1{ending}"))
            with pytest.raises(httpx.RemoteProtocolError):
                acquirer.post("refund", refund)
            assert acquirer.outcome("inquiryRefund", refund) == outcome

    def test_faults_are_switched_on_for_a_number_of_calls(self, own: Acquirer) -> None:
        lost, withheld = an_order(code=PAYS), an_order(code=PAYS)
        faults = {"drop_next_requests": 1}
        assert own.host.http("POST", "/faults", json=faults).status_code == 204
        with pytest.raises(httpx.RemoteProtocolError):
            own.post("pay", lost)
        own.host.http("POST", "/faults", json={"drop_next_answers": 1})
        with pytest.raises(httpx.RemoteProtocolError):
            own.post("pay", withheld)
        assert (book_of(own, lost), len(book_of(own, withheld))) == ([], 1)
        assert own.outcome("pay", withheld) == "S SUCCESS"
        own.host.http("POST", "/faults", json={"delay_ms": 300})
        began = time.monotonic()
        own.call("pay", lost)
        assert time.monotonic() - began >= 0.3
        own.host.http("POST", "/faults", json={})

    @pytest.mark.parametrize(
        "faults", [[], {"delay_ms": -1}, {"delay_ms": True}, {"delay_ms": "1"}, {"other": 1}]
    )
    def test_what_is_no_fault_changes_nothing(self, acquirer: Acquirer, faults: Any) -> None:
        assert acquirer.host.http("POST", "/faults", json=faults).status_code == 422

    def test_the_books_survive_a_kill(self, own: Acquirer) -> None:
        paid, waiting = an_order(code=PAYS), an_order()
        first = own.call("pay", paid)
        own.call("pay", waiting)
        refund = a_refund(paid, 34)
        own.call("refund", refund)
        own.host.stop(signal.SIGKILL)
        own.host.start()
        assert own.call("pay", paid)["paymentId"] == first["paymentId"]
        assert own.status(waiting) == "PROCESSING PAYMENT_IN_PROCESS"
        assert own.outcome("refund", refund) == "S SUCCESS"
        assert book_of(own, paid)[0]["refunded_minor"] == 34

    def test_it_stops_cleanly_while_it_holds_an_answer_back(self, own: Acquirer) -> None:
        own.host.http("POST", "/faults", json={"delay_ms": 30_000})
        waiting = threading.Thread(target=lambda: _quietly(own.post, "pay", an_order()))
        waiting.start()
        time.sleep(0.2)
        began = time.monotonic()
        assert own.host.stop() == (0, "")
        assert time.monotonic() - began < 5
        waiting.join()
        own.host.start()


def _quietly(call: Callable[..., Any], *arguments: Any) -> None:
    try:
        call(*arguments)
    except httpx.HTTPError:
        return


def test_a_taken_port_ends_in_one_sentence(acquirer: Acquirer, tmp_path: Path) -> None:
    port = str(acquirer.host.ports["http"])
    second = SandboxProcess("alipayplus", tmp_path, "--keys", str(tmp_path), "--http-port", port)
    with pytest.raises(AssertionError, match="cannot start"):
        second.start()

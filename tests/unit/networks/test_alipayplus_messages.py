"""Alipay+'s messages: requests as the AMS API wants them, answers that count only for what they
name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.networks.wallet_samples import JSON, ORDER, answer
from tidegate.domain.errors import MalformedBody
from tidegate.domain.money import Money
from tidegate.domain.wallet import WalletRefund
from tidegate.networks.alipayplus import messages

CODE = "2812345678901234"


class TestRequests:
    def test_at_the_cashier(self) -> None:
        amount = {"currency": "HKD", "value": "3100"}
        assert messages.pay(ORDER) == {
            "productCode": "CASHIER_PAYMENT",
            "paymentRequestId": "pay-1",
            "order": {
                "referenceOrderId": "pay-1",
                "orderDescription": "Two teas",
                "orderAmount": amount,
                "merchant": {
                    "referenceMerchantId": "M1",
                    "merchantName": "Tea House",
                    "merchantMCC": "5411",
                    "store": {"referenceStoreId": "S1", "storeName": "Tea House"},
                },
            },
            "paymentAmount": amount,
            "paymentMethod": {"paymentMethodType": "ALIPAY_HK"},
            "paymentExpiryTime": "2026-03-04T06:10:00Z",
            "paymentNotifyUrl": ORDER.notify_url,
            "paymentRedirectUrl": "https://shop.example/back",
            "settlementStrategy": {"settlementCurrency": "HKD"},
            "env": {"terminalType": "WAP"},
        }

    def test_in_store(self) -> None:
        code = messages.pay(replace(ORDER, scenario="CPM", payment_code=CODE, brand=None))
        assert code["productCode"] == "IN_STORE_PAYMENT"
        assert code["paymentFactor"] == {"inStorePaymentScenario": "PaymentCode"}
        method = {"paymentMethodType": "CONNECT_WALLET", "paymentMethodId": CODE}
        assert code["paymentMethod"] == method
        shown = messages.pay(replace(ORDER, scenario="MPM", brand="GCash", return_url=None))
        assert shown["paymentFactor"] == {"inStorePaymentScenario": "OrderCode"}
        assert shown["paymentMethod"] == {"paymentMethodType": "GCASH"}
        assert "paymentRedirectUrl" not in shown

    def test_the_payer_chooses_where_the_brand_is_alipay_plus(self) -> None:
        method = messages.pay(replace(ORDER, brand="Alipayplus"))["paymentMethod"]
        assert method == {"paymentMethodType": "CONNECT_WALLET"}

    def test_a_refund_names_the_payment_by_what_is_known(self) -> None:
        known = messages.refund(WalletRefund("ref-1", "pay-1", "2026w", Money(100, "JPY")))
        assert known["refundAmount"] == {"currency": "JPY", "value": "100"}
        assert known["paymentId"] == "2026w"
        assert "paymentId" not in messages.refund(
            WalletRefund("ref-1", "pay-1", None, Money(100, "JPY"))
        )

    def test_a_code_is_in_no_text_of_the_order(self) -> None:
        assert CODE not in repr(replace(ORDER, payment_code=CODE))


class TestAnswers:
    def test_paid(self) -> None:
        paid = answer("S", "SUCCESS", pspCustomerInfo={"pspName": "KAKAOPAY"})
        read = messages.read_pay(paid, ORDER)
        assert read.answer.approved
        assert (read.answer.response_code, read.answer.scheme_reference) == ("SUCCESS", "2026w")
        assert (read.brand, read.action) == ("Kakao_Pay", None)

    @pytest.mark.parametrize(
        ("code", "decline"),
        [
            ("INVALID_PAYMENT_CODE", "I0111"),
            ("EXPIRED_CODE", "I0111"),
            ("USER_BALANCE_NOT_ENOUGH", "I0051"),
            ("RISK_REJECT", "B0033"),
            ("PAYMENT_AMOUNT_EXCEED_LIMIT", "I0061"),
            ("USER_NOT_EXIST", "I0093"),
            ("USER_STATUS_ABNORMAL", "I0093"),
            ("SOMETHING_NEW", "I0093"),
            ("PROCESS_FAIL", "P0000"),
            ("ORDER_IS_CLOSED", "P0098"),
            ("ORDER_IS_CANCELED", "P0098"),
        ],
    )
    def test_refused(self, code: str, decline: str) -> None:
        read = messages.read_pay(answer("F", code), ORDER)
        assert (read.answer.outcome, read.answer.response_code) == ("declined", code)
        assert (read.answer.decline, read.action) == (decline, None)

    def test_the_payer_has_to_go_somewhere(self) -> None:
        url = "https://wallet.example/cashier?id=1"
        read = messages.read_pay(answer("U", "PAYMENT_IN_PROCESS", normalUrl=url), ORDER)
        assert read.answer.pending
        assert read.action is not None
        assert (read.action.type, dict(read.action.data)) == (
            "redirectUser",
            {"url": url, "method": "GET"},
        )

    def test_the_payer_has_to_scan(self) -> None:
        details = [
            {"codeValueType": "BARCODE", "codeValue": "1"},
            {
                "codeValueType": "QRCODE",
                "displayType": "TEXT",
                "codeValue": "https://w.example/qr/1",
            },
        ]
        form = {"expireTime": "2026-03-04T14:10:00+08:00", "codeDetails": details}
        mpm = replace(ORDER, scenario="MPM")
        read = messages.read_pay(answer("U", "PAYMENT_IN_PROCESS", orderCodeForm=form), mpm)
        assert read.action is not None
        assert (read.action.type, dict(read.action.data)) == (
            "presentQRCode",
            {"qrCode": "https://w.example/qr/1", "expiredAt": "2026-03-04T06:10:00Z"},
        )

    def test_the_payer_has_to_confirm(self) -> None:
        cpm = replace(ORDER, scenario="CPM", payment_code=CODE)
        read = messages.read_pay(answer("U", "PAYMENT_IN_PROCESS"), cpm)
        assert read.action is not None
        assert read.action.type == "promptUser"
        unknown = messages.read_pay(answer("U", "UNKNOWN_EXCEPTION"), cpm)
        assert unknown.answer.pending
        assert unknown.action is None

    @pytest.mark.parametrize(
        "message",
        [
            {},
            {"result": "S"},
            answer("S", ""),
            answer("X", "SUCCESS"),
            answer("S", "SUCCESS") | {"result": {"resultStatus": ["S"], "resultCode": "SUCCESS"}},
            answer("S", "SUCCESS", paymentRequestId="another"),
            answer("S", "SUCCESS", paymentAmount={"currency": "HKD", "value": "1"}),
            answer("S", "SUCCESS", paymentAmount={"currency": "USD", "value": "3100"}),
            answer("U", "PAYMENT_IN_PROCESS"),
            answer("U", "PAYMENT_IN_PROCESS", normalUrl="javascript:alert(1)"),
            answer("U", "PAYMENT_IN_PROCESS", normalUrl="https://w", paymentRequestId="another"),
            answer("F", "REPEAT_REQ_INCONSISTENT"),
        ],
    )
    def test_what_says_nothing_of_this_order_is_no_answer(self, message: dict[str, Any]) -> None:
        with pytest.raises(MalformedBody):
            messages.read_pay(message, ORDER)

    @pytest.mark.parametrize(
        "form",
        [
            None,
            [],
            {"expireTime": "2026-03-04T06:10:00Z"},
            {"expireTime": "2026-03-04T06:10:00Z", "codeDetails": "QRCODE"},
            {"expireTime": "2026-03-04T06:10:00Z", "codeDetails": [7, {"codeValueType": "QRCODE"}]},
            {"expireTime": "soon", "codeDetails": [{"codeValueType": "QRCODE", "codeValue": "1"}]},
            {"codeDetails": [{"codeValueType": "QRCODE", "codeValue": "1"}]},
        ],
    )
    def test_a_form_without_a_code_is_no_answer(self, form: object) -> None:
        message = answer("U", "PAYMENT_IN_PROCESS", orderCodeForm=form)
        with pytest.raises(MalformedBody):
            messages.read_pay(message, replace(ORDER, scenario="MPM"))

    @pytest.mark.parametrize(
        ("status", "outcome"),
        [
            ("SUCCESS", "approved"),
            ("FAIL", "declined"),
            ("CANCELLED", "declined"),
            ("PROCESSING", "pending"),
            ("PENDING", "pending"),
            ("PAYMENT_PENDING", "pending"),
            (None, "pending"),
        ],
    )
    def test_an_inquiry_tells_the_payments_own_state(self, status: object, outcome: str) -> None:
        message = answer("S", "SUCCESS", paymentStatus=status, paymentResultCode="RISK_REJECT")
        read = messages.read_inquiry(message, "pay-1").answer
        assert (read.outcome, read.response_code) == (outcome, "RISK_REJECT")
        assert read.decline == ("B0033" if outcome == "declined" else None)

    @pytest.mark.parametrize(
        ("status", "code", "outcome"),
        [
            ("F", "ORDER_NOT_EXIST", "declined"),
            ("F", "INVALID_SIGNATURE", "pending"),
            ("U", "UNKNOWN_EXCEPTION", "pending"),
        ],
    )
    def test_an_inquiry_that_failed_leaves_the_payment_open(
        self, status: str, code: str, outcome: str
    ) -> None:
        assert messages.read_inquiry(answer(status, code), "pay-1").answer.outcome == outcome

    def test_refunds(self) -> None:
        done = messages.read_refund(answer("S", "SUCCESS"), "ref-1").answer
        assert (done.outcome, done.scheme_reference) == ("approved", "2026r")
        refused = messages.read_refund(answer("F", "REFUND_AMOUNT_EXCEED"), "ref-1").answer
        assert (refused.outcome, refused.decline) == ("declined", "B0013")
        under_way = messages.read_refund(answer("U", "REFUND_IN_PROCESS"), "ref-1").answer
        assert under_way.outcome == "pending"
        for status, outcome in (("SUCCESS", "approved"), ("PROCESSING", "pending")):
            message = answer("S", "SUCCESS", refundStatus=status)
            assert messages.read_refund_inquiry(message, "ref-1").answer.outcome == outcome
        failed = answer("S", "SUCCESS", refundStatus="FAIL")
        assert messages.read_refund_inquiry(failed, "ref-1").answer.outcome == "declined"
        unknown = answer("F", "REFUND_NOT_EXIST")
        assert messages.read_refund_inquiry(unknown, "ref-1").answer.outcome == "declined"
        with pytest.raises(MalformedBody):
            messages.read_refund(answer("F", "REPEAT_REQ_INCONSISTENT"), "ref-1")

    def test_answers_about_something_else_are_no_answers(self) -> None:
        done = answer("S", "SUCCESS", paymentStatus="SUCCESS", refundStatus="SUCCESS")
        readers: list[Callable[[dict[str, Any], str], object]] = [
            messages.read_inquiry,
            messages.read_refund,
            messages.read_refund_inquiry,
            messages.cancelled,
        ]
        for read in readers:
            with pytest.raises(MalformedBody):
                read(done, "another")

    @pytest.mark.parametrize("kind", [None, 7, [], {}, "OTHER"])
    def test_a_notice_of_another_kind_is_refused(self, kind: Any) -> None:
        notice = answer("S", "SUCCESS", paymentRequestId="pay-1", notifyType=kind)
        with pytest.raises(MalformedBody):
            messages.read_notice(notice)

    def test_a_cancel_is_done_or_not(self) -> None:
        assert messages.cancelled(answer("S", "SUCCESS"), "pay-1")
        assert messages.cancelled(answer("F", "ORDER_NOT_EXIST"), "pay-1")
        assert not messages.cancelled(answer("F", "CANCEL_WINDOW_EXCEED"), "pay-1")
        assert not messages.cancelled(answer("U", "UNKNOWN_EXCEPTION"), "pay-1")

    @given(
        st.dictionaries(
            st.sampled_from(
                ["paymentStatus", "normalUrl", "orderCodeForm", "pspCustomerInfo", "paymentId"]
            ),
            JSON,
        ),
        st.sampled_from(["U", "A", "F"]),
        st.sampled_from(["SUCCESS", "PAYMENT_IN_PROCESS", "PAYMENT_PENDING", "UNKNOWN_EXCEPTION"]),
        st.sampled_from(["redirect", "CPM", "MPM"]),
    )
    def test_only_a_success_is_ever_paid(
        self, others: dict[str, Any], status: str, code: str, scenario: Any
    ) -> None:
        message = answer(status, code) | others
        try:
            read = messages.read_pay(message, replace(ORDER, scenario=scenario))
        except MalformedBody:
            return
        assert not read.answer.approved
        assert not messages.read_inquiry(message, "pay-1").answer.approved
        assert not messages.read_refund(message, "ref-1").answer.approved

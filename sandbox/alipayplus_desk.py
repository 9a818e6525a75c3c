"""The operations of the AMS API v1 over the books: a request's object in, an answer's object out.

Amounts and payment codes choose what happens, so that every case can be brought about from
outside (docs/wallets.md): the tables below.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.alipayplus_books import FAILED, HOME, OPEN, PAID, WalletBooks
from sandbox.alipayplus_orders import (
    ANY_WALLET,
    NewOrder,
    Refused,
    payment_named,
    read_order,
    read_refund,
    refund_named,
)

Answer = dict[str, Any]
LOST_BEFORE_BOOKING, LOST_AFTER_BOOKING = "68", "62"
"""Endings of amounts, in minor units, whose requests are not answered."""
CODE = re.compile(r"[0-9]{16,24}")
CODE_METHODS = {
    **dict.fromkeys(("25", "26", "27", "28"), "ALIPAY_CN"),
    **dict.fromkeys(("29", "30"), "ALIPAY_HK"),
}
"""First digits of payment codes."""
CODE_RESULTS = {
    "00": (FAILED, "INVALID_PAYMENT_CODE"),
    "11": (OPEN, "PAYMENT_IN_PROCESS"),
    "51": (FAILED, "USER_BALANCE_NOT_ENOUGH"),
}
"""Last digits of payment codes; all others pay at once."""
NOTICE_AFTER_S = 1.0
"""A result that its answer tells already is notified a little later."""
MESSAGES = {
    "SUCCESS": "success.",
    "PAYMENT_IN_PROCESS": "Payment in process.",
    "INVALID_CLIENT": "The client is invalid.",
    "INVALID_SIGNATURE": "The signature is invalid.",
    "PARAM_ILLEGAL": "The required parameters are not passed, or illegal parameters exist.",
    "INVALID_PAYMENT_CODE": "The payment code is wrong or expired.",
    "USER_BALANCE_NOT_ENOUGH": "The user balance is not enough for the payment.",
    "USER_PAYMENT_VERIFICATION_FAILED": "The user declined the payment.",
    "UNAVAILABLE_PAYMENT_METHOD": "The payment method is unavailable.",
    "CURRENCY_NOT_SUPPORT": "The currency is not supported.",
    "REPEAT_REQ_INCONSISTENT": "Repeated requests are inconsistent.",
    "ORDER_NOT_EXIST": "The order does not exist.",
    "ORDER_IS_CLOSED": "The order is closed.",
    "ORDER_IS_CANCELED": "The order is cancelled.",
    "ORDER_STATUS_INVALID": "The status of the order does not allow this.",
    "CANCEL_WINDOW_EXCEED": "The order can no longer be cancelled.",
    "REFUND_NOT_EXIST": "The refund does not exist.",
    "REFUND_AMOUNT_EXCEED": "The total refund amount exceeds the payment amount.",
    "UNKNOWN_EXCEPTION": "The API call failed for an unknown reason.",
}


class Desk:
    """Answers acquirers. ``address`` is where payers reach this host."""

    def __init__(self, books: WalletBooks, address: Callable[[], str]) -> None:
        self._books = books
        self._address = address
        self._operations: dict[str, Callable[[Answer], Answer | None]] = {
            "pay": self._pay,
            "inquiryPayment": self._inquire,
            "cancel": self._cancel,
            "refund": self._refund,
            "inquiryRefund": self._inquire_refund,
        }

    def knows(self, operation: str) -> bool:
        return operation in self._operations

    def answer(self, operation: str, request: Answer) -> Answer | None:
        """The answer; None where none is to be given."""
        try:
            return self._operations[operation](request)
        except Refused as refused:
            return {"result": result("F", refused.code)}

    def _pay(self, request: Answer) -> Answer | None:
        order = read_order(request, self._books.now())
        ending = _ending(order.amount_minor)
        if ending == LOST_BEFORE_BOOKING:
            return None
        order, status, code = _decided(order)
        placed = self._books.place(
            order,
            status,
            code,
            notice_in_s=NOTICE_AFTER_S,
            withhold=ending == LOST_AFTER_BOOKING,
        )
        if ending == LOST_AFTER_BOOKING:
            return None
        answer = {"result": _result_of(placed), **_about(placed)}
        if placed["status"] == OPEN:
            answer |= self._way(placed)
        return answer

    def _way(self, order: sqlite3.Row) -> Answer:
        """How the payer gets to the order."""
        if order["scenario"] == "OrderCode":
            code = f"{self._address()}/qr/{order['qr_code']}"
            detail = {"codeValueType": "QRCODE", "displayType": "TEXT", "codeValue": code}
            return {
                "orderCodeForm": {
                    "paymentMethodType": order["method"],
                    "expireTime": moment(order["expires_at"]),
                    "codeDetails": [detail],
                }
            }
        if order["scenario"] == "PaymentCode":
            return {}
        url = f"{self._address()}/pay/{order['payment_id']}"
        return {"normalUrl": url, "redirectActionForm": {"method": "GET", "redirectUrl": url}}

    def _inquire(self, request: Answer) -> Answer:
        order = self._books.order(*payment_named(request))
        if order is None:
            raise Refused("ORDER_NOT_EXIST")
        code = order["result_code"]
        return {
            "result": result("S", "SUCCESS"),
            "paymentStatus": order["status"],
            "paymentResultCode": code,
            "paymentResultMessage": MESSAGES[code],
            **_about(order),
        }

    def _cancel(self, request: Answer) -> Answer:
        order = self._books.cancel(*payment_named(request))
        return {
            "result": result("S", "SUCCESS"),
            "paymentRequestId": order["request_id"],
            "paymentId": order["payment_id"],
            "cancelTime": moment(self._books.now()),
        }

    def _refund(self, request: Answer) -> Answer | None:
        refund = read_refund(request)
        ending = _ending(refund.amount_minor)
        if ending == LOST_BEFORE_BOOKING:
            return None
        booked = self._books.refund(refund, withhold=ending == LOST_AFTER_BOOKING)
        if ending == LOST_AFTER_BOOKING:
            return None
        return {"result": result("S", "SUCCESS"), **_about_refund(booked)}

    def _inquire_refund(self, request: Answer) -> Answer:
        booked = self._books.refund_of(*refund_named(request))
        if booked is None:
            raise Refused("REFUND_NOT_EXIST")
        return {"result": result("S", "SUCCESS"), "refundStatus": PAID, **_about_refund(booked)}


def notification(order: sqlite3.Row) -> Answer:
    """notifyPayment: what became of an order."""
    return {"notifyType": "PAYMENT_RESULT", "result": _result_of(order), **_about(order)}


def result(status: str, code: str) -> dict[str, str]:
    """The result object of every answer."""
    return {"resultStatus": status, "resultCode": code, "resultMessage": MESSAGES[code]}


def moment(at: float) -> str:
    """Alipay+ writes times with +08:00."""
    return datetime.fromtimestamp(at, HOME).isoformat(timespec="seconds")


def _decided(order: NewOrder) -> tuple[NewOrder, str, str]:
    """The order with its wallet, its first status and result code."""
    code = order.payment_code
    if code is None:
        return order, OPEN, "PAYMENT_IN_PROCESS"
    method = CODE_METHODS.get(code[:2])
    if method is None or not CODE.fullmatch(code) or order.method not in {method, ANY_WALLET}:
        return order, *CODE_RESULTS["00"]
    return order.by(method), *CODE_RESULTS.get(code[-2:], (PAID, "SUCCESS"))


def _result_of(order: sqlite3.Row) -> dict[str, str]:
    return result({PAID: "S", OPEN: "U"}.get(order["status"], "F"), order["result_code"])


def _about(order: sqlite3.Row) -> Answer:
    about: Answer = {
        "paymentRequestId": order["request_id"],
        "paymentId": order["payment_id"],
        "paymentAmount": {"currency": order["currency"], "value": str(order["amount_minor"])},
        "paymentCreateTime": moment(order["created_at"]),
    }
    if order["method"] != ANY_WALLET:
        about["pspCustomerInfo"] = {"pspName": order["method"]}
    if order["paid_at"] is not None:
        about["paymentTime"] = moment(order["paid_at"])
    return about


def _about_refund(refund: sqlite3.Row) -> Answer:
    return {
        "refundRequestId": refund["request_id"],
        "refundId": refund["refund_id"],
        "paymentId": refund["payment_id"],
        "refundAmount": {"currency": refund["currency"], "value": str(refund["amount_minor"])},
        "refundTime": moment(refund["booked_at"]),
    }


def _ending(amount_minor: int) -> str:
    return f"{amount_minor:02d}"[-2:]

"""Messages of Alipay+ as JSON, and what they mean to us (Antom AMS API v1: pay, inquiryPayment,
cancel, refund, inquiryRefund, notifyPayment). Amounts are minor units in text.

An answer counts only for what it names: its signature alone does not say whose it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tidegate.domain.errors import MalformedBody
from tidegate.domain.message import NetworkAnswer
from tidegate.domain.money import Money
from tidegate.domain.wallet import Action, WalletAnswer, WalletOrder, WalletRefund

METHODS = {
    "Alipay": "ALIPAY_CN",
    "AlipayHK": "ALIPAY_HK",
    "TrueMoney": "TRUEMONEY",
    "TNG": "TNG",
    "GCash": "GCASH",
    "DANA": "DANA",
    "Kakao_Pay": "KAKAOPAY",
}
"""``paymentMethodType`` by brand; CONNECT_WALLET leaves the choice to the payer."""
ANY_WALLET = "CONNECT_WALLET"
_BRANDS = {method: brand for brand, method in METHODS.items() if method != ANY_WALLET}
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_CODE = re.compile(r"[ -~]{1,2048}")
"""What a wallet may have shown as a QR code: one of error correction M holds 2,331 bytes."""
_LAST_MOMENT = 253_402_300_799  # the end of the year 9999
_SCENARIOS = {"CPM": "PaymentCode", "MPM": "OrderCode"}
_TERMINALS = {"WEB": "WEB", "WAP": "WAP", "APP": "APP", "MINI": "MINI_APP", "INWALLET": "WAP"}

SUCCESS, FAILED, UNKNOWN, ACCEPTED = "S", "F", "U", "A"
DECLINES = {
    "INVALID_PAYMENT_CODE": "I0111",
    "INVALID_CODE": "I0111",
    "EXPIRED_CODE": "I0111",
    "USER_BALANCE_NOT_ENOUGH": "I0051",
    "PAYMENT_AMOUNT_EXCEED_LIMIT": "I0061",
    "USER_AMOUNT_EXCEED_LIMIT": "I0061",
    "PAYMENT_COUNT_EXCEED_LIMIT": "I0061",
    "RISK_REJECT": "B0033",
    "REGULATION_RESTRICTION": "B0033",
    "CURRENCY_NOT_SUPPORT": "B0007",
    "UNAVAILABLE_PAYMENT_METHOD": "B0006",
    "PAYMENT_METHOD_NOT_SUPPORTED": "B0006",
    "BUSINESS_NOT_SUPPORT": "B0005",
    "ORDER_STATUS_INVALID": "B0012",
    "CANCEL_WINDOW_EXCEED": "B0012",
    "REFUND_WINDOW_EXCEED": "B0012",
    "REFUND_AMOUNT_EXCEED": "B0013",
    "ORDER_IS_CLOSED": "P0098",
    "ORDER_IS_CANCELED": "P0098",
    "ORDER_NOT_EXIST": "P0098",
    "REFUND_NOT_EXIST": "P0098",
    "PROCESS_FAIL": "P0000",
    "ACCESS_DENIED": "P0000",
    "INVALID_CLIENT": "P0000",
    "INVALID_CONTRACT": "P0000",
    "INVALID_SIGNATURE": "P0000",
    "KEY_NOT_FOUND": "P0000",
    "PARAM_ILLEGAL": "P0000",
}
"""EVO result codes; what a payer's wallet or account refuses otherwise is ``DECLINED``."""
DECLINED = "I0093"
CONFLICT = "REPEAT_REQ_INCONSISTENT"
"""The id was used with other content: a failure of this request that says nothing of the first."""
IN_PROCESS = "PAYMENT_IN_PROCESS"
PROMPT = "Ask the customer to confirm in the wallet app"
_STATES = {
    "SUCCESS": "approved",
    "FAIL": "declined",
    "CANCELLED": "declined",
    "PROCESSING": "pending",
    "PENDING": "pending",
}


def pay(order: WalletOrder) -> dict[str, Any]:
    """A pay request: in store by code, in store by our QR code, or at the wallet's cashier."""
    acceptor = order.acceptor
    amount = money(order.amount)
    in_store = order.scenario != "redirect"
    method: dict[str, Any] = {"paymentMethodType": METHODS.get(order.brand or "", ANY_WALLET)}
    if order.payment_code is not None:
        method = {"paymentMethodType": ANY_WALLET, "paymentMethodId": order.payment_code}
    message: dict[str, Any] = {
        "productCode": "IN_STORE_PAYMENT" if in_store else "CASHIER_PAYMENT",
        "paymentRequestId": order.request_id,
        "order": {
            "referenceOrderId": order.request_id,
            "orderDescription": order.title,
            "orderAmount": amount,
            "merchant": {
                "referenceMerchantId": acceptor.id,
                "merchantName": acceptor.name,
                "merchantMCC": acceptor.mcc,
                "store": {"referenceStoreId": order.store_id, "storeName": acceptor.name},
            },
        },
        "paymentAmount": amount,
        "paymentMethod": method,
        "paymentExpiryTime": moment(order.expires_at),
        "paymentNotifyUrl": order.notify_url,
        "settlementStrategy": {"settlementCurrency": order.amount.currency},
    }
    if in_store:
        message["paymentFactor"] = {"inStorePaymentScenario": _SCENARIOS[order.scenario]}
    else:
        message["env"] = {"terminalType": _TERMINALS.get(order.platform or "WEB", "WEB")}
    if order.return_url is not None:
        message["paymentRedirectUrl"] = order.return_url
    return message


def inquiry(request_id: str) -> dict[str, Any]:
    """An inquiryPayment or cancel request."""
    return {"paymentRequestId": request_id}


def refund(given: WalletRefund) -> dict[str, Any]:
    """A refund request."""
    message: dict[str, Any] = {
        "refundRequestId": given.request_id,
        "paymentRequestId": given.payment_request_id,
        "refundAmount": money(given.amount),
    }
    if given.wallet_reference is not None:
        message["paymentId"] = given.wallet_reference
    return message


def refund_inquiry(request_id: str) -> dict[str, Any]:
    """An inquiryRefund request."""
    return {"refundRequestId": request_id}


def read_pay(message: Mapping[str, Any], order: WalletOrder) -> WalletAnswer:
    """The answer to a pay request. Raises MalformedBody, also where another amount was paid."""
    state, code = result_of(message)
    answer = _answer(message, state, code)
    if answer.outcome != "declined":
        _require(message, "paymentRequestId", order.request_id)
    if not answer.pending:
        if answer.approved:
            _require(message, "paymentAmount", money(order.amount))
        return WalletAnswer(answer, brand=_brand(message))
    return WalletAnswer(answer, _action(message, order, code), _brand(message))


def read_inquiry(message: Mapping[str, Any], request_id: str) -> WalletAnswer:
    """The answer to an inquiry: the payment's own state, once the inquiry itself succeeded."""
    state, code = result_of(message)
    if state == SUCCESS:
        _require(message, "paymentRequestId", request_id)
        status = _word(message.get("paymentStatus"))
        reason = _word(message.get("paymentResultCode")) or status
        outcome = _STATES.get(status, "pending")
        return WalletAnswer(_outcome(message, outcome, reason), brand=_brand(message))
    if state == FAILED and code == "ORDER_NOT_EXIST":
        return WalletAnswer(_outcome(message, "declined", code))
    return WalletAnswer(_outcome(message, "pending", code))


def read_refund(message: Mapping[str, Any], request_id: str) -> WalletAnswer:
    """The answer to a refund request."""
    state, code = result_of(message)
    answer = _answer(message, state, code, reference="refundId")
    if answer.approved:
        _require(message, "refundRequestId", request_id)
    return WalletAnswer(answer)


def read_refund_inquiry(message: Mapping[str, Any], request_id: str) -> WalletAnswer:
    """The answer to an inquiryRefund: the refund's own state."""
    state, code = result_of(message)
    if state == SUCCESS:
        _require(message, "refundRequestId", request_id)
        status = _word(message.get("refundStatus"))
        outcome = _STATES.get(status, "pending")
        reason = code if outcome == "approved" else status
        return WalletAnswer(_outcome(message, outcome, reason, reference="refundId"))
    if state == FAILED and code in {"REFUND_NOT_EXIST", "ORDER_NOT_EXIST"}:
        return WalletAnswer(_outcome(message, "declined", code))
    return WalletAnswer(_outcome(message, "pending", code))


def cancelled(message: Mapping[str, Any], request_id: str) -> bool:
    """Whether a cancel is done; an order that never was needs none."""
    state, code = result_of(message)
    if state == SUCCESS:
        _require(message, "paymentRequestId", request_id)
    return state == SUCCESS or code == "ORDER_NOT_EXIST"


def read_notice(message: Mapping[str, Any]) -> tuple[str, WalletAnswer]:
    """A notifyPayment: (paymentRequestId, what became of it). In one of PAYMENT_PENDING a success
    is the payer's, not the payment's. Raises MalformedBody."""
    request_id, kind = message.get("paymentRequestId"), message.get("notifyType")
    if kind not in ("PAYMENT_RESULT", "PAYMENT_PENDING") or not isinstance(request_id, str):
        raise MalformedBody("the notification is none of a payment's result")
    state, code = result_of(message)
    if kind == "PAYMENT_PENDING" and state == SUCCESS:
        state = UNKNOWN
    return request_id, WalletAnswer(_answer(message, state, code), brand=_brand(message))


def result_of(message: Mapping[str, Any]) -> tuple[str, str]:
    """resultStatus and resultCode; raises MalformedBody."""
    result = message.get("result")
    if not isinstance(result, dict):
        raise MalformedBody("the message has no result")
    status, code = result.get("resultStatus"), _word(result.get("resultCode"))
    if status not in (SUCCESS, FAILED, UNKNOWN, ACCEPTED) or not code:
        raise MalformedBody("the message's result cannot be read")
    if code == CONFLICT:
        raise MalformedBody("the wallet holds this id to be another's")
    return str(status), code


def parsed(raw: bytes) -> dict[str, Any]:
    """A message's JSON object; raises MalformedBody."""
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError):
        raise MalformedBody("the message is no JSON") from None
    if not isinstance(message, dict):
        raise MalformedBody("the message is no JSON object")
    return message


def written(message: Mapping[str, Any]) -> bytes:
    """A message as it is signed and sent."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()


def money(amount: Money) -> dict[str, str]:
    """Minor units in text."""
    return {"currency": amount.currency, "value": str(amount.minor)}


def moment(at: float) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(stamp: object) -> float:
    """Unix seconds of an ISO 8601 moment with its zone, or of one in milliseconds: both are in
    use. Raises MalformedBody."""
    text = stamp if isinstance(stamp, str) else ""
    try:
        if text.isascii() and text.isdecimal():
            found = int(text[:20]) / 1000
        else:
            read = datetime.fromisoformat(text)
            found = read.timestamp() if read.tzinfo is not None else -1
        if 0 <= found <= _LAST_MOMENT:
            return found
    except (ValueError, OverflowError):
        pass
    raise MalformedBody("a moment cannot be read")


def _answer(
    message: Mapping[str, Any], state: str, code: str, reference: str = "paymentId"
) -> NetworkAnswer:
    """Success is paid, failure is refused, everything else is still processing."""
    outcome = {SUCCESS: "approved", FAILED: "declined"}.get(state, "pending")
    return _outcome(message, outcome, code, reference)


def _outcome(
    message: Mapping[str, Any], outcome: str, code: str, reference: str = "paymentId"
) -> NetworkAnswer:
    return NetworkAnswer(
        response_code=code,
        scheme_reference=_word(message.get(reference)) or None,
        outcome=outcome,
        decline=DECLINES.get(code, DECLINED) if outcome == "declined" else None,
    )


def _require(message: Mapping[str, Any], field: str, expected: object) -> None:
    if message.get(field) != expected:
        raise MalformedBody(f"the message is about another {field}")


def _word(value: object) -> str:
    """An id or code as it may be kept; empty for what is none."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def _action(message: Mapping[str, Any], order: WalletOrder, code: str) -> Action | None:
    if order.scenario == "CPM":
        return Action("promptUser", {"message": PROMPT}) if code == IN_PROCESS else None
    if order.scenario == "MPM":
        return _code_to_show(message.get("orderCodeForm"))
    url = message.get("normalUrl")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        raise MalformedBody("the answer has no address to go to")
    return Action("redirectUser", {"url": url, "method": "GET"})


def _code_to_show(form: object) -> Action:
    if not isinstance(form, dict) or not isinstance(form.get("codeDetails"), list):
        raise MalformedBody("the answer has no order code")
    for detail in form["codeDetails"]:
        if isinstance(detail, dict) and detail.get("codeValueType") == "QRCODE":
            code = detail.get("codeValue")
            if isinstance(code, str) and _CODE.fullmatch(code):
                expired_at = moment(seconds(form.get("expireTime")))
                return Action("presentQRCode", {"qrCode": code, "expiredAt": expired_at})
    raise MalformedBody("the answer has no QR code")


def _brand(message: Mapping[str, Any]) -> str | None:
    info = message.get("pspCustomerInfo")
    name = info.get("pspName") if isinstance(info, dict) else None
    return _BRANDS.get(name) if isinstance(name, str) else None

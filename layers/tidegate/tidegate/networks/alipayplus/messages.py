"""Messages of Alipay+ as JSON, and what they mean to us (AMS API: pay, inquiryPayment, cancel,
refund, inquiryRefund, notifyPayment). Amounts are minor units in text."""

from __future__ import annotations

import json
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
    "Alipayplus": "CONNECT_WALLET",
    "TrueMoney": "TRUEMONEY",
    "TNG": "TNG",
    "GCash": "GCASH",
    "DANA": "DANA",
    "Kakao_Pay": "KAKAOPAY",
}
_BRANDS = {method: brand for brand, method in METHODS.items()}
_SCENARIOS = {"CPM": "PaymentCode", "MPM": "OrderCode"}
_TERMINALS = {"WEB": "WEB", "WAP": "WAP", "APP": "APP", "MINI": "MINI_APP", "INWALLET": "WAP"}

SUCCESS, FAILED, UNKNOWN, ACCEPTED = "S", "F", "U", "A"
DECLINES = {
    "INVALID_PAYMENT_CODE": "I0111",
    "INVALID_CODE": "I0111",
    "CODE_EXPIRED": "I0111",
    "USER_BALANCE_NOT_ENOUGH": "I0051",
    "USER_PAYMENT_VERIFICATION_FAILED": "B0021",
    "RISK_REJECT": "B0033",
    "PAYMENT_AMOUNT_EXCEED_LIMIT": "I0061",
    "ORDER_IS_CLOSED": "P0098",
    "ORDER_IS_CANCELED": "P0098",
    "ORDER_NOT_EXIST": "P0098",
    "REFUND_NOT_EXIST": "P0098",
    "PROCESS_FAIL": "P0000",
    "REFUND_AMOUNT_EXCEED": "B0013",
    "CURRENCY_NOT_SUPPORT": "B0007",
    "PAYMENT_METHOD_NOT_SUPPORTED": "B0006",
}
DECLINED = "I0093"
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
    method: dict[str, Any] = {"paymentMethodType": METHODS.get(order.brand or "", "CONNECT_WALLET")}
    if order.payment_code is not None:
        method["paymentMethodId"] = order.payment_code
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
        "env": {"terminalType": _TERMINALS.get(order.platform or "WEB", "WEB")},
    }
    if in_store:
        message["paymentFactor"] = {"inStorePaymentScenario": _SCENARIOS[order.scenario]}
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
    """The answer to a pay request."""
    state, code, text = result_of(message)
    answer = _answer(message, state, code)
    if not answer.pending:
        return WalletAnswer(answer, brand=_brand(message))
    return WalletAnswer(answer, _action(message, order, text), _brand(message))


def read_inquiry(message: Mapping[str, Any]) -> WalletAnswer:
    """The answer to an inquiry: the payment's own state, once the inquiry itself succeeded."""
    state, code, _ = result_of(message)
    if state == SUCCESS:
        status = str(message.get("paymentStatus", ""))
        outcome = _STATES.get(status, "pending")
        reason = str(message.get("paymentResultCode") or status)
        return WalletAnswer(_outcome(message, outcome, reason), brand=_brand(message))
    if state == FAILED and code == "ORDER_NOT_EXIST":
        return WalletAnswer(_outcome(message, "declined", code))
    return WalletAnswer(_outcome(message, "pending", code))


def read_refund(message: Mapping[str, Any]) -> WalletAnswer:
    """The answer to a refund request."""
    state, code, _ = result_of(message)
    return WalletAnswer(_answer(message, state, code, reference="refundId"))


def read_refund_inquiry(message: Mapping[str, Any]) -> WalletAnswer:
    """The answer to an inquiryRefund: the refund's own state."""
    state, code, _ = result_of(message)
    if state == SUCCESS:
        outcome = _STATES.get(str(message.get("refundStatus", "")), "pending")
        return WalletAnswer(_outcome(message, outcome, code, reference="refundId"))
    if state == FAILED and code in {"REFUND_NOT_EXIST", "ORDER_NOT_EXIST"}:
        return WalletAnswer(_outcome(message, "declined", code))
    return WalletAnswer(_outcome(message, "pending", code))


def cancelled(message: Mapping[str, Any]) -> bool:
    """Whether a cancel is done; an order that never was needs none."""
    state, code, _ = result_of(message)
    return state == SUCCESS or code == "ORDER_NOT_EXIST"


def read_notice(message: Mapping[str, Any]) -> tuple[str, WalletAnswer]:
    """A notifyPayment of the result: (paymentRequestId, what became of it)."""
    request_id = message.get("paymentRequestId")
    if message.get("notifyType") != "PAYMENT_RESULT" or not isinstance(request_id, str):
        raise MalformedBody("the notification is none of a payment's result")
    state, code, _ = result_of(message)
    return request_id, WalletAnswer(_answer(message, state, code), brand=_brand(message))


def result_of(message: Mapping[str, Any]) -> tuple[str, str, str]:
    """resultStatus, resultCode, resultMessage; raises MalformedBody."""
    result = message.get("result")
    if not isinstance(result, dict):
        raise MalformedBody("the message has no result")
    status, code = result.get("resultStatus"), result.get("resultCode")
    if status not in {SUCCESS, FAILED, UNKNOWN, ACCEPTED} or not isinstance(code, str):
        raise MalformedBody("the message's result cannot be read")
    return str(status), code[:64].replace("|", "_"), str(result.get("resultMessage", ""))


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
    """ISO 8601 with its zone."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _answer(
    message: Mapping[str, Any], state: str, code: str, reference: str = "paymentId"
) -> NetworkAnswer:
    """Success is paid, failure is refused, everything else is still processing."""
    outcome = {SUCCESS: "approved", FAILED: "declined"}.get(state, "pending")
    return _outcome(message, outcome, code, reference)


def _outcome(
    message: Mapping[str, Any], outcome: str, code: str, reference: str = "paymentId"
) -> NetworkAnswer:
    named = message.get(reference)
    return NetworkAnswer(
        response_code=code,
        scheme_reference=named.replace("|", "_")[:64] if isinstance(named, str) else None,
        outcome=outcome,
        decline=DECLINES.get(code, DECLINED) if outcome == "declined" else None,
    )


def _action(message: Mapping[str, Any], order: WalletOrder, text: str) -> Action:
    if order.scenario == "CPM":
        return Action("promptUser", {"message": text or "Ask the customer to confirm in the app"})
    if order.scenario == "MPM":
        form = message.get("orderCodeForm")
        details = form.get("codeDetails", []) if isinstance(form, dict) else []
        codes = [one for one in details if isinstance(one, dict) and one.get("codeValueType")]
        chosen = next((one for one in codes if one["codeValueType"] == "QRCODE"), None)
        if chosen is None or not isinstance(chosen.get("codeValue"), str):
            raise MalformedBody("the answer has no code to show")
        return Action(
            "presentQRCode", {"qrCode": chosen["codeValue"], "expiredAt": moment(order.expires_at)}
        )
    url = message.get("normalUrl")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        raise MalformedBody("the answer has no address to go to")
    return Action("redirectUser", {"url": url, "method": "GET"})


def _brand(message: Mapping[str, Any]) -> str | None:
    info = message.get("pspCustomerInfo")
    name = info.get("paymentMethodType") if isinstance(info, dict) else None
    return _BRANDS.get(name) if isinstance(name, str) else None

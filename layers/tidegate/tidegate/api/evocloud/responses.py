"""Bodies of answers and notifications: the payment, what was done to it, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tidegate.api.evocloud.result_codes import PSP_MESSAGES, SUCCESS, message_of
from tidegate.domain.money import Money
from tidegate.domain.payment import Leg, OperationStatus, Payment, PaymentOperation
from tidegate.domain.transitions import Operation, Status
from tidegate.services.change import Change

STATUSES = {
    Status.PENDING: "Pending",
    Status.REVERSING: "Pending",
    Status.VERIFIED: "Verified",
    Status.AUTHORISED: "Authorised",
    Status.CAPTURED: "Captured",
    Status.PARTIAL_REFUNDED: "Partial Refunded",
    Status.REFUNDED: "Refunded",
    Status.CANCELLING: "Cancelling",
    Status.CANCELLED: "Cancelled",
    Status.FAILED: "Failed",
}
OPERATION_STATUSES = {
    OperationStatus.RECEIVED: "Received",
    OperationStatus.SUCCESS: "Success",
    OperationStatus.FAILED: "Failed",
}
OBJECTS = {
    Operation.CAPTURE: "capture",
    Operation.CANCEL: "cancel",
    Operation.REFUND: "refund",
}


def created(payment: Payment) -> dict[str, Any]:
    """POST payment: a decline's code is the answer's code."""
    return {"result": _result(payment.failure_code, payment.answer), **payment_body(payment)}


def found(payment: Payment) -> dict[str, Any]:
    """GET payment: finding it is a success, whatever became of it."""
    return {"result": _result(None, None), **payment_body(payment)}


def changed(change: Change) -> dict[str, Any]:
    """POST capture, cancel, refund, cancelOrRefund."""
    operation = change.operation
    return {
        "result": _result(operation.failure_code, operation.answer),
        **operation_body(operation, change.payment),
    }


def found_operation(change: Change) -> dict[str, Any]:
    """GET capture, cancel, refund, cancelOrRefund."""
    return {"result": _result(None, None), **operation_body(change.operation, change.payment)}


def payment_body(payment: Payment) -> dict[str, Any]:
    """``payment``, ``paymentMethod``, ``pspData`` and the request's metadata."""
    return {
        "payment": payment_object(payment),
        "paymentMethod": payment_method(payment),
        "pspData": {"name": payment.brand},
        **_optional(metadata=payment.metadata),
    }


def operation_body(operation: PaymentOperation, payment: Payment) -> dict[str, Any]:
    """The operation's object, its payment, and the operation's own metadata."""
    return {
        OBJECTS[operation.kind]: operation_object(operation),
        "payment": payment_object(payment),
        "paymentMethod": payment_method(payment),
        **_optional(metadata=operation.metadata),
    }


def payment_object(payment: Payment) -> dict[str, Any]:
    """``payment`` as POST, GET and notification show it."""
    return {
        "status": wire_status(payment),
        "transAmount": _amount(payment.amount),
        "merchantTransInfo": _optional(
            merchantTransID=payment.trans_id,
            merchantTransTime=payment.trans_time,
            merchantOrderReference=payment.order_reference,
        ),
        "evoTransInfo": _evo(payment.evo_trans_id, payment.created_at, payment.leg),
        **_outcome(payment),
    }


def operation_object(operation: PaymentOperation) -> dict[str, Any]:
    """``capture``, ``cancel`` or ``refund``."""
    chosen = OBJECTS[operation.kind] if operation.chosen_by_platform else None
    amount = None if operation.kind is Operation.CANCEL else _amount(operation.amount)
    return {
        "status": OPERATION_STATUSES[operation.status],
        **_optional(cancelOrRefund=chosen, transAmount=amount),
        "merchantTransInfo": {
            "merchantTransID": operation.trans_id,
            "merchantTransTime": operation.trans_time,
        },
        "evoTransInfo": _evo(operation.evo_trans_id, operation.created_at, operation.leg),
        **_outcome(operation),
    }


def payment_method(payment: Payment) -> dict[str, Any]:
    """What may be shown of a card."""
    return {
        "card": {
            "first6No": payment.first6,
            "last4No": payment.last4,
            "paymentBrand": payment.brand,
        }
    }


def wire_status(payment: Payment) -> str:
    """The contract's status; Refunding is read off the amounts."""
    return "Refunding" if payment.refund_in_flight else STATUSES[payment.status]


def _outcome(record: Payment | PaymentOperation) -> dict[str, Any]:
    """``pspTransInfo`` where the network said something, and why it failed where it did."""
    answer = record.answer
    psp = answer and _optional(
        pspTransID=answer.scheme_reference,
        pspTransTime=_utc(record.answered_at) if record.answered_at else None,
        authorizationCode=answer.authorization_code,
        cvcCheckResult=answer.cvc_result,
        retrievalReferenceNum=record.leg.rrn if record.leg else None,
    )
    code = record.failure_code
    raw = answer.response_code if answer and not answer.approved else None
    return _optional(
        pspTransInfo=psp or None,
        failureCode=code,
        failureReason=message_of(code) if code else None,
        pspFailureCode=raw,
        pspFailureReason=PSP_MESSAGES.get(raw) if raw else None,
    )


def _evo(trans_id: str, at: int, leg: Leg | None) -> dict[str, Any]:
    return _optional(
        evoTransID=trans_id,
        evoTransTime=_utc(at),
        retrievalReferenceNum=leg.rrn if leg else None,
        traceNum=f"{leg.stan:06d}" if leg else None,
    )


def _result(failure_code: str | None, answer: Any) -> dict[str, Any]:
    code = failure_code or SUCCESS
    raw = answer.response_code if answer else None
    return {
        "code": code,
        "message": message_of(code),
        **_optional(pspResponseCode=raw, pspMessage=PSP_MESSAGES.get(raw) if raw else None),
    }


def _amount(money: Money) -> dict[str, str]:
    return {"currency": money.currency, "value": money.value}


def _utc(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _optional(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}

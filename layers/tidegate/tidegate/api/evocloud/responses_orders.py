"""Bodies of LinkPay, in the superset that the command-line client and the SDK both read."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tidegate.api.evocloud.responses import (
    amount_object,
    evo_info,
    operation_object,
    optional,
    payment_method,
    payment_object,
    result_of,
    utc,
)
from tidegate.api.evocloud.result_codes import linkpay_code, message_of
from tidegate.domain.events import Event, Subject
from tidegate.domain.legs import PLATFORM_ZONE
from tidegate.domain.order import OrderStatus
from tidegate.domain.payment import OperationStatus, Payment, PaymentOperation
from tidegate.domain.transitions import Outcome, Status
from tidegate.services.link_orders import OrderChange, OrderView

_FLAT_STATUSES = {
    OperationStatus.RECEIVED: "pending",
    OperationStatus.SUCCESS: "succeeded",
    OperationStatus.FAILED: "failed",
}
_SDK_EVENTS = {
    OperationStatus.RECEIVED: "pending",
    OperationStatus.SUCCESS: "success",
    OperationStatus.FAILED: "failed",
}
_SDK_REASONS = {
    "duplicate",
    "fraudulent",
    "requested_by_customer",
    "expired_uncaptured",
    "other",
}
_OF_PAYMENT = {
    Status.CAPTURED: OrderStatus.PAID,
    Status.PARTIAL_REFUNDED: OrderStatus.PARTIAL_REFUNDED,
    Status.REFUNDED: OrderStatus.REFUNDED,
}


def order_created(view: OrderView, link_url: str) -> dict[str, Any]:
    """POST linkpay."""
    order = view.order
    expiry = datetime.fromtimestamp(order.expires_at, PLATFORM_ZONE)
    return {
        "result": result_of(None, None),
        "linkUrl": link_url,
        "expiryTime": expiry.isoformat(timespec="seconds"),
        "merchantOrderInfo": order_info(order.order_id, view.status),
        "transAmount": amount_object(order.amount),
    }


def order_found(view: OrderView) -> dict[str, Any]:
    """GET linkpay."""
    order, payment = view.order, view.payment
    related = [
        {
            "merchantTransID": one.trans_id,
            "evoTransID": one.evo_trans_id,
            "status": payment_object(one)["status"],
        }
        for one in view.payments
    ]
    body: dict[str, Any] = {
        "result": result_of(None, None),
        "merchantOrderInfo": {
            **order_info(order.order_id, view.status),
            "merchantOrderTime": order.order_time,
            "relatedTransactions": related,
        },
        "transAmount": amount_object(order.amount),
    }
    if payment is not None:
        body |= {
            "transactionInfo": payment_object(payment),
            "paymentMethod": order_payment_method(payment),
            **optional(userInfo=_user_info(payment)),
        }
    return body


def refund_of_order(change: OrderChange, *, found: bool) -> dict[str, Any]:
    """POST and GET linkpayRefund: nested for one dialect, flat for the other."""
    assert change.refund is not None
    refund = change.refund.operation
    reason = refund.initiating_reason if refund.initiating_reason in _SDK_REASONS else None
    return {
        "result": result_of(None, None) if found else linkpay_result(refund),
        "refund": operation_object(refund),
        "merchantOrderInfo": order_info(change.view.order.order_id, change.view.status),
        "refundID": refund.evo_trans_id,
        "merchantTransID": refund.trans_id,
        "originalMerchantOrderID": change.view.order.order_id,
        "refundAmount": amount_object(refund.amount),
        "status": _FLAT_STATUSES[refund.status],
        "createdTime": utc(refund.created_at),
        **optional(
            reason=reason,
            description=refund.description,
            metadata=_metadata(refund),
            failureReason=message_of(refund.failure_code) if refund.failure_code else None,
            updatedTime=utc(refund.answered_at) if refund.answered_at else None,
        ),
    }


def order_closed(change: OrderChange) -> dict[str, Any]:
    """POST linkpayCancelorRefund of an order that nobody had paid."""
    assert change.command is not None
    order = change.view.order
    assert order.closing_evo_id is not None
    assert order.closed_at is not None
    return {
        "result": result_of(None, None),
        "cancel": {
            "status": "Success",
            "merchantTransInfo": {
                "merchantTransID": change.command.trans_id,
                "merchantTransTime": change.command.trans_time,
            },
            "evoTransInfo": evo_info(order.closing_evo_id, order.closed_at, None),
        },
        "merchantOrderInfo": order_info(order.order_id, change.view.status),
    }


def order_info(order_id: str, status: OrderStatus) -> dict[str, str]:
    """``merchantOrderInfo`` at its shortest."""
    return {"merchantOrderID": order_id, "status": status.value}


def order_notice(payment: Payment) -> dict[str, Any]:
    """Body of eventCode LinkPay: the order is paid."""
    return {
        "merchantOrderInfo": order_info(payment.order or "", order_status_of(payment)),
        "result": result_of(payment.failure_code, None),
        "transactionInfo": payment_object(payment),
        "paymentMethod": order_payment_method(payment),
        "transInitiator": {"platform": payment.platform or "WEB"},
        **optional(userInfo=_user_info(payment), metadata=payment.metadata),
    }


def refund_notice(refund: PaymentOperation, payment: Payment) -> dict[str, Any]:
    """Body of eventCode Refund for a payment of an order."""
    return {
        "merchantOrderInfo": order_info(payment.order or "", order_status_of(payment)),
        "result": linkpay_result(refund),
        "refund": operation_object(refund),
        "transactionInfo": payment_object(payment),
        **optional(metadata=_metadata(refund)),
    }


def sdk_notice(event: Event, subject: Subject | None, message_id: str) -> dict[str, Any]:
    """What the Python SDK's webhook helper reads of an order's notice, beside the contract's own
    fields."""
    told = {"eventId": message_id, "eventTime": utc(event.entry.at)}
    payment = event.payment
    if not isinstance(subject, PaymentOperation):
        paid = event.entry.outcome is Outcome.APPROVED
        kind = f"payment.{'success' if paid else 'failed'}"
        return {"eventType": kind, **told, "transAmount": amount_object(payment.amount)}
    return {
        "eventType": f"refund.{_SDK_EVENTS[subject.status]}",
        **told,
        "refundId": subject.evo_trans_id,
        "merchantTransId": subject.trans_id,
        "originalMerchantOrderId": payment.order,
        "refundAmount": amount_object(subject.amount),
        "status": _FLAT_STATUSES[subject.status],
        **optional(
            failureReason=message_of(subject.failure_code) if subject.failure_code else None
        ),
    }


def linkpay_result(refund: PaymentOperation) -> dict[str, Any]:
    """``result`` of a refund, whose refusal has a code of its own on LinkPay's paths."""
    said = result_of(refund.failure_code, refund.answer)
    code = linkpay_code(said["code"])
    return {**said, "code": code, "message": message_of(code, linkpay=True)}


def _user_info(payment: Payment) -> dict[str, Any] | None:
    """The merchant's customer, and what the payer said on the page, by the contract's names."""
    told = json.loads(payment.payer) if payment.payer else {}
    name, phone = told.get("fullName"), told.get("phoneNumber")
    found = optional(
        reference=payment.user_reference,
        name={"fullName": name} if name else None,
        email=told.get("email"),
        mobilePhone={"phoneNumber": phone} if phone else None,
        billingAddress=told.get("billingAddress"),
        deliveryAddress=told.get("shippingAddress"),
    )
    return found or None


def _metadata(refund: PaymentOperation) -> Any:
    """As it was given: a text in one dialect, an object in the other."""
    return json.loads(refund.labels) if refund.labels else refund.metadata


def order_status_of(payment: Payment) -> OrderStatus:
    """What one payment alone makes of its order."""
    if payment.refund_in_flight:
        return OrderStatus.REFUNDING
    return _OF_PAYMENT.get(payment.status, OrderStatus.ACTIVE)


def order_payment_method(payment: Payment) -> dict[str, Any]:
    """``paymentMethod`` with its type."""
    return {"type": payment.method, **payment_method(payment)}

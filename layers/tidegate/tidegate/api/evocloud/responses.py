"""Bodies of answers and notifications: the payment, what was done to it, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tidegate.api.evocloud.result_codes import PSP_MESSAGES, SUCCESS, message_of
from tidegate.domain.money import Money
from tidegate.domain.payment import (
    Conversion,
    Leg,
    OperationStatus,
    Payment,
    PaymentOperation,
)
from tidegate.domain.transitions import Operation, Status

if TYPE_CHECKING:  # what only some payments have
    from tidegate.domain.account_data import AccountData
    from tidegate.domain.wallet import Action
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
    Status.WAITING: "Pending",
    Status.VERIFYING: "Verifying",
    Status.PAID_OUT: "Captured",
}
OPERATION_STATUSES = {
    OperationStatus.RECEIVED: "Received",
    OperationStatus.SUCCESS: "Success",
    OperationStatus.FAILED: "Failed",
}
_ACTION_DATA = {
    "redirectUser": "redirectData",
    "presentQRCode": "qrData",
    "promptUser": "promptInfo",
    "threeDSRedirect": "threeDSData",
    "threeDSIdentify": "threeDSData",
    "threeDSChallenge": "threeDSData",
}
OBJECTS = {
    Operation.CAPTURE: "capture",
    Operation.CANCEL: "cancel",
    Operation.REFUND: "refund",
}


def created(payment: Payment, action: Action | None = None) -> dict[str, Any]:
    """POST and PUT payment: a decline's code is the answer's code."""
    return {
        "result": result_of(payment.failure_code, payment.answer),
        **optional(action=action and action_object(action)),
        **payment_body(payment),
    }


def found(payment: Payment, action: Action | None = None) -> dict[str, Any]:
    """GET payment: finding it is a success, whatever became of it."""
    return {
        "result": result_of(None, None),
        **optional(action=action and action_object(action)),
        **payment_body(payment),
    }


def action_object(action: Action) -> dict[str, Any]:
    """``action``: what the payer has to do (contract, section 2.5)."""
    return {"type": action.type, _ACTION_DATA[action.type]: dict(action.data)}


def changed(change: Change) -> dict[str, Any]:
    """POST capture, cancel, refund, cancelOrRefund."""
    operation = change.operation
    return {
        "result": result_of(operation.failure_code, operation.answer),
        **operation_body(operation, change.payment),
    }


def found_operation(change: Change) -> dict[str, Any]:
    """GET capture, cancel, refund, cancelOrRefund."""
    return {"result": result_of(None, None), **operation_body(change.operation, change.payment)}


def payment_body(payment: Payment) -> dict[str, Any]:
    """``payment``, ``paymentMethod``, ``pspData`` and the request's metadata."""
    return {
        "payment": payment_object(payment),
        "paymentMethod": payment_method(payment),
        "pspData": {"name": payment.brand},
        **optional(
            metadata=payment.metadata,
            authentication=authentication_object(payment),
            fxRateInquiry=_conversion(payment.conversion),
            transInitiator={"platform": payment.platform} if payment.platform else None,
        ),
    }


def operation_body(operation: PaymentOperation, payment: Payment) -> dict[str, Any]:
    """The operation's object, its payment, and the operation's own metadata."""
    return {
        OBJECTS[operation.kind]: operation_object(operation),
        "payment": payment_object(payment),
        "paymentMethod": payment_method(payment),
        **optional(metadata=operation.metadata),
    }


def payment_object(payment: Payment) -> dict[str, Any]:
    """``payment`` as POST, GET and notification show it."""
    return {
        "status": wire_status(payment),
        "transAmount": amount_object(payment.amount),
        "merchantTransInfo": optional(
            merchantTransID=payment.trans_id,
            merchantTransTime=payment.trans_time,
            merchantOrderReference=payment.order_reference,
        ),
        "evoTransInfo": evo_info(payment.evo_trans_id, payment.created_at, payment.leg),
        **outcome(payment),
        **_converted(payment),
    }


def operation_object(operation: PaymentOperation) -> dict[str, Any]:
    """``capture``, ``cancel`` or ``refund``."""
    chosen = OBJECTS[operation.kind] if operation.chosen_by_platform else None
    amount = None if operation.kind is Operation.CANCEL else amount_object(operation.amount)
    return {
        "status": OPERATION_STATUSES[operation.status],
        **optional(cancelOrRefund=chosen, transAmount=amount),
        "merchantTransInfo": {
            "merchantTransID": operation.trans_id,
            "merchantTransTime": operation.trans_time,
        },
        "evoTransInfo": evo_info(operation.evo_trans_id, operation.created_at, operation.leg),
        **outcome(operation),
    }


def payment_method(payment: Payment) -> dict[str, Any]:
    """What may be shown of a card, token or wallet."""
    if payment.method == "e-wallet":
        return {"e-wallet": optional(paymentBrand=payment.brand or None)}
    account = account_fields(payment.account)
    if payment.network_token:
        return {
            **({"card": account} if account else {}),
            "isNetworkToken": True,
            "networkToken": {"paymentBrand": payment.brand, "supportDeviceBinding": False},
            "token": optional(
                value=f"{payment.first6}******{payment.last4}",
                first6No=payment.first6,
                last4No=payment.last4,
                eci=payment.proof_eci,
            ),
        }
    body: dict[str, Any] = {
        "card": {
            "first6No": payment.first6,
            "last4No": payment.last4,
            "paymentBrand": payment.brand,
            **account,
        }
    }
    return body | _on_file(payment)


def account_fields(account: AccountData | None) -> dict[str, Any]:
    """Fields of ``card``; what is not known is absent."""
    if account is None:
        return {}
    return optional(
        fundingType=account.funding,
        issuingCountry=account.country,
        issuingBank=account.bank,
        productID=account.product,
        isCommercial=account.commercial,
    )


def _on_file(payment: Payment) -> dict[str, Any]:
    """The tokens of a card that is kept: a decline makes none, and no one is shown that buys
    nothing. The reference of a recurring agreement is told where the agreement is made, or where
    it was charged by it."""
    if payment.stored_card is None or payment.status is Status.FAILED:
        return {}
    from tidegate.domain.tokens import GATEWAY_PREFIX, RECURRING_PREFIX

    token = {
        "value": GATEWAY_PREFIX + payment.stored_card,
        "first6No": payment.first6,
        "last4No": payment.last4,
    }
    referred = payment.stores_card or not payment.gateway_token
    return optional(
        token=token if payment.gateway_token else None,
        recurringReference=RECURRING_PREFIX + payment.stored_card if referred else None,
    )


def authentication_object(payment: Payment) -> dict[str, Any] | None:
    """``authentication``: how the cardholder was authenticated, and with what result."""
    done = payment.authentication
    if done is None or not done.status:
        return None
    return {
        "type": "threeDSIntegrator" if done.mode == "threeDSIntegrator" else "threeDSPage",
        "threeDS": {
            "isFrictionless": done.frictionless,
            "mpiData": optional(
                cavv=done.value or None,
                dsTransID=done.ds_trans_id or None,
                eci=done.eci or None,
                status=done.status,
                threeDSVersion=done.version or None,
                transStatusReason=done.reason or None,
                cardholderInfo=done.cardholder_info or None,
            ),
        },
    }


def _conversion(used: Conversion | None) -> dict[str, Any] | None:
    if used is None:
        return None
    return {
        "merchantTransInfo": {"merchantTransID": used.quote_id},
        "localAmount": amount_object(used.local),
    }


def _converted(payment: Payment) -> dict[str, Any]:
    """Multi-currency pricing: the payer pays in the payment's currency, which is his bill; the
    merchant's price is what the platform converts it to."""
    used = payment.conversion
    if used is None:
        return {}
    rate = {
        "value": used.rate,
        "baseCurrency": used.local.currency,
        "quoteCurrency": payment.amount.currency,
        "date": used.date,
        "source": used.source,
    }
    return {
        "billingAmount": amount_object(payment.amount),
        "billingFXRate": rate,
        "convertTransAmount": amount_object(used.local),
        "convertTransFXRate": rate,
    }


def wire_status(payment: Payment) -> str:
    """The contract's status; Refunding is read off the amounts."""
    return "Refunding" if payment.refund_in_flight else STATUSES[payment.status]


def outcome(record: Payment | PaymentOperation) -> dict[str, Any]:
    """``pspTransInfo`` where the network said something, and why it failed where it did."""
    answer = record.answer
    psp = answer and optional(
        pspTransID=answer.scheme_reference,
        pspTransTime=utc(record.answered_at) if record.answered_at else None,
        authorizationCode=answer.authorization_code,
        cvcCheckResult=answer.cvc_result,
        cvcCheckResultRaw=answer.cvc_result,
        retrievalReferenceNum=(record.leg.rrn or None) if record.leg else None,
    )
    code = record.failure_code
    refused = answer is not None and not answer.approved and not answer.pending
    raw = answer.response_code if answer and refused else None
    return optional(
        pspTransInfo=psp or None,
        failureCode=code,
        failureReason=message_of(code) if code else None,
        pspFailureCode=raw,
        pspFailureReason=PSP_MESSAGES.get(raw) if raw else None,
    )


def evo_info(trans_id: str, at: int, leg: Leg | None) -> dict[str, Any]:
    return optional(
        evoTransID=trans_id,
        evoTransTime=utc(at),
        retrievalReferenceNum=leg.rrn if leg and leg.rrn else None,
        traceNum=f"{leg.stan:06d}" if leg and leg.rrn else None,
    )


def result_of(failure_code: str | None, answer: Any) -> dict[str, Any]:
    code = failure_code or SUCCESS
    raw = answer.response_code if answer else None
    return {
        "code": code,
        "message": message_of(code),
        **optional(pspResponseCode=raw, pspMessage=PSP_MESSAGES.get(raw) if raw else None),
    }


def amount_object(money: Money) -> dict[str, str]:
    return {"currency": money.currency, "value": money.value}


def utc(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def optional(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}

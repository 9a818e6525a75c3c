"""What answers look like, as JSON Schemas; for the OpenAPI document and the tests against it.

Objects may hold more than is named here: clients must ignore what they do not know.
"""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud.responses import OPERATION_STATUSES, STATUSES
from tidegate.api.evocloud.result_codes import LINKPAY_CODES, RESULT_CODES
from tidegate.domain.order import OrderStatus

Schema = dict[str, Any]


def text(**more: Any) -> Schema:
    return {"type": "string", **more}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def obj(required: str = "", /, **properties: Schema) -> Schema:
    """An object; ``required`` names its mandatory properties."""
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required.split()
    return schema


def listed(item: Schema) -> Schema:
    return {"type": "array", "items": item}


PAYMENT_STATUSES = sorted({*STATUSES.values(), "Refunding", "Capturing"})
_TRANS_INFO = obj(
    "merchantTransID",
    merchantTransID=text(),
    merchantTransTime=text(),
    merchantOrderReference=text(),
)
_EVO_INFO = obj(
    "evoTransID",
    evoTransID=text(),
    evoTransTime=text(),
    retrievalReferenceNum=text(pattern="^[0-9]{12}$"),
    traceNum=text(pattern="^[0-9]{6}$"),
)
_PSP_INFO = obj(
    pspTransID=text(),
    pspTransTime=text(),
    authorizationCode=text(),
    cvcCheckResult=text(enum=["M", "N", "P"]),
    cvcCheckResultRaw=text(),
    retrievalReferenceNum=text(),
)
_RATE = obj(
    "value baseCurrency quoteCurrency",
    value=text(pattern="^[0-9]+([.][0-9]+)?$"),
    baseCurrency=text(),
    quoteCurrency=text(),
    date=text(),
    source=text(),
)
_CARD = obj(
    first6No=text(),
    last4No=text(),
    paymentBrand=text(),
    holderName=text(),
    fundingType=text(enum=["credit", "debit", "prepaid"]),
    issuingCountry=text(pattern="^[A-Z]{3}$"),
    issuingBank=text(),
    productID=text(),
    isCommercial={"type": "boolean"},
)
_OUTCOME = {
    "merchantTransInfo": ref("MerchantTransInfoAnswer"),
    "evoTransInfo": ref("EvoTransInfo"),
    "pspTransInfo": ref("PspTransInfo"),
    "failureCode": text(),
    "failureReason": text(),
    "pspFailureCode": text(),
    "pspFailureReason": text(),
}
_OPERATION = obj(
    "status merchantTransInfo evoTransInfo",
    status=text(enum=sorted(OPERATION_STATUSES.values())),
    cancelOrRefund=text(enum=["cancel", "refund"]),
    transAmount=ref("Amount"),
    **_OUTCOME,
)

COMPONENTS: dict[str, Schema] = {
    "Result": obj(
        "code message",
        code=text(description="Listed under x-result-codes; issuers may send more I00.. codes"),
        message=text(),
        pspResponseCode=text(),
        pspMessage=text(),
    ),
    "Amount": obj("currency value", currency=text(pattern="^[A-Z]{3}$"), value=text()),
    "MerchantTransInfoAnswer": _TRANS_INFO,
    "EvoTransInfo": _EVO_INFO,
    "PspTransInfo": _PSP_INFO,
    "FXRate": _RATE,
    "Operation": _OPERATION,
    "Payment": obj(
        "status transAmount merchantTransInfo evoTransInfo",
        status=text(enum=PAYMENT_STATUSES),
        transAmount=ref("Amount"),
        billingAmount=ref("Amount"),
        billingFXRate=ref("FXRate"),
        convertTransAmount=ref("Amount"),
        convertTransFXRate=ref("FXRate"),
        **_OUTCOME,
    ),
    "Action": obj(
        "type",
        type=text(
            enum=[
                "redirectUser",
                "presentQRCode",
                "promptUser",
                "threeDSRedirect",
                "threeDSIdentify",
                "threeDSChallenge",
            ]
        ),
        redirectData=obj("url method", url=text(), method=text()),
        qrData=obj("qrCode", qrCode=text(), expiredAt=text()),
        promptInfo=obj("message", message=text()),
        threeDSData=obj("url method", url=text(), method=text()),
    ),
    "Authentication": obj(
        "type threeDS",
        type=text(enum=["threeDSPage", "threeDSIntegrator"]),
        threeDS=obj(
            "isFrictionless mpiData",
            isFrictionless={"type": "boolean"},
            mpiData=obj("status", status=text(), eci=text(), cavv=text(), dsTransID=text()),
        ),
    ),
    "NetworkToken": obj(
        tokenID=text(),
        value=text(),
        expiryDate=text(),
        paymentBrand=text(),
        status=text(enum=["enabled", "disabled"]),
        first6No=text(),
        last4No=text(),
        eci=text(),
        tokenCryptogram=text(),
        supportDeviceBinding={"type": "boolean"},
    ),
    "Token": obj(value=text(), status=text(enum=["enabled", "disabled"]), userReference=text()),
    "PaymentMethodAnswer": {
        **obj(
            card=_CARD,
            token=ref("Token"),
            networkToken=ref("NetworkToken"),
            isNetworkToken={"type": "boolean"},
            recurringReference=text(),
        ),
    },
    "Tokenization": obj(
        "status",
        status=text(enum=["Success", "Failed", "Verifying"]),
        merchantTransInfo=ref("MerchantTransInfoAnswer"),
        card=_CARD,
        token=ref("Token"),
        networkToken=ref("NetworkToken"),
        failureCode=text(),
    ),
    "Brand": obj(
        "brandName type",
        brandName=text(),
        brandImage=text(),
        type=text(enum=["card", "e-wallet"]),
        paymentScenario=listed(text()),
        paymentInfo=listed(obj("key", key=text())),
        authenticationInfo=listed(obj("key", key=text())),
    ),
    "OrderInfo": obj(
        "merchantOrderID status",
        merchantOrderID=text(),
        status=text(enum=[one.value for one in OrderStatus]),
        relatedTransactions=listed(obj("merchantTransID", merchantTransID=text())),
    ),
}

PAYMENT = {
    "payment": ref("Payment"),
    "paymentMethod": ref("PaymentMethodAnswer"),
    "pspData": obj("name", name=text()),
    "action": ref("Action"),
    "authentication": ref("Authentication"),
    "metadata": text(),
}
REFUND_OF_ORDER = {
    "refund": ref("Operation"),
    "cancel": ref("Operation"),
    "merchantOrderInfo": ref("OrderInfo"),
    "refundID": text(),
    "merchantTransID": text(),
    "originalMerchantOrderID": text(),
    "refundAmount": ref("Amount"),
    "createdTime": text(),
    "updatedTime": text(),
    "reason": text(
        enum=[
            "duplicate",
            "fraudulent",
            "requested_by_customer",
            "expired_uncaptured",
            "other",
        ]
    ),
    "description": text(),
    "failureReason": text(),
    "metadata": {"type": ["object", "string"]},
    "status": text(enum=["pending", "succeeded", "failed", "canceled", "requires_action"]),
}


def codes(*, linkpay: bool) -> dict[str, str]:
    """Every code of a family with its text."""
    table = LINKPAY_CODES if linkpay else RESULT_CODES
    return {code: known.message for code, known in table.items()}

"""Every operation of the merchant API: where it is, what it takes, what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from tidegate.api.evocloud.answer_schemas import (
    PAYMENT,
    REFUND_OF_ORDER,
    Schema,
    listed,
    obj,
    ref,
    text,
)
from tidegate.api.evocloud.schemas import fx, orders, requests, tokens
from tidegate.api.evocloud.schemas.fields import WireModel

V1 = "/g2/v1/payment/mer/{sid}"
V0 = "/g2/v0/payment/mer/{sid}/evo.e-commerce."
_ID, _TEXT = text(minLength=1, maxLength=64), text(maxLength=64)


@dataclass(frozen=True)
class Operation:
    """One operation: where it is, what it takes, what it answers."""

    id: str
    method: str
    path: str
    summary: str
    answer: dict[str, Schema]
    body: type[WireModel] | None = None
    query: dict[str, Schema] = field(default_factory=dict)
    """Optional parameters; those of ``needs`` are mandatory."""
    needs: tuple[str, ...] = ()
    body_optional: bool = False

    @property
    def linkpay(self) -> bool:
        return self.path.startswith(V0)


def _change(name: str, body: type[WireModel] = requests.ChangeBody) -> tuple[Operation, Operation]:
    """POST and GET of what is done to a payment."""
    lower = name[0].lower() + name[1:]
    kinds = ("cancel", "refund") if lower == "cancelOrRefund" else (lower,)
    answer = {**{kind: ref("Operation") for kind in kinds}, **PAYMENT}
    query = {"merchantTransID": _ID}
    return (
        Operation(
            f"create{name}",
            "post",
            f"{V1}/{lower}",
            f"{name} of a payment",
            answer,
            body,
            query,
            ("merchantTransID",),
        ),
        Operation(
            f"get{name}",
            "get",
            f"{V1}/{lower}",
            f"Query a {lower}, by its own id or its payment's",
            answer,
            None,
            query,
            ("merchantTransID",),
        ),
    )


_BY_ID = {"merchantTransID": _ID}
_TOKENIZATION = {
    "paymentMethod": ref("Tokenization"),
    "action": ref("Action"),
    "authentication": ref("Authentication"),
    "metadata": text(),
}
_QUOTE = {
    "fxRateInquiry": obj(
        "fxRate",
        fxRate=ref("FXRate"),
        localAmount=ref("Amount"),
        transAmount=ref("Amount"),
        expiryTime=text(),
    )
}
_CRYPTOGRAM = {
    "cryptogram": ref("Operation"),
    "paymentMethod": obj(networkToken=ref("NetworkToken")),
    "metadata": text(),
}
_PAYOUT = {
    "payout": ref("Operation"),
    "paymentMethod": ref("PaymentMethodAnswer"),
    "metadata": text(),
}
_ORDER = {
    "linkUrl": text(),
    "expiryTime": text(),
    "merchantOrderInfo": ref("OrderInfo"),
    "transAmount": ref("Amount"),
    "transactionInfo": ref("Payment"),
    "userInfo": obj(reference=text(), email=text()),
    "paymentMethod": ref("PaymentMethodAnswer"),
}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "createPayment",
        "post",
        f"{V1}/payment",
        "Take a payment",
        PAYMENT,
        requests.PaymentBody,
        _BY_ID,
    ),
    Operation(
        "submitAdditionalInfo",
        "put",
        f"{V1}/payment",
        "Go on with an authentication",
        PAYMENT,
        requests.AdditionalInfoBody,
        _BY_ID,
        ("merchantTransID",),
    ),
    Operation(
        "getPayment",
        "get",
        f"{V1}/payment",
        "Query a payment",
        PAYMENT,
        None,
        _BY_ID,
        ("merchantTransID",),
    ),
    *_change("Capture"),
    *_change("Cancel"),
    *_change("Refund"),
    *_change("CancelOrRefund"),
    Operation(
        "createToken",
        "post",
        f"{V1}/paymentMethod",
        "Check a card and keep it",
        _TOKENIZATION,
        tokens.TokenizeBody,
    ),
    Operation(
        "getPaymentMethod",
        "get",
        f"{V1}/paymentMethod",
        "A tokenization, a customer's tokens, or the brands that the store takes",
        {
            "paymentMethod": {
                "anyOf": [ref("Tokenization"), obj(paymentBrandList=listed(ref("Brand")))]
            },
            "paymentMethodList": listed(ref("PaymentMethodAnswer")),
            "metadata": text(),
        },
        None,
        {
            "merchantTransID": _TEXT,
            "token": _TEXT,
            "userReference": _TEXT,
            "paymentBrand": text(maxLength=32),
            "cardBIN": text(pattern="^[0-9]{6,12}$"),
            "currency": text(pattern="^[A-Z]{3}$"),
            "tokenize": text(enum=["true", "false"]),
        },
    ),
    Operation(
        "updateToken",
        "put",
        f"{V1}/paymentMethod",
        "Go on with a tokenization (by merchantTransID), or change a card on file (by token)",
        _TOKENIZATION,
        tokens.ChangeTokenBody,
        {"merchantTransID": _TEXT, "token": _TEXT},
    ),
    Operation(
        "deleteToken",
        "delete",
        f"{V1}/paymentMethod",
        "End a token for good",
        {},
        tokens.DeleteTokenBody,
        {"token": _TEXT, "networkTokenID": _TEXT},
        body_optional=True,
    ),
    Operation(
        "createCryptogram",
        "post",
        f"{V1}/cryptogram",
        "A network token's cryptogram, good for one payment",
        _CRYPTOGRAM,
        tokens.CryptogramBody,
        {"merchantTransID": _TEXT},
    ),
    Operation(
        "getCryptogram",
        "get",
        f"{V1}/cryptogram",
        "Query a cryptogram",
        _CRYPTOGRAM,
        None,
        _BY_ID,
        ("merchantTransID",),
    ),
    Operation(
        "createPayout",
        "post",
        f"{V1}/payout",
        "Push money to a card",
        _PAYOUT,
        tokens.PayoutBody,
    ),
    Operation(
        "getPayout",
        "get",
        f"{V1}/payout",
        "Query a payout",
        _PAYOUT,
        None,
        _BY_ID,
        ("merchantTransID",),
    ),
    Operation(
        "quoteFXRate",
        "post",
        f"{V1}/FXRateInquiry",
        "A quote that payments can use",
        _QUOTE,
        fx.InquiryBody,
    ),
    Operation(
        "getFXRate",
        "get",
        f"{V1}/FXRateInquiry",
        "A daily rate",
        _QUOTE,
        None,
        {
            "baseCurrency": text(pattern="^[A-Z]{3}$"),
            "quoteCurrency": text(pattern="^[A-Z]{3}$"),
        },
        ("baseCurrency", "quoteCurrency"),
    ),
    Operation(
        "createLinkOrder",
        "post",
        f"{V0}linkpay",
        "An order with a link that somebody pays",
        _ORDER,
        orders.OrderBody,
    ),
    Operation(
        "getLinkOrder",
        "get",
        f"{V0}linkpay/{{merchantOrderID}}",
        "Query an order",
        _ORDER,
    ),
    Operation(
        "refundLinkOrder",
        "post",
        f"{V0}linkpayRefund/{{merchantOrderID}}",
        "Refund an order, or the one of its payments that the query names (the flat dialect of the"
        " Python SDK is taken as well)",
        REFUND_OF_ORDER,
        orders.OrderRefundBody,
        _BY_ID,
    ),
    Operation(
        "getLinkRefund",
        "get",
        f"{V0}linkpayRefund/{{merchantOrderID}}",
        "Query a refund by its own id, which stands in the path",
        REFUND_OF_ORDER,
    ),
    Operation(
        "cancelOrRefundLinkOrder",
        "post",
        f"{V0}linkpayCancelorRefund/{{merchantOrderID}}",
        "Close an order that nobody paid, refund one that somebody did",
        REFUND_OF_ORDER,
        orders.OrderRefundBody,
        _BY_ID,
    ),
)

"""Bodies about cards on file: tokenizations, tokens, cryptograms, brands; and payouts."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud.responses import (
    account_fields,
    action_object,
    amount_object,
    authentication_object,
    evo_info,
    optional,
    outcome,
    payment_method,
    result_of,
    utc,
)
from tidegate.domain.brands import Brand
from tidegate.domain.payment import Payment
from tidegate.domain.tokens import StoredCard
from tidegate.domain.transitions import Status
from tidegate.domain.wallet import Action
from tidegate.services.card_tokens import Cryptogram, Tokenization

NO_NETWORK_TOKEN = "P0000"  # noqa: S105  a result code
_PAYOUT_STATUSES = {Status.PAID_OUT: "Success", Status.FAILED: "Failed"}


def tokenized(made: Tokenization, action: Action | None = None) -> dict[str, Any]:
    """POST and PUT paymentMethod: a refused check's code is the answer's code."""
    code = _failure(made)
    return {
        "result": result_of(code, made.payment.answer),
        **optional(action=action and action_object(action)),
        **tokenization_body(made),
    }


def found_tokenization(made: Tokenization, action: Action | None = None) -> dict[str, Any]:
    """GET paymentMethod?merchantTransID=…"""
    return {
        "result": result_of(None, None),
        **optional(action=action and action_object(action)),
        **tokenization_body(made),
    }


def tokenization_body(made: Tokenization) -> dict[str, Any]:
    """``paymentMethod`` with the tokenization's own merchantTransInfo inside, authentication and
    metadata."""
    payment, card = made.payment, made.card
    code = _failure(made)
    method: dict[str, Any] = {
        "status": _status(made),
        "type": "card",
        "merchantTransInfo": {
            "merchantTransID": payment.trans_id,
            "merchantTransTime": payment.trans_time,
        },
        "evoTransInfo": evo_info(payment.evo_trans_id, payment.created_at, payment.leg),
        "card": {
            "first6No": payment.first6,
            "last4No": payment.last4,
            "paymentBrand": payment.brand,
            **account_fields(payment.account),
        },
    }
    if code is None and card is not None:
        method |= card_objects(card)
        if made.network_number is not None:
            method["networkToken"] |= {"value": made.network_number}
    elif code is not None:
        told = outcome(payment)
        method |= {"failureCode": code} | {
            name: told[name] for name in ("failureReason", "pspFailureCode") if name in told
        }
    return {
        "paymentMethod": method,
        **optional(metadata=payment.metadata, authentication=authentication_object(payment)),
    }


def card_objects(card: StoredCard) -> dict[str, Any]:
    """``card``, ``token`` and ``networkToken`` of a card on file."""
    shown: dict[str, Any] = {
        "card": optional(
            first6No=card.first6,
            last4No=card.last4,
            paymentBrand=card.brand,
            holderName=card.holder_name,
            **account_fields(card.account),
        ),
        "recurringReference": card.recurring_reference,
    }
    if card.gateway:
        shown["token"] = {
            "value": card.token,
            "status": card.status.value,
            "fingerprint": card.fingerprint,
            "userReference": card.user_reference,
            "vaultID": card.vault_id,
            "createTime": utc(card.created_at),
            "updateTime": utc(card.updated_at),
        }
    if card.network_token_id is not None:
        shown["networkToken"] = network_token(card)
        if card.account_reference:
            shown["paymentAccountReference"] = card.account_reference
    return shown


def network_token(card: StoredCard) -> dict[str, Any]:
    """``networkToken`` without its number: that is shown to who asks for a cryptogram."""
    expiry = card.network_expiry
    return optional(
        tokenID=card.network_token_id,
        expiryDate=expiry[2:] + expiry[:2],
        paymentBrand=card.brand,
        status=card.network_status.value,
        first6No=card.network_first6,
        last4No=card.network_last4,
        tokenReferenceID=card.network_reference,
        paymentAccountReference=card.account_reference or None,
        supportDeviceBinding=False,
        digitalCardData={"artUri": card.art_uri} if card.art_uri else None,
    )


def changed_card(card: StoredCard) -> dict[str, Any]:
    """PUT paymentMethod?token=…"""
    return {
        "result": result_of(None, None),
        "paymentMethod": {"status": "Success", "type": "card", **card_objects(card)},
        **optional(metadata=card.metadata),
    }


def cards(found: list[StoredCard]) -> dict[str, Any]:
    """GET paymentMethod by customer or token."""
    return {
        "result": result_of(None, None),
        "paymentMethodList": [{"type": "card", **card_objects(card)} for card in found],
    }


def done() -> dict[str, Any]:
    """Success with nothing more to say."""
    return {"result": result_of(None, None)}


def cryptogram_answer(made: Cryptogram) -> dict[str, Any]:
    """POST and GET cryptogram."""
    return {"result": result_of(None, None), **cryptogram_body(made)}


def cryptogram_body(made: Cryptogram) -> dict[str, Any]:
    """``cryptogram``, and the network token that it is good with."""
    return {
        **_cryptogram_object(made.payment),
        "paymentMethod": {
            "networkToken": network_token(made.card)
            | {"value": made.network_number, "eci": made.eci, "tokenCryptogram": made.value}
        },
        **optional(metadata=made.payment.metadata),
    }


def _cryptogram_object(payment: Payment) -> dict[str, Any]:
    return {
        "cryptogram": {
            "status": "Success",
            "merchantTransInfo": {
                "merchantTransID": payment.trans_id,
                "merchantTransTime": payment.trans_time,
            },
            "evoTransInfo": evo_info(payment.evo_trans_id, payment.created_at, payment.leg),
        }
    }


def cryptogram_notice(payment: Payment, card: StoredCard | None) -> dict[str, Any]:
    """Body of eventCode Cryptogram: that one was made; the value itself is not told again."""
    return {
        "result": result_of(None, None),
        **_cryptogram_object(payment),
        "paymentMethod": {"networkToken": network_token(card)} if card else {},
        **optional(metadata=payment.metadata),
    }


def payout_answer(payment: Payment, *, found: bool) -> dict[str, Any]:
    """POST and GET payout."""
    code = None if found else payment.failure_code
    return {
        "result": result_of(code, None if found else payment.answer),
        **payout_body(payment),
    }


def payout_body(payment: Payment) -> dict[str, Any]:
    """``payout`` and the card it went to."""
    return {
        "payout": {
            "status": _PAYOUT_STATUSES.get(payment.status, "Received"),
            "merchantTransInfo": {
                "merchantTransID": payment.trans_id,
                "merchantTransTime": payment.trans_time,
            },
            "transAmount": amount_object(payment.amount),
            "evoTransInfo": evo_info(payment.evo_trans_id, payment.created_at, payment.leg),
            **outcome(payment),
        },
        "paymentMethod": payment_method(payment),
        **optional(metadata=payment.metadata),
    }


def brands(found: list[Brand], images_url: str) -> dict[str, Any]:
    """GET paymentMethod without a token: what the store takes, with the fields to collect."""
    return {
        "result": result_of(None, None),
        "paymentMethod": {"paymentBrandList": [_brand(one, images_url) for one in found]},
    }


def _brand(brand: Brand, images_url: str) -> dict[str, Any]:
    card = brand.type == "card"
    return {
        "brandName": brand.shown or brand.name,
        "brandImage": f"{images_url}/{brand.name}.svg",
        "type": brand.type,
        "paymentScenario": list(brand.scenarios),
        "paymentInfo": _CARD_FIELDS if card else [],
        "authenticationInfo": _AUTHENTICATION_FIELDS if card else [],
    }


def _field(key: str, least: int, most: int, **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "optional": more.pop("optional", False),
        "type": more.pop("kind", "string"),
        "minLength": str(least),
        "maxLength": str(most),
        **more,
    }


_CARD_FIELDS = [
    _field("Card Number", 12, 19, kind="number", regEx="^[0-9]{12,19}$"),
    _field("Expiry date", 4, 4, kind="number", regEx="^(0[1-9]|1[0-2])[0-9]{2}$"),
    _field("CVC", 3, 4, kind="number", optional=True, regEx="^[0-9]{3,4}$"),
    _field("Cardholder Name", 1, 50, optional=True),
]
_ADDRESS = (
    "Country",
    "State Or Province",
    "City",
    "addressLine1",
    "addressLine2",
    "addressLine3",
    "Postal Code",
)
_AUTHENTICATION_FIELDS = [
    _field("Cardholder Email", 3, 254, optional=True),
    *(
        _field(f"{which} Address", 1, 50, kind="Object", subKey=part, optional=True)
        for which in ("Billing", "Delivery")
        for part in _ADDRESS
    ),
]


def _status(made: Tokenization) -> str:
    if _failure(made) is not None:
        return "Failed"
    # A tokenization stays a success when its token has ended since.
    succeeded = made.card is not None or made.payment.status is Status.VERIFIED
    return "Success" if succeeded else "Verifying"


def _failure(made: Tokenization) -> str | None:
    """Why there is no token: the check was refused, or a card that was to be a network token and
    nothing else became none."""
    if made.payment.failure_code is not None:
        return made.payment.failure_code
    card = made.card
    if card is not None and not card.gateway and not card.network_wanted:
        return None if card.network_token_id else NO_NETWORK_TOKEN
    return None

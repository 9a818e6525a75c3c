"""EMV 3-D Secure messages as JSON (EMVCo protocol and core functions specification, 2.2.0).

What others send is read strictly: a field that is missing or of another form is MalformedBody or
InvalidValue, never a crash; no message is ever quoted in an error, as it may hold a card number.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tidegate.domain.authentication import AuthenticationAnswer, AuthenticationRequest
from tidegate.domain.errors import InvalidValue, MalformedBody
from tidegate.domain.money import CURRENCIES

VERSION = "2.2.0"
STATUSES = frozenset("YNUACR")
BROWSER, PAYMENT, NON_PAYMENT = "02", "01", "02"
MAX_BYTES = 64 * 1024
_UUID = re.compile(r"(?a:[0-9A-Fa-f-]{36})")
_BRANDS = {"Visa": "VISA", "Mastercard": "MASTERCARD"}


def authentication_request(request: AuthenticationRequest) -> dict[str, Any]:
    """An AReq for a browser."""
    browser, amount, acceptor = request.browser, request.amount, request.acceptor
    message: dict[str, Any] = {
        "messageType": "AReq",
        "messageVersion": VERSION,
        "threeDSServerTransID": request.server_trans_id,
        "threeDSServerURL": request.results_url,
        "threeDSCompInd": request.method_completed,
        "threeDSRequestorAuthenticationInd": "04" if request.without_payment else "01",
        "notificationURL": request.notification_url,
        "deviceChannel": BROWSER,
        "messageCategory": NON_PAYMENT if request.without_payment else PAYMENT,
        "dsReferenceNumber": _BRANDS.get(request.brand, request.brand.upper()),
        "acctNumber": request.card.pan,
        "cardExpiryDate": request.card.expiry,
        "acquirerBIN": request.acquirer_id,
        "acquirerMerchantID": acceptor.id,
        "merchantName": acceptor.name,
        "mcc": acceptor.mcc,
        "merchantCountryCode": acceptor.country,
        "browserAcceptHeader": browser.accept_header,
        "browserColorDepth": str(browser.color_depth),
        "browserJavaEnabled": browser.java_enabled,
        "browserJavascriptEnabled": browser.javascript_enabled,
        "browserLanguage": browser.language,
        "browserScreenHeight": str(browser.screen_height),
        "browserScreenWidth": str(browser.screen_width),
        "browserTZ": str(browser.time_zone_offset),
        "browserUserAgent": browser.user_agent,
    }
    if browser.ip is not None:
        message["browserIP"] = browser.ip
    if request.email is not None:
        message["email"] = request.email
    if not request.without_payment:
        message |= {
            "purchaseAmount": str(amount.minor),
            "purchaseCurrency": amount.numeric_currency,
            "purchaseExponent": str(CURRENCIES[amount.currency].exponent),
            "purchaseDate": datetime.fromtimestamp(request.purchase_at, UTC).strftime(
                "%Y%m%d%H%M%S"
            ),
        }
    return message


def read_authentication_response(raw: bytes, server_trans_id: str) -> AuthenticationAnswer:
    """An ARes to the AReq of this id. An Erro, or an answer to something else, is MalformedBody."""
    message = _message(raw, "ARes")
    if message.get("threeDSServerTransID") != server_trans_id:
        raise MalformedBody("the answer belongs to another request")
    answer = _answer(message)
    if answer.status == "C" and not _is_url(answer.challenge_url):
        raise InvalidValue("a challenge without its address", field="acsURL")
    return answer


def preparation_request(server_trans_id: str) -> dict[str, Any]:
    """A PReq: the directory server's card ranges are wanted."""
    return {
        "messageType": "PReq",
        "messageVersion": VERSION,
        "threeDSServerTransID": server_trans_id,
    }


def read_preparation_response(raw: bytes) -> list[tuple[str, str, str]]:
    """Card ranges of a PRes that have a 3DS method: first and last number, address."""
    ranges = _message(raw, "PRes").get("cardRangeData", [])
    if not isinstance(ranges, list):
        raise InvalidValue("must be a list", field="cardRangeData")
    found = []
    for one in ranges:
        if not isinstance(one, dict):
            raise InvalidValue("must hold objects", field="cardRangeData")
        start, end, url = one.get("startRange"), one.get("endRange"), one.get("threeDSMethodURL")
        if not (isinstance(start, str) and isinstance(end, str)):
            raise InvalidValue("a range has a start and an end", field="cardRangeData")
        if url is not None and _is_url(url):
            found.append((start, end, url))
    return found


def challenge_request(server_trans_id: str, acs_trans_id: str, version: str) -> str:
    """The ``creq`` that a browser takes to the access control server: base64url of a CReq for a
    whole page (window size 05)."""
    return encoded(
        {
            "messageType": "CReq",
            "messageVersion": version or VERSION,
            "threeDSServerTransID": server_trans_id,
            "acsTransID": acs_trans_id,
            "challengeWindowSize": "05",
        }
    )


def method_data(server_trans_id: str, notification_url: str) -> str:
    """``threeDSMethodData`` for the issuer's hidden frame."""
    return encoded(
        {
            "threeDSServerTransID": server_trans_id,
            "threeDSMethodNotificationURL": notification_url,
        }
    )


def read_results_request(raw: bytes) -> tuple[str, AuthenticationAnswer]:
    """An RReq: (threeDSServerTransID, the challenge's result)."""
    message = _message(raw, "RReq")
    return _identifier(message, "threeDSServerTransID"), _answer(message)


def results_response(raw: bytes) -> dict[str, Any]:
    """The RRes to an RReq that was taken."""
    message = _message(raw, "RReq")
    names = ("threeDSServerTransID", "acsTransID", "dsTransID")
    return {
        "messageType": "RRes",
        "messageVersion": message.get("messageVersion", VERSION),
        **{name: _identifier(message, name) for name in names},
        "resultsStatus": "01",
    }


def encoded(message: Mapping[str, Any]) -> str:
    """JSON as base64url without padding, as browsers carry it."""
    text = json.dumps(message, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decoded(text: str) -> dict[str, Any]:
    """The reverse; raises MalformedBody."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise MalformedBody("the message is no base64url") from None
    return _object(raw)


def _message(raw: bytes, kind: str) -> dict[str, Any]:
    message = _object(raw)
    if message.get("messageType") != kind:
        raise MalformedBody(f"the message is no {kind}")
    return message


def _object(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_BYTES:
        raise MalformedBody("the message is too long")
    try:
        parsed = json.loads(raw)
    except (ValueError, RecursionError):
        raise MalformedBody("the message is no JSON") from None
    if not isinstance(parsed, dict):
        raise MalformedBody("the message is no JSON object")
    return parsed


def _answer(message: Mapping[str, Any]) -> AuthenticationAnswer:
    status = message.get("transStatus")
    if not isinstance(status, str) or status not in STATUSES:
        raise InvalidValue("must be one of Y, N, U, A, C, R", field="transStatus")
    return AuthenticationAnswer(
        status=status,
        ds_trans_id=_identifier(message, "dsTransID"),
        acs_trans_id=_identifier(message, "acsTransID"),
        version=_text(message, "messageVersion", 8) or VERSION,
        eci=_text(message, "eci", 2),
        value=_text(message, "authenticationValue", 28),
        reason=_text(message, "transStatusReason", 2),
        cardholder_info=_text(message, "cardholderInfo", 128),
        challenge_url=_text(message, "acsURL", 2048),
    )


def _identifier(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise InvalidValue("must be a UUID", field=name)
    return value


def _text(message: Mapping[str, Any], name: str, limit: int) -> str | None:
    value = message.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > limit:
        raise InvalidValue(f"must be text of at most {limit} characters", field=name)
    return value or None


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://"))

"""The token services' HTTP interfaces, beside a host's files: Visa's (VTS) and Mastercard's (MDES)
names for the same things. Card data comes in clear over loopback; the real ones want it encrypted
(docs/networks.md)."""

from __future__ import annotations

import base64
import re
from typing import Any

from sandbox.token_check import ACTIVE, DELETED, SUSPENDED
from sandbox.tokens import NotTokenized, Token, TokenDesk
from sandbox.web import json_object

Answer = tuple[int, dict[str, Any]]
ART = "https://cards.example/art/blue.png"
_STATES = {"suspend": SUSPENDED, "resume": ACTIVE, "unsuspend": ACTIVE, "delete": DELETED}


class Refused(Exception):
    """Answered with a status and a reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def respond(desk: TokenDesk, network: str, method: str, route: str, body: bytes) -> Answer | None:
    """The answer to a call of a token service; None where the path is none of theirs."""
    try:
        if network == "visa":
            return _visa(desk, method, route, body)
        return _mastercard(desk, method, route, body)
    except NotTokenized as error:
        return 400, {"errorResponse": {"status": "400", "reason": str(error)}}
    except Refused as error:
        return error.status, {"errorResponse": {"status": str(error.status), "reason": str(error)}}


def _visa(desk: TokenDesk, method: str, route: str, body: bytes) -> Answer | None:
    match method, route.strip("/").split("/"):
        case "POST", ["vts", "provisionedTokens"]:
            given = _object(body)
            instrument = _part(given, "paymentInstrument")
            token = desk.provision(
                _digits(instrument, "accountNumber"), _text(given, "clientAppID")
            )
            return 201, _vts(token)
        case "POST", ["vts", "provisionedTokens", reference, "cryptogram"]:
            value = base64.b64encode(desk.cryptogram(reference)).decode()
            return 200, {"cryptogramInfo": {"cryptogram": value, "eci": "05"}}
        case "PUT", ["vts", "provisionedTokens", reference, change] if change in _STATES:
            return 200, _vts(desk.change(reference, _STATES[change]))
    return None


def _vts(token: Token) -> dict[str, Any]:
    return {
        "vProvisionedTokenID": token.reference,
        "paymentAccountReference": token.account_reference,
        "tokenInfo": {
            "tokenNumber": token.number,
            "tokenStatus": token.status,
            "last4": token.number[-4:],
            "expirationDate": {"month": token.expiry[2:], "year": f"20{token.expiry[:2]}"},
        },
        "cardMetaData": {"cardArtUri": ART},
    }


def _mastercard(desk: TokenDesk, method: str, route: str, body: bytes) -> Answer | None:
    if method != "POST" or not route.startswith("/mdes/digitization/1/0/"):
        return None
    given = _object(body)
    match route.rpartition("/")[2]:
        case "tokenize":
            card = _part(_part(given, "fundingAccountInfo"), "cardAccountData")
            token = desk.provision(_digits(card, "accountNumber"), _text(given, "tokenRequestorId"))
            return 200, {"decision": "APPROVED", **_mdes(token)}
        case "transact":
            value = base64.b64encode(desk.cryptogram(_text(given, "tokenUniqueReference"))).decode()
            return 200, {"dsrpCryptogram": value, "eci": "06"}
        case change if change in _STATES:
            token = desk.change(_text(given, "tokenUniqueReference"), _STATES[change])
            return 200, _mdes(token)
    return None


def _mdes(token: Token) -> dict[str, Any]:
    return {
        "tokenUniqueReference": token.reference,
        "tokenDetail": {
            "tokenNumber": token.number,
            "expiryMonth": token.expiry[2:],
            "expiryYear": token.expiry[:2],
            "paymentAccountReference": token.account_reference,
            "status": token.status,
        },
        "productConfig": {"cardBackgroundCombinedAssetUri": ART},
    }


def _object(body: bytes) -> dict[str, Any]:
    parsed = json_object(body)
    if parsed is None:
        raise Refused(400, "the body is no JSON object")
    return parsed


def _part(given: dict[str, Any], name: str) -> dict[str, Any]:
    part = given.get(name)
    if not isinstance(part, dict):
        raise Refused(400, f"{name} is missing")
    return part


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(400, f"{name} is missing")
    return value


def _digits(given: dict[str, Any], name: str) -> str:
    value = _text(given, name)
    if not re.fullmatch(r"(?a:\d{13,19})", value):
        raise Refused(400, f"{name} is no card number")
    return value

"""``TokenServices`` over HTTP: Visa Token Service and Mastercard's MDES for Merchants.

Their own field names; what the sandbox leaves out (encrypted payloads, mutual TLS) is said in
docs/networks.md.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from tidegate.domain.errors import NetworkTokenRefused, Unanswered
from tidegate.domain.message import Card
from tidegate.domain.tokens import NetworkToken, TokenCryptogram, TokenStatus
from tidegate.networks.http import exchange
from tidegate.ports_tokens import Provisioning

CRYPTOGRAM_LIFE_S = 600
HEADERS = {"Content-Type": "application/json; charset=utf-8"}
VTS = "/vts/provisionedTokens"
MDES = "/mdes/digitization/1/0"
Result = TypeVar("Result")
_STATUSES = {"ACTIVE": TokenStatus.ENABLED}


GONE = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class TokenGone(NetworkTokenRefused):
    """The service does not know the token, or not any more."""


class HttpTokenServices:
    """The token services by brand; ``urls`` names where each one is, empty where there is none."""

    def __init__(self, urls: Mapping[str, str], now: Callable[[], float] = time.time) -> None:
        self._urls = urls
        self._now = now

    def provision(self, given: Provisioning, *, timeout_s: float) -> NetworkToken:
        """See ``ports_tokens.TokenServices``."""
        expiry = given.card.expiry
        if given.brand == "Visa":
            message: dict[str, Any] = {
                "clientAppID": given.requestor_id,
                "clientWalletAccountID": given.user_reference,
                "clientWalletAccountEmailAddress": given.email,
                "locale": given.locale,
                "panSource": "MANUALLYENTERED",
                "protectionType": "CLOUD",
                "paymentInstrument": {
                    "accountNumber": given.card.pan,
                    "expirationDate": {"month": expiry[2:], "year": f"20{expiry[:2]}"},
                },
            }
            answer = self._call(given.brand, "POST", VTS, message, timeout_s)
            return _read(lambda: _of_vts(answer))
        message = {
            "tokenRequestorId": given.requestor_id,
            "tokenType": "CLOUD",
            "consumerLanguage": given.locale,
            "fundingAccountInfo": {
                "cardAccountData": {
                    "accountNumber": given.card.pan,
                    "expiryMonth": expiry[2:],
                    "expiryYear": expiry[:2],
                }
            },
        }
        answer = self._call(given.brand, "POST", f"{MDES}/tokenize", message, timeout_s)
        return _read(lambda: _of_mdes(answer))

    def cryptogram(self, brand: str, reference: str, *, timeout_s: float) -> TokenCryptogram:
        """See ``ports_tokens.TokenServices``."""
        until = int(self._now()) + CRYPTOGRAM_LIFE_S
        if brand == "Visa":
            path = f"{VTS}/{reference}/cryptogram"
            answer = self._call(brand, "POST", path, {"transactionType": "ECOM"}, timeout_s)
            return _read(lambda: _cryptogram(answer["cryptogramInfo"], "cryptogram", until))
        message = {"tokenUniqueReference": reference, "dsrpType": "UCAF"}
        answer = self._call(brand, "POST", f"{MDES}/transact", message, timeout_s)
        return _read(lambda: _cryptogram(answer, "dsrpCryptogram", until))

    def set_enabled(self, brand: str, reference: str, enabled: bool, *, timeout_s: float) -> None:
        """See ``ports_tokens.TokenServices``."""
        if brand == "Visa":
            path = f"{VTS}/{reference}/{'resume' if enabled else 'suspend'}"
            self._call(brand, "PUT", path, {}, timeout_s)
        else:
            path = f"{MDES}/{'unsuspend' if enabled else 'suspend'}"
            self._call(brand, "POST", path, {"tokenUniqueReference": reference}, timeout_s)

    def delete(self, brand: str, reference: str, *, timeout_s: float) -> None:
        """See ``ports_tokens.TokenServices``."""
        if not self._urls.get(brand):
            return  # there is nobody who could have made one
        message: dict[str, Any] = {}
        method, path = "PUT", f"{VTS}/{reference}/delete"
        if brand != "Visa":
            method, path, message = "POST", f"{MDES}/delete", {"tokenUniqueReference": reference}
        try:
            self._call(brand, method, path, message, timeout_s)
        except TokenGone:
            return
        except NetworkTokenRefused:  # we may not ask now: the token may well live on
            raise Unanswered("the token service did not end the token") from None

    def _call(
        self, brand: str, method: str, path: str, message: Mapping[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        """The answer's object; raises NotSent, Unanswered, NetworkTokenRefused."""
        url = self._urls.get(brand)
        if not url:
            raise NetworkTokenRefused("the brand has no token service")
        body = json.dumps(message, separators=(",", ":")).encode()
        answer = exchange(f"{url.rstrip('/')}{path}", method, body, HEADERS, timeout_s=timeout_s)
        if answer.status in GONE:
            raise TokenGone
        if 400 <= answer.status < 500:
            raise NetworkTokenRefused
        if answer.status >= 300:
            raise Unanswered("the token service has a fault")
        try:
            parsed = json.loads(answer.body)
        except (ValueError, RecursionError):
            parsed = None
        if not isinstance(parsed, dict):
            raise Unanswered("the token service's answer cannot be read")
        return parsed


def _of_vts(answer: Mapping[str, Any]) -> NetworkToken:
    info = answer["tokenInfo"]
    until = info["expirationDate"]
    return NetworkToken(
        reference=_text(answer["vProvisionedTokenID"]),
        token=Card(_text(info["tokenNumber"]), f"{until['year'][-2:]}{until['month']}"),
        account_reference=_text(answer.get("paymentAccountReference", "")),
        art_uri=_text(answer.get("cardMetaData", {}).get("cardArtUri", "")),
        status=_STATUSES.get(info["tokenStatus"], TokenStatus.DISABLED),
    )


def _of_mdes(answer: Mapping[str, Any]) -> NetworkToken:
    detail = answer["tokenDetail"]
    return NetworkToken(
        reference=_text(answer["tokenUniqueReference"]),
        token=Card(_text(detail["tokenNumber"]), f"{detail['expiryYear']}{detail['expiryMonth']}"),
        account_reference=_text(detail.get("paymentAccountReference", "")),
        art_uri=_text(answer.get("productConfig", {}).get("cardBackgroundCombinedAssetUri", "")),
        status=_STATUSES.get(detail["status"], TokenStatus.DISABLED),
    )


def _cryptogram(info: Mapping[str, Any], name: str, until: int) -> TokenCryptogram:
    return TokenCryptogram(_text(info[name]), _text(info["eci"]), until)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("it takes text")
    return value


def _read(build: Callable[[], Result]) -> Result:
    """What ``build`` makes of an answer; one that lacks something cannot be trusted at all."""
    try:
        return build()
    except (KeyError, TypeError, IndexError, AttributeError):
        raise Unanswered("the token service's answer lacks something") from None

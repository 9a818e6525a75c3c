"""A 3DS Server of the sandbox's directory server, and the browser of its cardholder."""

from __future__ import annotations

import base64
import html
import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.e2e.payer import hidden
from tests.sandbox.process import SandboxProcess

SESSION = "c2VhbGVk"


def an_areq(trans_id: str, address: str, pan: str) -> dict[str, Any]:
    """All that an AReq must hold, for 123.00 dollars; answers go to below ``address``."""
    return {
        "messageType": "AReq",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": trans_id,
        "threeDSServerURL": f"{address}/results",
        "threeDSCompInd": "U",
        "notificationURL": f"{address}/back",
        "deviceChannel": "02",
        "messageCategory": "01",
        "acctNumber": pan,
        "cardExpiryDate": "3112",
        "acquirerBIN": "400552",
        "acquirerMerchantID": "TIDEGATE0000001",
        "merchantName": "Harbour Books",
        "mcc": "5999",
        "merchantCountryCode": "344",
        "browserAcceptHeader": "*/*",
        "browserLanguage": "en",
        "browserUserAgent": "Browser/1",
        "purchaseAmount": "12300",
        "purchaseCurrency": "840",
        "purchaseExponent": "2",
        "purchaseDate": "20261123093015",
    }


@dataclass
class Requestor:
    """A 3DS Server with one transaction, and the browser of its cardholder."""

    acs: SandboxProcess
    shop: SandboxProcess
    trans_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def request(self, pan: str, **changed: Any) -> dict[str, Any]:
        """An AReq for 123.00 dollars; None leaves a field out."""
        here = f"http://127.0.0.1:{self.shop.ports['http']}/{self.trans_id}"
        message = an_areq(self.trans_id, here, pan) | changed
        return {name: value for name, value in message.items() if value is not None}

    def authenticate(self, pan: str, **changed: Any) -> dict[str, Any]:
        """The ARes or Erro to an AReq."""
        answer = self.acs.http("POST", "/ds/authenticate", json=self.request(pan, **changed))
        assert answer.status_code == 200
        read: dict[str, Any] = answer.json()
        return read

    def open(self, ares: dict[str, Any], session: str = SESSION) -> httpx.Response:
        """The browser at the bank, with a CReq."""
        creq = {
            "messageType": "CReq",
            "messageVersion": "2.2.0",
            "threeDSServerTransID": self.trans_id,
            "acsTransID": ares["acsTransID"],
            "challengeWindowSize": "05",
        }
        fields = {"creq": carried(creq), "threeDSSessionData": session}
        return self.acs.http("POST", "/acs/challenge", data=fields)

    def answer(self, page: httpx.Response, code: str, action: str = "submit") -> httpx.Response:
        """What the bank shows after its form was sent."""
        fields = {**hidden(page.text), "code": code, "action": action}
        return self.acs.http("POST", "/acs/answer", data=fields)

    def go_back(self, page: httpx.Response) -> None:
        """Follow the bank's page to the shop, as a browser does."""
        action = re.search(r"id='on' method='post' action='([^']+)'", page.text)
        assert action is not None, page.text
        assert httpx.post(html.unescape(action[1]), data=hidden(page.text)).text == "SUCCESS"

    def received(self, path: str) -> list[str]:
        """The bodies that came to one of this transaction's addresses."""
        found = self.shop.http("GET", "/received").json()
        return [one["body"] for one in found if one["path"] == f"/{self.trans_id}/{path}"]

    @property
    def results(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.received("results")]

    def verifies(self, message: dict[str, Any], pan: str, **other: str) -> bool:
        """Whether the issuer finds an authentication value to be its own."""
        asked = {
            "dsTransID": message["dsTransID"],
            "pan": pan,
            "amount": "12300",
            "currency": "840",
            "value": message["authenticationValue"],
        } | other
        found = self.acs.http("POST", "/issuer/verify", json=asked).json()
        return bool(found["match"])


def carried(message: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(message).encode()).decode().rstrip("=")


def opened(text: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return read

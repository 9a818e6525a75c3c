"""A token service that does as it is told, and what it answers when all is well."""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sandbox.web import Exchange, WebServer
from tidegate.domain.message import Card
from tidegate.ports_tokens import Provisioning

PANS = {"Visa": "4111111111111111", "Mastercard": "5555555555554444"}
TOKENS = {"Visa": "4895370000000014", "Mastercard": "5204730000000015"}
CRYPTOGRAM = base64.b64encode(b"twenty bytes, unique").decode()
ART = "https://cards.example/art.png"
PATIENCE_S = 5.0

ANSWERS: dict[str, dict[str, Any]] = {
    "Visa": {
        "vProvisionedTokenID": "ref-1",
        "paymentAccountReference": "V0010013",
        "tokenInfo": {
            "tokenNumber": TOKENS["Visa"],
            "tokenStatus": "ACTIVE",
            "expirationDate": {"month": "09", "year": "2030"},
        },
        "cardMetaData": {"cardArtUri": ART},
    },
    "Mastercard": {
        "decision": "APPROVED",
        "tokenUniqueReference": "ref-1",
        "tokenDetail": {
            "tokenNumber": TOKENS["Mastercard"],
            "expiryMonth": "09",
            "expiryYear": "30",
            "paymentAccountReference": "V0010013",
            "status": "ACTIVE",
        },
        "productConfig": {"cardBackgroundCombinedAssetUri": ART},
    },
}
PAYMENTS: dict[str, dict[str, Any]] = {
    "Visa": {"cryptogramInfo": {"cryptogram": CRYPTOGRAM, "eci": "07"}},
    "Mastercard": {"dsrpCryptogram": CRYPTOGRAM, "eci": "06"},
}


def given(brand: str) -> Provisioning:
    return Provisioning(
        brand=brand,
        card=Card(PANS[brand], "3109", "737"),
        requestor_id="40010075001",
        user_reference="user-7",
        email="payer@example.com",
        locale="en_HK",
    )


@dataclass
class Service:
    """A token service that does as it is told, over HTTP."""

    status: int = 200
    answer: Any = field(default_factory=dict)
    """JSON, or bytes as they are; None hangs up."""
    until: threading.Event | None = None
    """Answers no sooner."""
    asked: list[tuple[str, str, Any]] = field(default_factory=list)


class ScriptedServer(WebServer):
    """Serves whatever ``service`` stands here."""

    def __init__(self) -> None:
        self.service = Service()
        super().__init__(partial(_ScriptedExchange, self), 0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


class _ScriptedExchange(Exchange):
    def __init__(self, scripted: ScriptedServer, *connection: Any) -> None:
        self._scripted = scripted
        super().__init__(*connection)

    def respond(self) -> None:
        service = self._scripted.service
        service.asked.append((self.command, self.route, json.loads(self.body)))
        if service.until is not None:
            service.until.wait(PATIENCE_S)
        if service.answer is None:
            self.close_connection = True
        elif isinstance(service.answer, bytes):
            self.send_content(service.status, service.answer, "application/json")
        else:
            self.send_json(service.status, service.answer)

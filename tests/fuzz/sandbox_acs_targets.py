"""What the sandbox's directory and access control server is sent, by servers and by browsers."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from sandbox.acs import _AccessExchange, _encode
from sandbox.threeds import Authentications, Transaction
from sandbox.web import Exchange
from tests.fuzz.shapes import FORM, Http, Json
from tests.fuzz.target import Target
from tests.fuzz.wires import posted, served
from tests.sandbox.requestor import an_areq

_KNOWN = Transaction(
    server_trans_id="8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
    ds_trans_id="d",
    acs_trans_id="a",
    version="2.2.0",
    brand="Mastercard",
    outcome="C",
    results_url="http://127.0.0.1:1/",
    notification_url="http://127.0.0.1:1/",
    shown="476134******0043",
    merchant="Harbour Books",
    amount="HKD 88.00",
    value="AAABBBCCCDDDEEEFFFGGGHHH0000",
)


class _Authentications(Authentications):
    """One open challenge, nothing kept but what this request begins."""

    def __init__(self) -> None:
        self._key = bytes(32)
        self._kept = {"a": _KNOWN}

    def keep(self, transaction: Transaction) -> None:
        json.dumps([getattr(transaction, name) for name in Transaction.__slots__])
        self._kept[transaction.acs_trans_id] = transaction

    def find(self, acs_trans_id: str) -> Transaction | None:
        return self._kept.get(acs_trans_id)


class _LonelyAccess(_AccessExchange):
    def _tell(self, transaction: Transaction) -> None:
        """To nobody."""


def _access_exchange(*connection: Any) -> Exchange:
    return _LonelyAccess(_Authentications(), *connection)


def _areq() -> dict[str, Any]:
    made = an_areq(_KNOWN.server_trans_id, "http://127.0.0.1:1", "4761340002000009")
    return made | {
        "threeDSCompInd": "Y",
        "notificationURL": "http://127.0.0.1:1/result",
        "browserUserAgent": "u",
        "purchaseAmount": "8800",
        "purchaseCurrency": "344",
    }


def _access_messages() -> list[bytes]:
    verify = {"dsTransID": "d", "pan": "4761340000000043", "amount": "1", "currency": "344"}
    return [
        posted("/ds/prepare", {"messageType": "PReq", "threeDSServerTransID": "x"}),
        posted("/ds/authenticate", _areq()),
        posted("/issuer/verify", verify | {"value": "x"}),
    ]


def _access_forms() -> list[bytes]:
    method = {"threeDSServerTransID": "x", "threeDSMethodNotificationURL": "http://a.example/"}
    return [
        posted("/acs/method", f"threeDSMethodData={_encode(method)}".encode()),
        posted("/acs/challenge", f"creq={_encode({'acsTransID': 'a'})}".encode()),
        posted("/acs/answer", b"acsTransID=a&threeDSSessionData=s&code=123456&action=submit"),
    ]


TARGETS = (
    Target(
        "sandbox.acs.messages",
        partial(served, _access_exchange),
        (),
        Http(Json()),
        _access_messages,
    ),
    Target(
        "sandbox.acs.forms",
        partial(served, _access_exchange),
        (),
        Http(FORM),
        _access_forms,
    ),
)

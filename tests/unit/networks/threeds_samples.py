"""A request for authentication, and a directory server's answer to it."""

from __future__ import annotations

import base64
from typing import Any

from tests.unit.networks.samples import ACCEPTOR, MOMENT
from tidegate.domain.authentication import AuthenticationRequest, BrowserInfo
from tidegate.domain.message import Card
from tidegate.domain.money import Money

OURS, OTHERS = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e", "8a880dc0-d2d2-4067-bcb1-000000000000"
DS, ACS = "f25084f0-5b16-4c0a-ae5d-b24808a95e4b", "d7c1ee99-9478-44a6-b1f2-391e29c6b340"
CAVV = base64.b64encode(b"twenty bytes of CAVV").decode()
PAN = "4111111111111111"

REQUEST = AuthenticationRequest(
    server_trans_id=OURS,
    brand="Visa",
    card=Card(PAN, "3112", "737"),
    amount=Money(12_300, "USD"),
    acceptor=ACCEPTOR,
    acquirer_id="400552",
    browser=BrowserInfo(
        accept_header="text/html",
        color_depth=30,
        java_enabled=True,
        language="zh-HK",
        screen_height=900,
        screen_width=1440,
        time_zone_offset=-480,
        user_agent="Browser/1",
    ),
    method_completed="Y",
    notification_url="https://pay.example/result",
    results_url="https://pay.example/results",
    purchase_at=int(MOMENT),
)
ARES: dict[str, Any] = {
    "messageType": "ARes",
    "messageVersion": "2.2.0",
    "threeDSServerTransID": OURS,
    "dsTransID": DS,
    "acsTransID": ACS,
    "transStatus": "Y",
    "eci": "05",
    "authenticationValue": CAVV,
}

"""Requests as an attacker holds them in his hands: signed once, changed at will."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from local.merchant_client import PREFIX, Answer, Merchant, trans_info

CARD = {"cardNumber": "4761340000000043", "expiryDate": "1249", "cvc": "321"}


@dataclass(frozen=True)
class Sent:
    """One request, with the headers that it is sent under."""

    method: str
    target: str
    raw: bytes
    headers: dict[str, str] = field(repr=False)

    def but(self, **changes: Any) -> Sent:
        """The same request, changed after it was signed."""
        return replace(self, **changes)

    def under(self, **headers: str | None) -> Sent:
        """Under other headers; None leaves one out."""
        names = {**self.headers, **headers}
        return self.but(headers={name: value for name, value in names.items() if value is not None})

    def deliver(self, merchant: Merchant) -> Answer:
        """As it is: nothing is signed anew, and nobody checks the answer's signature."""
        return merchant.send(self.method, self.target, self.raw, self.headers)[0]


def signed(
    by: Merchant, method: str, operation: str, body: dict[str, Any] | None = None, **more: str
) -> Sent:
    """A request of ``by`` to its own path, or to that of ``sid``."""
    raw = json.dumps(body, separators=(",", ":")).encode() if body is not None else b""
    target = f"{PREFIX}/{more.get('sid', by.sid)}/{operation}"
    return Sent(method, target, raw, by.headers(method, target, raw))


def a_payment(trans_id: str, value: str = "10.00", **more: Any) -> dict[str, Any]:
    """The body of a payment by card."""
    return {
        "merchantTransInfo": trans_info(trans_id),
        "transAmount": {"currency": "HKD", "value": value},
        "paymentMethod": {"type": "card", "card": {"cardInfo": CARD}},
        "transInitiator": {"platform": "WEB"},
        **more,
    }


def spoken(base_url: str, *pieces: bytes, patience_s: float = 5) -> bytes:
    """What a server says to these very bytes until it closes or falls silent."""
    url = urlsplit(base_url)
    heard = b""
    with socket.create_connection((url.hostname, url.port), timeout=patience_s) as wire:
        for piece in pieces:
            wire.sendall(piece)
        try:
            while more := wire.recv(65536):
                heard += more
        except TimeoutError:
            pass
    return heard

"""Card data on its way into and out of the vault; the context binds it to its record."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidegate.domain.message import Card

if TYPE_CHECKING:
    from tidegate.ports import Vault


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is good for one attempt and is kept nowhere: it travels sealed beside the intent."""

    cvc: str | None = field(default=None, repr=False)
    cryptogram: str | None = field(default=None, repr=False)
    """A network token's, base64."""
    payment_code: str | None = field(default=None, repr=False)
    """What a wallet's payer shows at the till."""


NO_SECRETS = Secrets()


def seal_card(vault: Vault, sid: str, trans_id: str, card: Card) -> bytes:
    """PAN and expiry in one envelope. The CVC is never part of it."""
    return vault.seal(f"{card.pan}|{card.expiry}".encode(), _context(sid, trans_id, "card"))


def seal_secrets(vault: Vault, sid: str, trans_id: str, secrets: Secrets) -> str | None:
    """The attempt's secrets as base64; None where there are none."""
    given = {
        name: value
        for name, value in (
            ("v", secrets.cvc),
            ("g", secrets.cryptogram),
            ("c", secrets.payment_code),
        )
        if value is not None
    }
    if not given:
        return None
    envelope = vault.seal(json.dumps(given).encode(), _context(sid, trans_id, "secrets"))
    return base64.urlsafe_b64encode(envelope).decode()


def unseal_secrets(vault: Vault, sid: str, trans_id: str, sealed: str | None) -> Secrets:
    """The reverse; raises ValueError for an envelope of another record, or for no envelope."""
    if sealed is None:
        return NO_SECRETS
    envelope = base64.urlsafe_b64decode(sealed)
    given = json.loads(vault.unseal(envelope, _context(sid, trans_id, "secrets")))
    return Secrets(given.get("v"), given.get("g"), given.get("c"))


def unseal_card(
    vault: Vault, sid: str, trans_id: str, sealed: bytes, cvc: str | None = None
) -> Card:
    """The card in clear; raises ValueError for an envelope of another record."""
    pan, expiry = vault.unseal(sealed, _context(sid, trans_id, "card")).decode().split("|")
    return Card(pan, expiry, cvc)


def _context(sid: str, trans_id: str, part: str) -> str:
    return f"{sid}/{trans_id}/{part}"

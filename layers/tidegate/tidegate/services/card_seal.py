"""Card data on its way into and out of the vault; the context binds it to its payment."""

from __future__ import annotations

import base64

from tidegate.domain.message import Card
from tidegate.ports import Vault


def seal_card(vault: Vault, sid: str, trans_id: str, card: Card) -> bytes:
    """PAN and expiry in one envelope. The CVC is never part of it."""
    return vault.seal(f"{card.pan}|{card.expiry}".encode(), _context(sid, trans_id, "card"))


def seal_cvc(vault: Vault, sid: str, trans_id: str, card: Card) -> str | None:
    """The CVC for the workflow's input, base64; it is kept nowhere else."""
    if card.cvc is None:
        return None
    envelope = vault.seal(card.cvc.encode(), _context(sid, trans_id, "cvc"))
    return base64.b64encode(envelope).decode()


def unseal_card(
    vault: Vault, sid: str, trans_id: str, sealed: bytes, sealed_cvc: str | None = None
) -> Card:
    """The card in clear; raises ValueError for an envelope of another payment."""
    pan, expiry = vault.unseal(sealed, _context(sid, trans_id, "card")).decode().split("|")
    cvc = None
    if sealed_cvc is not None:
        envelope = base64.b64decode(sealed_cvc)
        cvc = vault.unseal(envelope, _context(sid, trans_id, "cvc")).decode()
    return Card(pan, expiry, cvc)


def _context(sid: str, trans_id: str, part: str) -> str:
    return f"{sid}/{trans_id}/{part}"

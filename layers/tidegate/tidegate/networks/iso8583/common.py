"""What Visa and Mastercard messages have in common."""

from __future__ import annotations

import base64
import re

from tidegate.domain.message import AuthorizationRequest, Card, MessageIdentity, ReversalRequest
from tidegate.networks.iso8583.client import identified
from tidegate.networks.iso8583.message import BadMessage, Elements

PROOF_BYTES = 20
PROCESSING_CODES = {"purchase": "000000", "refund": "200000", "payout": "260000"}
"""Payouts as Visa's original credit transactions; Mastercard has a code of its own."""


def authorization_elements(request: AuthorizationRequest) -> Elements:
    """What every 0100 holds."""
    return {
        "t": "0100",
        **identified(request.identity),
        "2": request.card.pan,
        "3": PROCESSING_CODES[request.kind],
        "4": f"{request.amount.minor:012d}",
        "12": request.local_time[6:],
        "13": request.local_time[2:6],
        "18": request.acceptor.mcc,
        "42": request.acceptor.id.ljust(15),
        "49": request.amount.numeric_currency,
        **({"14": request.card.expiry} if request.card.expiry else {}),
    }


def reversal_elements(request: ReversalRequest) -> Elements:
    """What every 0400 or 0401 holds. The RRN is the original's: it is the transaction's name."""
    elements = {
        "t": "0401" if request.repeat else "0400",
        **identified(request.identity),
        "2": request.card.pan,
        "3": PROCESSING_CODES[request.kind],
        "4": f"{request.amount.minor:012d}",
        "42": request.acceptor.id.ljust(15),
        "49": request.amount.numeric_currency,
        "90": original_elements(request.original),
    }
    if request.authorization_code:
        elements["38"] = request.authorization_code
    if request.remaining is not None:
        elements["95"] = f"{request.remaining.minor:012d}" + "0" * 30
    return elements


def security_code(card: Card) -> str | None:
    """CVV2 or CVC2 as the cardholder gave it; raises BadMessage."""
    if card.cvc is not None and not re.fullmatch(r"(?a:\d{3,4})", card.cvc):
        raise BadMessage("the card security code is not 3 or 4 digits")
    return card.cvc


def proof_bytes(value: str) -> bytes:
    """A CAVV, AAV or token cryptogram, 20 bytes, out of its base64; raises BadMessage."""
    try:
        raw = base64.b64decode(value, validate=True)
    except ValueError:  # binascii.Error is one, and so is text beyond ASCII
        raw = b""
    if len(raw) != PROOF_BYTES:
        raise BadMessage("the proof of authentication is not 20 bytes in base64")
    return raw


def original_elements(original: MessageIdentity) -> str:
    """DE 90: MTI, STAN, DE 7, acquirer and forwarding institution of the message that is meant."""
    return f"0100{original.stan:06d}{original.transmitted_at}{original.acquirer_id:0>11}{'0' * 11}"

"""Mastercard's CIS link: 2-byte prefix, no header, everything EBCDIC (docs/networks.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidegate.domain.message import (
    AuthorizationRequest,
    CardholderProof,
    NetworkAnswer,
    ReversalRequest,
)
from tidegate.networks.iso8583.common import (
    authorization_elements,
    proof_bytes,
    reversal_elements,
    security_code,
)
from tidegate.networks.iso8583.message import BadMessage, Elements, decode, ebcdic_field, encode

LEVELS = {"02": "212", "01": "211", "00": "210"}
"""Security level in sub-element 42 by ECI: authenticated, attempted, neither."""
UNPROVEN, TOKENIZED = "211", "242"
ON_FILE = "100"
"""DE 22: the number comes from the merchant's files."""
MONEY_SEND = "280000"
_STORED = {"first": "C101", "cardholder": "C101", "recurring": "M103", "unscheduled": "M101"}
"""Sub-element 22, sub-field 05: who initiates a payment with a credential on file."""

_BITMAP = {
    "data_enc": "b",
    "len_enc": "b",
    "len_type": 0,
    "len_count": "bytes",
    "max_len": 8,
    "desc": "",
}
SPEC: dict[str, dict[str, Any]] = {
    "h": {**_BITMAP, "max_len": 0},
    "t": ebcdic_field(4),
    "p": _BITMAP,
    "1": _BITMAP,
    "2": ebcdic_field(19, 2),
    "3": ebcdic_field(6),
    "4": ebcdic_field(12),
    "7": ebcdic_field(10),
    "11": ebcdic_field(6),
    "12": ebcdic_field(6),
    "13": ebcdic_field(4),
    "14": ebcdic_field(4),
    "15": ebcdic_field(4),
    "18": ebcdic_field(4),
    "22": ebcdic_field(3),
    "32": ebcdic_field(11, 2),
    "37": ebcdic_field(12),
    "38": ebcdic_field(6),
    "39": ebcdic_field(2),
    "41": ebcdic_field(8),
    "42": ebcdic_field(15),
    "48": ebcdic_field(999, 3),
    "49": ebcdic_field(3),
    "61": ebcdic_field(26, 3),
    "63": ebcdic_field(50, 3),
    "70": ebcdic_field(3),
    "90": ebcdic_field(42),
    "95": ebcdic_field(42),
}


class MastercardLink:
    """``Link`` for Mastercard."""

    name = "mastercard"
    prefix_bytes = 2

    def body_bytes(self, prefix: bytes) -> int:
        return int.from_bytes(prefix, "big")

    def frame(self, elements: Elements) -> bytes:
        body = encode(elements, SPEC)
        return len(body).to_bytes(2, "big") + body

    def open(self, body: bytes) -> Elements:
        return decode(body, SPEC)

    def rejects(self, body: bytes, frame: bytes) -> bool:
        """Never: this network answers with DE 39 = 30 instead."""
        return False

    def authorization(self, request: AuthorizationRequest) -> Elements:
        on_file = request.stored not in {None, "first"}
        elements = authorization_elements(request) | {
            "22": ON_FILE if on_file else "810",
            "48": "T" + write_subelements(_private(request)),
            "61": f"1025100006600{request.acceptor.country}".ljust(26),
        }
        if request.kind == "payout":
            elements["3"] = MONEY_SEND
        if request.scheme_reference:
            elements["63"] = request.scheme_reference
        return elements

    def reversal(self, request: ReversalRequest) -> Elements:
        elements = reversal_elements(request)
        if request.kind == "payout":
            elements["3"] = MONEY_SEND
        if request.scheme_reference:
            elements["63"] = request.scheme_reference
        return elements

    def answer(self, elements: Elements) -> NetworkAnswer:
        return NetworkAnswer(
            response_code=elements["39"],
            authorization_code=elements.get("38"),
            scheme_reference=elements.get("63"),
            cvc_result=read_subelements(elements.get("48", "")[1:]).get("87"),
        )


def _private(request: AuthorizationRequest) -> dict[str, str]:
    """DE 48: security level, proof of authentication, who initiated, CVC2."""
    found = {"42": f"0103{_level(request.proof)}"}
    proof = request.proof
    if proof is not None and proof.value:
        proof_bytes(proof.value)
        found["43"] = proof.value
        if proof.ds_trans_id and not proof.of_token:
            found["66"] = (
                f"0101{(proof.version or '2')[0]}02{len(proof.ds_trans_id):02d}{proof.ds_trans_id}"
            )
    if request.stored is not None:
        found["22"] = f"0504{_STORED[request.stored]}"
    cvc2 = security_code(request.card)
    if cvc2 is not None:
        found["92"] = cvc2
    return found


def _level(proof: CardholderProof | None) -> str:
    if proof is None:
        return UNPROVEN
    return TOKENIZED if proof.of_token else LEVELS.get(proof.eci, UNPROVEN)


def write_subelements(values: Mapping[str, str]) -> str:
    """DE 48 behind its category code: two digits id, two digits length, value."""
    return "".join(f"{name}{len(value):02d}{value}" for name, value in sorted(values.items()))


def read_subelements(text: str) -> dict[str, str]:
    """The reverse of ``write_subelements``; raises BadMessage."""
    found: dict[str, str] = {}
    while text:
        name, length = text[:2], text[2:4]
        if not (length.isascii() and length.isdigit()) or len(text) < 4 + int(length):
            raise BadMessage("element 48 cannot be read")
        found[name] = text[4 : 4 + int(length)]
        text = text[4 + int(length) :]
    return found

"""Visa's BASE I link: 4-byte prefix, 22-byte header, BCD and EBCDIC elements (docs/networks.md)."""

from __future__ import annotations

import re
from typing import Any

from tidegate.domain.message import AuthorizationRequest, NetworkAnswer, ReversalRequest
from tidegate.networks.iso8583.common import (
    authorization_elements,
    proof_bytes,
    reversal_elements,
    security_code,
)
from tidegate.networks.iso8583.message import BadMessage, Elements, decode, encode, visa_field

HEADER_BYTES = 22
HEADER_START = b"\x16\x01\x02"
"""Length 22, header format 1, text format 2 (EBCDIC and BCD)."""
REJECT_HEADER_BYTES = 26
REJECT_START = b"\x1a"
VISA_STATION = "400001"
TOKEN_CRYPTOGRAM, CAVV, CVV2, ENVIRONMENT = 8, 9, 10, 13
"""Sub-fields of DE 126."""
ON_FILE = "1000"
"""DE 22: the number comes from the merchant's files."""
_STORED_BEFORE = {"cardholder", "recurring", "unscheduled"}
_ENVIRONMENTS = {"first": "C", "cardholder": "C", "recurring": "R", "unscheduled": "C"}
CVV2_RESULT = 9
"""Position of the CVV2 result in DE 44, from zero."""

SPEC: dict[str, dict[str, Any]] = {
    "h": visa_field("b", 0),
    "t": visa_field("n", 4),
    "p": visa_field("b", 8),
    "1": visa_field("b", 8),
    "2": visa_field("n", 19, 1),
    "3": visa_field("n", 6),
    "4": visa_field("n", 12),
    "7": visa_field("n", 10),
    "11": visa_field("n", 6),
    "12": visa_field("n", 6),
    "13": visa_field("n", 4),
    "14": visa_field("n", 4),
    "18": visa_field("n", 4),
    "19": visa_field("n", 3),
    "22": visa_field("n", 4),
    "25": visa_field("n", 2),
    "32": visa_field("n", 11, 1),
    "37": visa_field("an", 12),
    "38": visa_field("an", 6),
    "39": visa_field("an", 2),
    "41": visa_field("an", 8),
    "42": visa_field("an", 15),
    "44": visa_field("an", 25, 1),
    "49": visa_field("n", 3),
    "60": visa_field("b", 255, 1),
    "62": visa_field("b", 255, 1),
    "70": visa_field("n", 3),
    "90": visa_field("n", 42),
    "95": visa_field("an", 42),
    "126": visa_field("b", 255, 1),
}


class VisaLink:
    """``Link`` for Visa."""

    name = "visa"
    prefix_bytes = 4

    def body_bytes(self, prefix: bytes) -> int:
        if prefix[2:] != b"\0\0":
            raise BadMessage("reserved bytes of the prefix are not zero")
        return int.from_bytes(prefix[:2], "big")

    def frame(self, elements: Elements) -> bytes:
        body = encode(elements, SPEC)
        size = (HEADER_BYTES + len(body)).to_bytes(2, "big")
        stations = bytes.fromhex(VISA_STATION + elements["32"][:6].rjust(6, "0"))
        header = HEADER_START + size + stations + bytes(HEADER_BYTES - 11)
        return size + b"\0\0" + header + body

    def open(self, body: bytes) -> Elements:
        if len(body) < HEADER_BYTES or body[:3] != HEADER_START:
            raise BadMessage("a header that is not Visa's")
        if int.from_bytes(body[3:5], "big") != len(body):
            raise BadMessage("header and prefix disagree about the length")
        return decode(body[HEADER_BYTES:], SPEC)

    def rejects(self, body: bytes, frame: bytes) -> bool:
        """A reject header stands in front of the original header and message, both unchanged."""
        original = frame[self.prefix_bytes :]
        return body[:1] == REJECT_START and body[REJECT_HEADER_BYTES:] == original

    def authorization(self, request: AuthorizationRequest) -> Elements:
        elements = authorization_elements(request) | {
            "19": request.acceptor.country,
            "22": ON_FILE if request.stored in _STORED_BEFORE else "0100",
            "25": "59",
        }
        if request.proof is not None and request.proof.eci:
            elements["60"] = f"00000000{request.proof.eci:0>2}"  # 60.8 is the last of ten digits
        private = _private(request)
        if private:
            bits = sum(1 << (64 - number) for number in private)
            content = b"".join(private[number] for number in sorted(private))
            elements["126"] = f"{bits:016X}{content.hex().upper()}"
        if request.scheme_reference:
            elements["62"] = _transaction_identifier(request.scheme_reference)
        return elements

    def reversal(self, request: ReversalRequest) -> Elements:
        elements = reversal_elements(request)
        if request.scheme_reference:
            elements["62"] = _transaction_identifier(request.scheme_reference)
        return elements

    def answer(self, elements: Elements) -> NetworkAnswer:
        return NetworkAnswer(
            response_code=elements["39"],
            authorization_code=elements.get("38"),
            scheme_reference=_reference(elements["62"]) if "62" in elements else None,
            cvc_result=elements.get("44", "")[CVV2_RESULT:].strip() or None,
        )


def _private(request: AuthorizationRequest) -> dict[int, bytes]:
    """The sub-fields of DE 126: cryptogram of a token, CAVV, CVV2, credential on file."""
    found: dict[int, bytes] = {}
    proof = request.proof
    if proof is not None and proof.value:
        found[TOKEN_CRYPTOGRAM if proof.of_token else CAVV] = proof_bytes(proof.value)
    cvv2 = security_code(request.card)
    if cvv2 is not None:
        # Presence indicator 1 (the value is there), response type 1 (we want the result).
        found[CVV2] = f"11{cvv2:>4}".encode("cp500")
    if request.stored is not None:
        found[ENVIRONMENT] = _ENVIRONMENTS[request.stored].encode("cp500")
    return found


def _transaction_identifier(reference: str) -> str:
    """62.2: n15, with a leading zero nibble."""
    if not re.fullmatch(r"(?a:\d{1,15})", reference):
        raise BadMessage("the transaction identifier is not 15 digits")
    return _bitmap(2) + f"{reference:0>16}"


def _reference(element_62: str) -> str:
    """The reverse of ``_transaction_identifier``."""
    bitmap, identifier = element_62[:16], element_62[16:]
    if bitmap != _bitmap(2) or not re.fullmatch(r"0\d{15}", identifier):
        raise BadMessage("element 62 cannot be read")
    return identifier[1:]


def _bitmap(field: int) -> str:
    """The eight-byte bitmap of a sub-field, in hex."""
    return f"{1 << (64 - field):016X}"

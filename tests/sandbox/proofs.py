"""Proofs as an acquirer sends them: an authentication, or a network token with its cryptogram."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field
from typing import Any

from sandbox.iso8583 import Message
from tests.sandbox.process import SandboxProcess
from tests.sandbox.terminal import CARDS, Sent

REFUSED = "59"
ECIS = {"visa": ("05", "06", "07"), "mastercard": ("02", "01", "00")}
"""Authenticated, attempted, neither."""
CAVV = bytes(range(20))
V, M = "/vts/provisionedTokens", "/mdes/digitization/1/0"


def paying(
    sent: Sent,
    *,
    eci: str | None = None,
    value: bytes | None = None,
    token: bool = False,
    on_file: str | None = None,
) -> Message:
    """The 0100 of ``sent`` with a proof; ``on_file`` is ``holder`` or ``merchant``, the one who
    uses a stored card."""
    message = sent.message
    (_add_visa if sent.network == "visa" else _add_mastercard)(
        message, eci=eci, value=value, token=token, on_file=on_file
    )
    return message


def _add_visa(
    message: Message, *, eci: str | None, value: bytes | None, token: bool, on_file: str | None
) -> None:
    """DE 60.8, 126.8 (cryptogram) or 126.9 (CAVV), DE 22 and 126.13."""
    if eci is not None:
        message.elements[60] = f"00000000{eci}"
    private = {8 if token else 9: value} if value is not None else {}
    if on_file is not None:
        message.elements[22] = "1000"
        private[13] = "C".encode("cp500")
    if private:
        bitmap = sum(1 << (64 - number) for number in private).to_bytes(8, "big")
        message.elements[126] = (bitmap + b"".join(private.values())).hex().upper()


def _add_mastercard(
    message: Message, *, eci: str | None, value: bytes | None, token: bool, on_file: str | None
) -> None:
    """DE 48 with 22 (who initiates), 42 (level), 43 (proof); DE 22."""
    level = {"02": "212", "01": "211", "00": "210", None: "211"}[eci]
    found = {"42": f"0103{'242' if token else level}"}
    if value is not None:
        found["43"] = base64.b64encode(value).decode()
    if on_file is not None:
        message.elements[22] = "100"
        found["22"] = {"holder": "0504C101", "merchant": "0504M101"}[on_file]
    pieces = (f"{name}{len(text):02d}{text}" for name, text in sorted(found.items()))
    message.elements[48] = "T" + "".join(pieces)


@dataclass
class NetworkToken:
    """A token of the host's token service, for a merchant of its own."""

    host: SandboxProcess
    requestor: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        card = CARDS[self.host.name]
        if self.host.name == "visa":
            instrument = {"accountNumber": card, "expirationDate": {"month": "12", "year": "2031"}}
            made = self._call("POST", V, clientAppID=self.requestor, paymentInstrument=instrument)
            self.reference = made["vProvisionedTokenID"]
            self.number = made["tokenInfo"]["tokenNumber"]
        else:
            data = {"accountNumber": card, "expiryMonth": "12", "expiryYear": "31"}
            made = self._call(
                "POST",
                f"{M}/tokenize",
                tokenRequestorId=self.requestor,
                fundingAccountInfo={"cardAccountData": data},
            )
            self.reference = made["tokenUniqueReference"]
            self.number = made["tokenDetail"]["tokenNumber"]

    def cryptogram(self) -> bytes:
        if self.host.name == "visa":
            given = self._call("POST", f"{V}/{self.reference}/cryptogram", transactionType="ECOM")
            return base64.b64decode(given["cryptogramInfo"]["cryptogram"])
        given = self._call("POST", f"{M}/transact", tokenUniqueReference=self.reference)
        return base64.b64decode(given["dsrpCryptogram"])

    def change(self, what: str) -> None:
        """suspend, resume or delete."""
        if self.host.name == "visa":
            self._call("PUT", f"{V}/{self.reference}/{what}")
        else:
            path = f"{M}/{what.replace('resume', 'unsuspend')}"
            self._call("POST", path, tokenUniqueReference=self.reference)

    def payment(self, value: bytes | None, on_file: str | None = None, **other: Any) -> Message:
        """A 0100 of its own identity with this token."""
        return paying(self.sent(**other), value=value, token=True, on_file=on_file)

    def sent(self, **other: Any) -> Sent:
        return Sent(self.host.name, pan=self.number, **other)

    def _call(self, method: str, path: str, **message: object) -> dict[str, Any]:
        answer = self.host.http(method, path, json=message)
        assert answer.status_code in {200, 201}, answer.text
        read: dict[str, Any] = answer.json()
        return read

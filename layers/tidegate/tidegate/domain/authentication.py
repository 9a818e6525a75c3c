"""EMV 3-D Secure 2.2 as the platform sees it, acting as the 3DS Server (EMVCo specification,
messages PReq, AReq, CReq, RReq; the contract's section 2.6)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from tidegate.domain.message import Card, CardAcceptor, CardholderProof
from tidegate.domain.money import Money

Mode = Literal["threeDSPage", "threeDSIntegrator"]
AUTHENTICATED, ATTEMPTED, CHALLENGE = "Y", "A", "C"
SUCCESSES = frozenset({AUTHENTICATED, ATTEMPTED})

_ECI = {
    "Mastercard": {AUTHENTICATED: "02", ATTEMPTED: "01"},
}
_OTHER_ECI = {AUTHENTICATED: "05", ATTEMPTED: "06"}


def eci_of(brand: str, status: str) -> str:
    """The electronic commerce indicator of a transaction status (contract, section 2.6)."""
    default = "00" if brand == "Mastercard" else "07"
    return _ECI.get(brand, _OTHER_ECI).get(status, default)


@dataclass(frozen=True, slots=True)
class BrowserInfo:
    """What the access control server is told of the payer's browser (EMV 3DS, browser channel)."""

    accept_header: str = "*/*"
    color_depth: int = 24
    java_enabled: bool = False
    javascript_enabled: bool = True
    language: str = "en"
    screen_height: int = 768
    screen_width: int = 1024
    time_zone_offset: int = 0
    """Minutes between UTC and the browser's local time."""
    user_agent: str = "unknown"
    ip: str | None = None


@dataclass(frozen=True, slots=True)
class AuthenticationRequest:
    """An AReq."""

    server_trans_id: str
    """UUID, ours (threeDSServerTransID)."""
    brand: str
    card: Card
    amount: Money
    acceptor: CardAcceptor
    acquirer_id: str
    browser: BrowserInfo
    method_completed: Literal["Y", "N", "U"]
    """Whether the 3DS method ran in the browser; U where there is none."""
    notification_url: str
    """Where the access control server sends the browser after a challenge (CRes)."""
    results_url: str
    """Where the directory server posts the result of a challenge (RReq)."""
    purchase_at: int
    """Unix seconds, UTC."""
    email: str | None = None
    without_payment: bool = False
    """The card is only to be stored or checked."""


@dataclass(frozen=True, slots=True)
class AuthenticationAnswer:
    """An ARes, or the final result out of an RReq."""

    status: str
    """transStatus: Y, A, N, U, R or C."""
    ds_trans_id: str
    acs_trans_id: str
    version: str
    eci: str | None = None
    value: str | None = field(default=None, repr=False)
    """authenticationValue: base64, 28 characters."""
    reason: str | None = None
    """transStatusReason."""
    cardholder_info: str | None = None
    challenge_url: str | None = None
    """acsURL, where status is C."""


@dataclass(frozen=True, slots=True)
class Authentication:
    """How far the authentication of one payment or tokenization has come."""

    mode: Mode | Literal["external"]
    server_trans_id: str
    status: str = ""
    """Empty before the AReq; then the latest transStatus."""
    ds_trans_id: str = ""
    acs_trans_id: str = ""
    version: str = ""
    eci: str = ""
    value: str = field(default="", repr=False)
    reason: str = ""
    cardholder_info: str = ""
    challenge_url: str = ""
    frictionless: bool = False
    method_url: str = ""
    """Of the issuer's 3DS method, where its card range has one."""

    @property
    def succeeded(self) -> bool:
        return self.status in SUCCESSES

    @property
    def failed(self) -> bool:
        """A final status that is no success."""
        return self.status not in SUCCESSES | {"", CHALLENGE}

    @property
    def liability_shifted(self) -> bool:
        """Whether the issuer bears fraud losses: authenticated, or attempted with a proof."""
        return self.succeeded and bool(self.value)

    def answered(self, brand: str, answer: AuthenticationAnswer) -> Authentication:
        """With what the directory server said; an ECI that it left out follows from the status."""
        return replace(
            self,
            status=answer.status,
            ds_trans_id=answer.ds_trans_id or self.ds_trans_id,
            acs_trans_id=answer.acs_trans_id or self.acs_trans_id,
            version=answer.version or self.version,
            eci=answer.eci or eci_of(brand, answer.status),
            value=answer.value or "",
            reason=answer.reason or "",
            cardholder_info=answer.cardholder_info or "",
            challenge_url=answer.challenge_url or "",
            frictionless=self.status == "" and answer.status != CHALLENGE,
        )

    def proof(self) -> CardholderProof | None:
        """What the authorization carries; None before and after a failure."""
        if not self.succeeded:
            return None
        return CardholderProof(
            eci=self.eci,
            value=self.value,
            ds_trans_id=self.ds_trans_id or None,
            version=self.version or None,
        )

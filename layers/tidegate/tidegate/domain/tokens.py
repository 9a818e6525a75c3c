"""Cards on file: gateway tokens, network tokens and what they are worth to whom."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from tidegate.domain.account_data import AccountData
from tidegate.domain.message import Card

GATEWAY_PREFIX, NETWORK_PREFIX, RECURRING_PREFIX = "pmt_", "nt-", "rcr_"


class TokenStatus(StrEnum):
    """Of a token; the value is the contract's."""

    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class NetworkToken:
    """A card number that the scheme made for this store alone (Visa VTS, Mastercard MDES)."""

    reference: str = field(repr=False)
    """The token service's own name for it (tokenReferenceID)."""
    token: Card = field(repr=False)
    """Number and expiry, clear in memory only."""
    account_reference: str = ""
    """paymentAccountReference."""
    art_uri: str = ""
    """Card art, for showing the payer."""
    status: TokenStatus = TokenStatus.ENABLED


@dataclass(frozen=True, slots=True)
class TokenCryptogram:
    """Good for one authorization with its token."""

    value: str = field(repr=False)
    """Base64 of 20 bytes."""
    eci: str
    expires_at: int
    """Unix seconds, UTC."""


@dataclass(frozen=True, slots=True)
class StoredCard:
    """One card of one of the store's customers. Its id names the gateway token ``pmt_<id>`` and
    the network token ``nt-<id>``."""

    sid: str
    id: str
    """32 hex digits."""
    version: int
    vault_id: str
    user_reference: str
    brand: str
    first6: str
    last4: str
    fingerprint: str
    """Equal for equal cards of one store; tells nothing about the number."""
    sealed_card: bytes = field(repr=False)
    created_at: int
    updated_at: int
    made_by: str
    """merchantTransID of the tokenization or payment that made it."""
    status: TokenStatus = TokenStatus.ENABLED
    gateway: bool = True
    """Whether the gateway token exists; False for networkTokenOnly."""
    scheme_reference: str | None = None
    """Of the payment or check that stored it: what later merchant-initiated payments refer to."""
    holder_name: str | None = None
    account: AccountData | None = None
    """What was known of the card's account when it was kept."""
    metadata: str | None = None
    network_reference: str | None = field(default=None, repr=False)
    sealed_network_token: bytes | None = field(default=None, repr=False)
    network_first6: str = ""
    network_last4: str = ""
    network_expiry: str = ""
    """YYMM."""
    account_reference: str = ""
    art_uri: str = ""
    network_status: TokenStatus = TokenStatus.ENABLED
    network_wanted: bool = False
    """Whether a network token is still to be made."""
    email: str | None = None
    locale: str | None = None
    proven: bool = False
    """Whether the network has agreed to the card; until then it depends on ``made_by``."""
    deleted: bool = False

    @property
    def token(self) -> str:
        return GATEWAY_PREFIX + self.id

    @property
    def recurring_reference(self) -> str:
        return RECURRING_PREFIX + self.id

    @property
    def network_token_id(self) -> str | None:
        """``tokenID``; None where there is no network token."""
        return None if self.sealed_network_token is None else NETWORK_PREFIX + self.id

    def changed(self, at: int, **changes: object) -> StoredCard:
        """The next version."""
        return replace(self, version=self.version + 1, updated_at=at, **changes)  # type: ignore[arg-type]


NO_NETWORK_TOKEN: dict[str, object] = {
    "network_reference": None,
    "sealed_network_token": None,
    "network_first6": "",
    "network_last4": "",
    "network_expiry": "",
    "account_reference": "",
    "art_uri": "",
    "network_status": TokenStatus.ENABLED,
    "network_wanted": False,
}
"""Of a card whose network token has ended, or that never got one."""


def id_of(value: str) -> str | None:
    """The stored card's id out of a gateway token, a network token's id or a recurring reference;
    None for other text."""
    for prefix in (GATEWAY_PREFIX, NETWORK_PREFIX, RECURRING_PREFIX):
        if value.startswith(prefix):
            rest = value[len(prefix) :]
            return rest if len(rest) == 32 and set(rest) <= set("0123456789abcdef") else None
    return None

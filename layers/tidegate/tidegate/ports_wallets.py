"""What payments by wallet need from the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tidegate.domain.wallet import WalletAnswer, WalletNotice, WalletOrder, WalletRefund


@dataclass(frozen=True, slots=True)
class WalletCredentials:
    """Our name at a wallet network, our signing key and its own public key, both PEM."""

    client_id: str
    private_key: bytes = field(repr=False)
    wallet_public_key: bytes = field(repr=False)


class Wallet(Protocol):
    """One wallet network. Every call raises NotSent (nothing left us) or Unanswered (unknown); a
    wallet's own "unknown" or "in process" is an answer that is pending, never one that is paid."""

    name: str

    def pay(self, order: WalletOrder, *, timeout_s: float) -> WalletAnswer:
        """Place an order, or take its money at once where the payer shows a code."""

    def inquire(self, request_id: str, *, timeout_s: float) -> WalletAnswer:
        """What became of an order; declined where the wallet never heard of it."""

    def cancel(self, request_id: str, *, timeout_s: float) -> bool:
        """Close an order, and give back what was paid; whether the wallet has done so."""

    def refund(self, refund: WalletRefund, *, timeout_s: float) -> WalletAnswer:
        """Give back part or all of a paid order."""

    def inquire_refund(self, request_id: str, *, timeout_s: float) -> WalletAnswer:
        """What became of a refund; declined where the wallet never heard of it."""

    def read_notice(self, path: str, headers: Mapping[str, str], body: bytes) -> WalletNotice:
        """A notification, header names in lower case. Raises SignatureRejected, MalformedBody."""

    def acknowledge(self, path: str) -> tuple[dict[str, str], bytes]:
        """Headers and body that tell the wallet that its notification was taken."""


class Wallets(Protocol):
    """The wallet networks of this stack, by the name that stores' routes use."""

    def __getitem__(self, name: str) -> Wallet: ...

    def __contains__(self, name: object) -> bool: ...

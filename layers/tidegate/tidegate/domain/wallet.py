"""What is said to a wallet, whichever wallet it is; amounts in minor units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tidegate.domain.message import CardAcceptor, NetworkAnswer
from tidegate.domain.money import Money

Scenario = Literal["redirect", "CPM", "MPM"]
"""The payer goes to the wallet, shows its code, or scans the merchant's."""


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody has still to do before a payment can go on (contract, section 2.5)."""

    type: str
    """redirectUser, presentQRCode, promptUser, threeDSRedirect, threeDSIdentify …"""
    data: Mapping[str, str] = field(default_factory=dict)
    """url and method; qrCode and expiredAt; message."""


@dataclass(frozen=True, slots=True)
class WalletOrder:
    """A payment that a wallet is asked to collect. Sent twice it is still one order."""

    request_id: str
    """Ours, unique at the wallet; the same in every later call about this order."""
    amount: Money
    scenario: Scenario
    acceptor: CardAcceptor
    store_id: str
    title: str
    """What the payer reads."""
    expires_at: int
    """Unix seconds, UTC: the wallet takes no money later."""
    notify_url: str
    brand: str | None = None
    """Canonical name; None where only the payment code tells."""
    payment_code: str | None = field(default=None, repr=False)
    return_url: str | None = None
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class WalletRefund:
    """Money back from a paid order."""

    request_id: str
    """Ours, unique at the wallet; a repetition is the same refund."""
    payment_request_id: str
    wallet_reference: str | None
    amount: Money


@dataclass(frozen=True, slots=True)
class WalletAnswer:
    """What the wallet said. ``answer.scheme_reference`` is its own name for the payment."""

    answer: NetworkAnswer
    """``outcome`` is always set; ``decline`` too where it refused."""
    action: Action | None = None
    brand: str | None = None
    """Which wallet it was, where the order did not say."""


@dataclass(frozen=True, slots=True)
class WalletNotice:
    """A notification whose signature holds."""

    request_id: str
    result: WalletAnswer

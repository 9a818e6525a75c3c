"""A merchant's store: everything that decides how its payments are taken, priced and paid out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from typing import Literal

from tidegate.domain.fees import FeePlan
from tidegate.domain.message import CardAcceptor
from tidegate.domain.money import Money
from tidegate.domain.routing import Route

LinkRefundEvent = Literal["Refund", "LinkPay Refund"]
"""The eventCode of a refunded order: receivers know the one or the other."""
AuthenticationPolicy = Literal["none", "optional", "required"]
"""Of card payments: never, where the request asks for it (or the issuer does), always."""
SignType = Literal["SHA256", "SHA512", "HMAC-SHA256", "HMAC-SHA512"]


@dataclass(frozen=True, slots=True)
class SignKey:
    """A signing key in clear; at most two live ones, so that they can be rotated without a
    pause."""

    key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PayoutAccount:
    """Where the store's money goes."""

    holder: str
    account: str = field(repr=False)
    """IBAN or local account number."""
    bank: str
    """BIC."""
    country: str
    """ISO 3166-1 alpha-2."""


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """What a store refuses by itself before a network is asked."""

    max_amount_minor: int | None = None
    blocked_bins: tuple[str, ...] = ()

    def refuse(self, amount: Money, first6: str) -> bool:
        """Whether they refuse a payment (result code B0033)."""
        over = self.max_amount_minor is not None and amount.minor > self.max_amount_minor
        return over or any(first6.startswith(blocked) for blocked in self.blocked_bins)


@dataclass(frozen=True, slots=True)
class Store:
    """The configuration of one store, keys in clear (they are sealed under KMS at rest)."""

    sid: str
    active: bool
    sign_type: SignType
    sign_keys: tuple[SignKey, ...]
    currencies: tuple[str, ...]
    routes: tuple[tuple[str, tuple[Route, ...]], ...]
    """Routes by brand, first choice first."""
    acceptor: CardAcceptor
    terminal_id: str
    fee_plans: tuple[FeePlan, ...]
    """All versions; the last is the one in force."""
    time_zone: str
    cut_off: time
    settlement_currency: str
    payout_account: PayoutAccount
    capture_after_hours: int | None = None
    """Default for payments that do not say: None authorizes only, 0 captures at once."""
    webhook: str | None = None
    email: str | None = None
    mail_each_payment: bool = False
    vault_id: str = ""
    max_skew_s: int | None = None
    """How far a request's DateTime may be off; None only notes it."""
    requests_per_s: int | None = None
    """How many changes it may ask for, over ten seconds; None takes the platform's limit, 0 has
    none."""
    link_refund_event: LinkRefundEvent = "Refund"
    sdk_notices: bool = False
    """Whether notices of orders carry, beside the contract's fields, those that the Python SDK's
    webhook helper reads."""
    risk: RiskLimits = RiskLimits()
    authentication: AuthenticationPolicy = "none"
    version: int = 1

    @property
    def fee_plan(self) -> FeePlan:
        return self.fee_plans[-1]

    def fee_plan_of(self, version: int) -> FeePlan:
        """The plan under which a payment was made."""
        return next(plan for plan in self.fee_plans if plan.version == version)

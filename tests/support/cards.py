"""Wallets, directory servers and token services that say what a test wrote down; cards on file and
quotes in a dict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tidegate.domain.account_data import AccountData, longest
from tidegate.domain.authentication import AuthenticationAnswer, AuthenticationRequest
from tidegate.domain.errors import StaleVersion
from tidegate.domain.message import Card, NetworkAnswer
from tidegate.domain.order import Attempt, Order
from tidegate.domain.payment import OtherRecord
from tidegate.domain.tokens import NetworkToken, StoredCard, TokenCryptogram
from tidegate.domain.wallet import (
    Action,
    WalletAnswer,
    WalletNotice,
    WalletOrder,
    WalletRefund,
)
from tidegate.ports_tokens import Provisioning

PAID = WalletAnswer(NetworkAnswer("SUCCESS", scheme_reference="w-1", outcome="approved"))
TO_BE_CONFIRMED = WalletAnswer(
    NetworkAnswer("PAYMENT_IN_PROCESS", outcome="pending"),
    Action("redirectUser", {"url": "https://wallet.example/pay", "method": "GET"}),
)
CHALLENGED = AuthenticationAnswer(
    "C",
    "6b0c2f0e-5a40-4a4f-9a52-0c7a7f6b1d11",
    "1f3c2f0e-5a40-4a4f-9a52-0c7a7f6b1d22",
    "2.2.0",
    challenge_url="https://issuer.example/challenge",
)
AUTHENTICATED = AuthenticationAnswer(
    "Y",
    "6b0c2f0e-5a40-4a4f-9a52-0c7a7f6b1d11",
    "1f3c2f0e-5a40-4a4f-9a52-0c7a7f6b1d22",
    "2.2.0",
    "05",
    "AAABBBCCCDDDEEEFFFGGGHHH0000",
)


@dataclass
class ScriptedWallet:
    """A wallet; what it was asked is kept."""

    name: str = "alipayplus"
    replies: list[WalletAnswer | Exception] = field(default_factory=list)
    inquiries: list[WalletAnswer | Exception] = field(default_factory=list)
    refund_replies: list[WalletAnswer | Exception] = field(default_factory=list)
    refund_inquiries: list[WalletAnswer | Exception] = field(default_factory=list)
    cancels: list[bool | Exception] = field(default_factory=list)
    orders: list[WalletOrder] = field(default_factory=list)
    refunds: list[WalletRefund] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    def pay(self, order: WalletOrder, *, timeout_s: float) -> WalletAnswer:
        self.orders.append(order)
        return _said(self.replies)

    def inquire(self, request_id: str, *, timeout_s: float) -> WalletAnswer:
        return _said(self.inquiries)

    def cancel(self, request_id: str, *, timeout_s: float) -> bool:
        self.cancelled.append(request_id)
        said = self.cancels.pop(0) if self.cancels else True
        if isinstance(said, Exception):
            raise said
        return said

    def refund(self, refund: WalletRefund, *, timeout_s: float) -> WalletAnswer:
        self.refunds.append(refund)
        return _said(self.refund_replies)

    def inquire_refund(self, request_id: str, *, timeout_s: float) -> WalletAnswer:
        return _said(self.refund_inquiries)

    def read_notice(self, path: str, headers: Mapping[str, str], body: bytes) -> WalletNotice:
        return WalletNotice(body.decode(), PAID)

    def acknowledge(self, path: str) -> tuple[dict[str, str], bytes]:
        return {}, b"{}"


def _said(replies: list[WalletAnswer | Exception]) -> WalletAnswer:
    said = replies.pop(0) if replies else PAID
    if isinstance(said, Exception):
        raise said
    return said


@dataclass
class ScriptedDirectory:
    """Directory servers."""

    answers: list[AuthenticationAnswer | Exception] = field(default_factory=list)
    method: str | None = None
    asked: list[AuthenticationRequest] = field(default_factory=list)

    def method_url(self, brand: str, pan: str, *, timeout_s: float) -> str | None:
        return self.method

    def authenticate(
        self, request: AuthenticationRequest, *, timeout_s: float
    ) -> AuthenticationAnswer:
        self.asked.append(request)
        said = self.answers.pop(0) if self.answers else AUTHENTICATED
        if isinstance(said, Exception):
            raise said
        return said


@dataclass
class ScriptedTokenServices:
    """Token services; each card gets a token of its own."""

    refusals: list[Exception] = field(default_factory=list)
    provisioned: list[Provisioning] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    cryptograms: int = 0

    def provision(self, given: Provisioning, *, timeout_s: float) -> NetworkToken:
        if self.refusals:
            raise self.refusals.pop(0)
        self.provisioned.append(given)
        number = f"489537000000{len(self.provisioned):04d}"
        return NetworkToken(f"ref-{len(self.provisioned)}", Card(number, "2812"), "PAR-1")

    def cryptogram(self, brand: str, reference: str, *, timeout_s: float) -> TokenCryptogram:
        self.cryptograms += 1
        return TokenCryptogram(f"QUJDREVGR0hJSktMTU5PUFFSU{self.cryptograms:02d}=", "05", 2**31)

    def set_enabled(self, brand: str, reference: str, enabled: bool, *, timeout_s: float) -> None:
        """Nothing to remember."""

    def delete(self, brand: str, reference: str, *, timeout_s: float) -> None:
        self.deleted.append(reference)


@dataclass
class MemoryCardRanges:
    """CardRanges in a dict, by prefix."""

    known: dict[str, AccountData | None] = field(default_factory=dict)

    def account_data(self, pan: str) -> AccountData | None:
        return longest(pan, self.known)


class MemoryStoredCards:
    """StoredCards in a dict."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], StoredCard] = {}

    def get(self, sid: str, card_id: str) -> StoredCard | None:
        return self.items.get((sid, card_id))

    def put(self, card: StoredCard) -> None:
        self.items.setdefault((card.sid, card.id), card)

    def update(self, before: StoredCard, after: StoredCard) -> None:
        if self.items[before.sid, before.id] != before:
            raise StaleVersion
        self.items[before.sid, before.id] = after

    def of_user(self, sid: str, user_reference: str) -> Iterator[StoredCard]:
        found = [one for one in self.items.values() if one.sid == sid]
        yield from [one for one in found if one.user_reference == user_reference]


class MemoryOrders:
    """Orders in a dict; ids of closing requests are kept beside the payments'."""

    def __init__(self, taken: dict[tuple[str, str], object]) -> None:
        self.items: dict[tuple[str, str], Order] = {}
        self._tries: dict[tuple[str, str], list[Attempt]] = {}
        self._taken = taken

    def get(self, sid: str, order_id: str) -> Order | None:
        return self.items.get((sid, order_id))

    def create(self, order: Order) -> Order | None:
        held = self.items.setdefault((order.sid, order.order_id), order)
        return None if held is order else held

    def update(self, before: Order, after: Order) -> None:
        if self.items[before.sid, before.order_id] != before:
            raise StaleVersion
        self.items[before.sid, before.order_id] = after

    def join(self, order: Order, attempt: Attempt, most: int) -> bool:
        key = order.sid, order.order_id
        held = self.items[key]
        if held.closed_by is not None or held.tries >= most:
            return False
        self.items[key] = replace(held, tries=held.tries + 1)
        self._tries.setdefault(key, []).append(attempt)
        return True

    def attempts(self, sid: str, order_id: str, limit: int) -> tuple[Attempt, ...]:
        return tuple(self._tries.get((sid, order_id), [])[-limit:])

    def close(self, before: Order, after: Order, trans_id: str) -> bool:
        if (before.sid, trans_id) in self._taken:
            return False
        self.update(before, after)
        self._taken[before.sid, trans_id] = OtherRecord("l", before.secret)
        return True

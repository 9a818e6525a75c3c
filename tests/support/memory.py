"""The ports in memory, honest about conditions: they test the services' decisions, not DynamoDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import time
from decimal import Decimal
from hashlib import sha256

from tidegate.domain.errors import StaleVersion, StoreUnknown
from tidegate.domain.fees import FeePlan, Rate
from tidegate.domain.message import (
    AuthorizationRequest,
    CardAcceptor,
    NetworkAnswer,
    ReversalRequest,
)
from tidegate.domain.payment import IdempotencyRecord, Payment, PaymentOperation
from tidegate.domain.routing import Route
from tidegate.domain.store import PayoutAccount, SignKey, Store
from tidegate.ports import Record

VISA_CARD = "4761340000000043"
MASTERCARD_CARD = "5120350100064594"


def a_store(**changes: object) -> Store:
    """A store in Hong Kong with both networks."""
    store = Store(
        sid="S024116",
        active=True,
        sign_type="SHA256",
        sign_keys=(SignKey("k1", "0123456789abcdef0123456789abcdef"),),
        currencies=("HKD", "JPY", "USD"),
        routes=(
            ("Visa", (Route("visa", "400001"), Route("visa2", "400002"))),
            ("Mastercard", (Route("mastercard", "500001"),)),
            ("AlipayHK", (Route("alipayplus", "TIDEGATE"),)),
        ),
        acceptor=CardAcceptor("M024116", "Harbour Books", "Hong Kong", "344", "5942"),
        terminal_id="T0241160",
        fee_plans=(FeePlan(1, Rate(Decimal("1.8"), 100), refund_fixed_minor=50),),
        time_zone="Asia/Hong_Kong",
        cut_off=time(23, 0),
        settlement_currency="HKD",
        payout_account=PayoutAccount("Harbour Books", "012-345678-001", "HSBCHKHH", "HK"),
        authentication="optional",
        vault_id="VAULT-T1",
    )
    return replace(store, **changes)  # type: ignore[arg-type]


class MemoryPayments:
    """A PaymentStore in a dict; every write checks what DynamoDB would check."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Record] = {}
        self.keys: dict[tuple[str, str], IdempotencyRecord] = {}
        self.before_write: list[Callable[[], None]] = []
        """Run once each before the next writes: how a test lets somebody else be faster."""

    def get(self, sid: str, trans_id: str) -> Record | None:
        return self.items.get((sid, trans_id))

    def create(
        self, payment: Payment, idempotency: IdempotencyRecord | None = None
    ) -> Record | IdempotencyRecord | None:
        return self._put_new(payment, idempotency)

    def update(self, before: Payment, after: Payment) -> None:
        self._interfere()
        self._check(before)
        self._put(after)

    def begin(
        self,
        before: Payment,
        after: Payment,
        operation: PaymentOperation,
        idempotency: IdempotencyRecord | None = None,
    ) -> Record | IdempotencyRecord | None:
        self._interfere()
        holder = self._holder(operation, idempotency)
        if holder is not None:
            return holder
        self._check(before)
        self._put_new(operation, idempotency)
        self._put(after)
        return None

    def conclude(
        self,
        before: Payment,
        after: Payment,
        op_before: PaymentOperation,
        op_after: PaymentOperation,
    ) -> None:
        self._interfere()
        self._check(before)
        self._check(op_before)
        self._put(after)
        self._put(op_after)

    def update_operation(self, before: PaymentOperation, after: PaymentOperation) -> None:
        self._interfere()
        self._check(before)
        self._put(after)

    def idempotency(self, sid: str, key: str) -> IdempotencyRecord | None:
        return self.keys.get((sid, key))

    def remember(self, record: IdempotencyRecord) -> IdempotencyRecord | None:
        held = self.keys.setdefault((record.sid, record.key), record)
        return None if held is record else held

    def due(self, now: int, limit: int) -> Iterator[tuple[str, str]]:
        found = [item for item in self.items.values() if item.due_at and item.due_at <= now]
        found.sort(key=lambda item: item.due_at or 0)
        yield from [(item.sid, item.trans_id) for item in found[:limit]]

    def payment(self, trans_id: str, sid: str = "S024116") -> Payment:
        found = self.items[sid, trans_id]
        assert isinstance(found, Payment)
        return found

    def operation(self, trans_id: str, sid: str = "S024116") -> PaymentOperation:
        found = self.items[sid, trans_id]
        assert isinstance(found, PaymentOperation)
        return found

    def _interfere(self) -> None:
        if self.before_write:
            self.before_write.pop(0)()

    def _holder(
        self, item: Record, idempotency: IdempotencyRecord | None
    ) -> Record | IdempotencyRecord | None:
        if idempotency and (item.sid, idempotency.key) in self.keys:
            return self.keys[item.sid, idempotency.key]
        return self.items.get((item.sid, item.trans_id))

    def _put_new(
        self, item: Record, idempotency: IdempotencyRecord | None
    ) -> Record | IdempotencyRecord | None:
        holder = self._holder(item, idempotency)
        if holder is None:
            self._put(item)
            if idempotency:
                self.keys[item.sid, idempotency.key] = idempotency
        return holder

    def _check(self, before: Record) -> None:
        if self.items[before.sid, before.trans_id] != before:
            raise StaleVersion

    def _put(self, item: Record) -> None:
        if isinstance(item, Payment):
            assert item.capturable_minor >= 0
            assert item.refundable_minor >= 0
            assert item.refunded_minor + item.refundable_minor <= item.captured_minor
            assert item.captured_minor <= item.amount.minor
        self.items[item.sid, item.trans_id] = item


class MemoryStores:
    """A StoreDirectory in a dict."""

    def __init__(self, *stores: Store) -> None:
        self.stores = {store.sid: store for store in stores}

    def get(self, sid: str, *, max_age_s: float = 60) -> Store:
        if sid not in self.stores:
            raise StoreUnknown
        return self.stores[sid]

    def put(self, store: Store) -> None:
        self.stores[store.sid] = store

    def all_sids(self) -> Iterator[str]:
        yield from self.stores


@dataclass
class Counter:
    """Sequences from one."""

    last: int = 0

    def next(self, network: str, acquirer_id: str) -> int:
        self.last += 1
        return self.last


class OpenVault:
    """A vault that binds envelopes to their context but hides nothing."""

    def seal(self, plaintext: bytes, context: str) -> bytes:
        return context.encode() + b"\0" + plaintext

    def unseal(self, envelope: bytes, context: str) -> bytes:
        bound, _, plaintext = envelope.partition(b"\0")
        if bound != context.encode():
            raise ValueError("the envelope belongs to another record")
        return plaintext

    def fingerprint(self, plaintext: bytes, context: str) -> str:
        return sha256(context.encode() + plaintext).hexdigest()[:24]


@dataclass
class SetClock:
    """A clock that stands still until it is told."""

    at: float = 1_741_079_411.0

    def now(self) -> float:
        return self.at


@dataclass
class CountingIds:
    """Ids in order."""

    made: int = 0

    def evo_trans_id(self, at: float) -> str:
        self.made += 1
        return f"pay250304171012{self.made:016d}"

    def nonce(self) -> str:
        self.made += 1
        return f"nonce{self.made:07d}"

    def secret_id(self) -> str:
        self.made += 1
        return f"{self.made:032x}"

    def server_trans_id(self) -> str:
        self.made += 1
        return f"00000000-0000-4000-8000-{self.made:012d}"


Reply = NetworkAnswer | Exception
APPROVED = NetworkAnswer("00", "77Q2K1", "000000000900112", "M")
ACKNOWLEDGED = NetworkAnswer("00")


@dataclass
class ScriptedNetwork:
    """A card network that says what the test wrote down, and remembers what it was asked."""

    name: str = "visa"
    replies: list[Reply] = field(default_factory=list)
    reversal_replies: list[Reply] = field(default_factory=list)
    authorizations: list[AuthorizationRequest] = field(default_factory=list)
    reversals: list[ReversalRequest] = field(default_factory=list)

    def authorize(self, request: AuthorizationRequest, *, timeout_s: float) -> NetworkAnswer:
        self.authorizations.append(request)
        return _said(self.replies, APPROVED)

    def reverse(self, request: ReversalRequest, *, timeout_s: float) -> NetworkAnswer:
        self.reversals.append(request)
        return _said(self.reversal_replies, ACKNOWLEDGED)


def _said(replies: list[Reply], otherwise: NetworkAnswer) -> NetworkAnswer:
    reply = replies.pop(0) if replies else otherwise
    if isinstance(reply, Exception):
        raise reply
    return reply

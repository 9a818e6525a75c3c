"""What the services need from the world, as Protocols; ``adapters`` and ``networks`` implement
them on AWS and TCP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from tidegate.domain.account_data import AccountData
from tidegate.domain.message import AuthorizationRequest, NetworkAnswer, ReversalRequest
from tidegate.domain.payment import IdempotencyRecord, OtherRecord, Payment, PaymentOperation
from tidegate.domain.store import Store

Record = Payment | PaymentOperation
Found = Record | OtherRecord
"""What a merchantTransID can stand for."""


class PaymentStore(Protocol):
    """Payments and their operations; one key space per store, so that a duplicate id is impossible.

    Every write is one request and either happens whole or not at all. ``StaleVersion`` means:
    read again, decide again.
    """

    def get(self, sid: str, trans_id: str) -> Found | None:
        """The item under a merchantTransID, read consistently."""

    def create(
        self, payment: Payment, idempotency: IdempotencyRecord | None = None
    ) -> Found | IdempotencyRecord | None:
        """Write the first intent. None when written (also when an earlier try of the same nonce
        had been);
        otherwise what holds the id, or what the Idempotency-Key stands for."""

    def update(self, before: Payment, after: Payment) -> None:
        """Change a payment. Raises StaleVersion if it is no longer at ``before.version``."""

    def begin(
        self,
        before: Payment,
        after: Payment,
        operation: PaymentOperation,
        idempotency: IdempotencyRecord | None = None,
    ) -> Found | IdempotencyRecord | None:
        """One transaction: the operation's item and the payment's change. None when written;
        otherwise what holds the
        operation's id or key. Raises StaleVersion if only the payment had changed."""

    def conclude(
        self,
        before: Payment,
        after: Payment,
        op_before: PaymentOperation,
        op_after: PaymentOperation,
    ) -> None:
        """One transaction: the operation's outcome and the payment's change. Raises
        StaleVersion."""

    def update_operation(self, before: PaymentOperation, after: PaymentOperation) -> None:
        """Change an operation alone. Raises StaleVersion."""

    def idempotency(self, sid: str, key: str) -> IdempotencyRecord | None:
        """What an Idempotency-Key stands for."""

    def remember(self, record: IdempotencyRecord) -> IdempotencyRecord | None:
        """Let an Idempotency-Key stand for a request. None when written, otherwise what it stands
        for already."""

    def due(self, now: int, limit: int) -> Iterator[tuple[str, str]]:
        """(sid, merchantTransID) of items whose ``due_at`` is not after ``now``, oldest first per
        shard."""


class StoreDirectory(Protocol):
    """Store configuration."""

    def get(self, sid: str, *, max_age_s: float = 60) -> Store:
        """The store as it was at most so long ago. Raises StoreUnknown."""

    def put(self, store: Store) -> None:
        """Create or change a store; its keys are sealed. Raises StaleVersion unless ``version``
        is the next one."""

    def all_sids(self) -> Iterator[str]:
        """Every store id."""


class Sequences(Protocol):
    """Numbers for messages, leased in blocks."""

    def next(self, network: str, acquirer_id: str) -> int:
        """A number never given before for this network and acquirer; its last six digits are
        never 000000."""


class Vault(Protocol):
    """Sealing of card data under data keys that change every hour."""

    def seal(self, plaintext: bytes, context: str) -> bytes:
        """Encrypt; ``context`` binds the envelope to its record."""

    def unseal(self, envelope: bytes, context: str) -> bytes:
        """Decrypt; raises ValueError if the envelope was changed or belongs to another record."""

    def fingerprint(self, plaintext: bytes, context: str) -> str:
        """24 hex digits, equal for equal text in one context; tells nothing about the text."""


class CardRanges(Protocol):
    """What networks say of their ranges of card numbers."""

    def account_data(self, pan: str) -> AccountData | None:
        """What is known of a card's account; None where nothing is, or where nobody can say so in
        time: no payment waits or fails for it."""


class CardNetwork(Protocol):
    """A conversation with one card network's host."""

    name: str

    def authorize(self, request: AuthorizationRequest, *, timeout_s: float) -> NetworkAnswer:
        """Send a 0100. Raises NotSent (nothing reached the host) or Unanswered (unknown)."""

    def reverse(self, request: ReversalRequest, *, timeout_s: float) -> NetworkAnswer:
        """Send a 0400 or 0401. Raises NotSent or Unanswered."""


class Networks(Protocol):
    """The links this function has."""

    def __getitem__(self, name: str) -> CardNetwork: ...


class Clock(Protocol):
    """Time, so that the core has none of its own."""

    def now(self) -> float:
        """Unix seconds."""


class Ids(Protocol):
    """Identifiers that nothing else can know."""

    def evo_trans_id(self, at: float) -> str:
        """``pay`` + yymmddhhmmss (+08:00) + 16 digits, the first of which is the region."""

    def nonce(self) -> str:
        """Random text for one request, 12 characters."""

    def secret_id(self) -> str:
        """32 random hex digits: of a card on file, a payment link, a payment made through one."""

    def server_trans_id(self) -> str:
        """A random UUID (threeDSServerTransID)."""


class PaymentWorkflow(Protocol):
    """The synchronous state machine of one payment."""

    def run(
        self,
        *,
        sid: str,
        trans_id: str,
        refused: bool,
        routes: int,
        sealed_secrets: str | None,
        deadline: float,
    ) -> dict[str, object] | None:
        """Its output, or None when it failed, timed out or was lost: then the outcome is read
        from the store.

        ``refused``: the store's risk limits refuse it. ``routes``: how many the store has for the
        brand. ``sealed_secrets``: CVC, cryptogram or payment code, sealed and base64; kept nowhere
        else. ``deadline``: Unix seconds after which no new attempt is made. Never card data in
        clear.
        """

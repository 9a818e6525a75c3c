"""The whole gateway over ports in memory, with the payment workflow's steps taken in its order."""

from __future__ import annotations

from typing import Any

from tests.support.cards import (
    MemoryCardRanges,
    MemoryOrders,
    MemoryStoredCards,
    ScriptedDirectory,
    ScriptedTokenServices,
    ScriptedWallet,
)
from tests.support.fx_memory import MemoryQuotes
from tests.support.memory import (
    VISA_CARD,
    Counter,
    CountingIds,
    MemoryPayments,
    MemoryStores,
    OpenVault,
    ScriptedNetwork,
    SetClock,
    a_store,
)
from tidegate.domain.errors import NotSent
from tidegate.domain.message import Card
from tidegate.domain.money import Money
from tidegate.domain.payment import IdempotencyRecord, Payment
from tidegate.domain.store import Store
from tidegate.ports import CardRanges
from tidegate.services.additional_info import SubmitAdditionalInfo
from tidegate.services.authenticate_payer import AuthenticatePayer
from tidegate.services.authorize_payment import AuthorizePayment
from tidegate.services.await_payer import AwaitPayer
from tidegate.services.cancel_or_refund import CancelOrRefund
from tidegate.services.cancel_payment import CancelPayment
from tidegate.services.capture_payment import CapturePayment
from tidegate.services.card_conversation import CardConversation
from tidegate.services.card_tokens import CardTokens
from tidegate.services.cards_on_file import CardsOnFile
from tidegate.services.change import Beginner, Change
from tidegate.services.commands import ChangePayment
from tidegate.services.commands import CreatePayment as CreateCommand
from tidegate.services.conclude_refund import ConcludeRefund
from tidegate.services.conversations import Conversation
from tidegate.services.create_payment import CreatePayment
from tidegate.services.fail_payment import FailPayment
from tidegate.services.link_orders import LinkOrders
from tidegate.services.pay_order import PayOrder
from tidegate.services.payer_action import PayerAction
from tidegate.services.query import Query
from tidegate.services.refund_payment import RefundPayment
from tidegate.services.reverse_payment import ReversePayment
from tidegate.services.sweep_due import SweepDue
from tidegate.services.take_back import TakeBack
from tidegate.services.use_quote import UseQuote
from tidegate.services.wallet_conversation import WalletConversation
from tidegate.services.withdraw_attempt import WithdrawAttempt
from tidegate.services.workflow import Proceed, TaskResult


class Gateway:
    """Every use case wired to the same memory."""

    def __init__(
        self, store: Store | None = None, payments: Any = None, ranges: CardRanges | None = None
    ) -> None:
        self.store = store or a_store()
        self.payments = payments or MemoryPayments()
        self.stores = MemoryStores(self.store)
        self.clock = SetClock()
        self.ids = CountingIds()
        self.sequences = Counter()
        self.vault = OpenVault()
        self.visa, self.visa2 = ScriptedNetwork("visa"), ScriptedNetwork("visa2")
        networks = {
            "visa": self.visa,
            "visa2": self.visa2,
            "mastercard": ScriptedNetwork("mastercard"),
        }
        self.networks = networks
        self.workflow_dies_after: str | None = None
        """"create": nothing of it runs; "authorize": its first task was the last."""
        self.wallet = ScriptedWallet()
        self.directory = ScriptedDirectory()
        self.tokens = ScriptedTokenServices()
        self.ranges = ranges or MemoryCardRanges()
        self.stored_cards = MemoryStoredCards()
        self.quotes = MemoryQuotes()
        self.conversations: dict[str, Conversation] = {
            "card": CardConversation(networks, self.vault, self.clock),
            "e-wallet": WalletConversation(
                {"alipayplus": self.wallet}, self.vault, "https://pay.example/wallets"
            ),
        }
        self.conclude_refund = ConcludeRefund(self.payments, self.clock)
        self.take_back = TakeBack(
            self.payments, self.stores, self.conversations, self.conclude_refund, self.clock
        )
        self.authorize = AuthorizePayment(
            self.payments, self.stores, self.sequences, self.conversations, self.clock, self.ids
        )
        self.cards = CardsOnFile(
            self.payments, self.stored_cards, self.vault, self.tokens, self.clock
        )
        self.proceed = Proceed(self.payments, self, self.cards, self.clock)
        self.action = PayerAction("https://pay.example/g2")
        self.authenticate = AuthenticatePayer(
            self.payments,
            self.stores,
            self.sequences,
            self.vault,
            self.directory,
            self.proceed,
            self.clock,
            self.action,
        )
        self.reverse = ReversePayment(self.payments, self.sequences, self.take_back, self.clock)
        self.fail = FailPayment(self.payments, self.clock)
        self.create = CreatePayment(
            self.payments,
            self.sequences,
            self.vault,
            self.ranges,
            self.cards,
            UseQuote(self.quotes, self.clock),
            self.authenticate,
            self.proceed,
            self.clock,
            self.ids,
        )
        beginner = Beginner(self.payments, self.clock, self.ids)
        self.capture = CapturePayment(beginner, self.sequences, self.take_back)
        self.cancel = CancelPayment(beginner, self.sequences, self.take_back, self.clock)
        self.refund = RefundPayment(
            self.payments,
            beginner,
            self.sequences,
            self.conversations,
            self.conclude_refund,
            self.take_back,
            self.clock,
        )
        self.await_payer = AwaitPayer(
            self.payments,
            self.stores,
            self.sequences,
            self.conversations,
            self.take_back,
            self.clock,
        )
        self.cancel_or_refund = CancelOrRefund(self.payments, self.cancel, self.refund)
        self.query = Query(self.payments)
        self.card_tokens = CardTokens(
            self.payments,
            self.stores,
            self.stored_cards,
            self.cards,
            self.tokens,
            self.vault,
            self.clock,
            self.ids,
        )
        self.submit_additional_info = SubmitAdditionalInfo(self.payments, self.authenticate)
        self.orders = MemoryOrders(getattr(self.payments, "items", {}))
        withdraw = WithdrawAttempt(self.payments, self.sequences, self.take_back, self.clock)
        self.link_orders = LinkOrders(
            self.orders, self.payments, self.refund, withdraw, self.clock, self.ids
        )
        self.pay_order = PayOrder(
            self.orders,
            self.link_orders,
            self.stores,
            self.create,
            withdraw,
            self.clock,
            self.ids,
        )
        self.sweep = SweepDue(
            self.payments,
            self.stores,
            self.sequences,
            self.capture,
            self.take_back,
            self.await_payer,
            self.clock,
            self.ids,
        )

    def run(
        self,
        *,
        sid: str,
        trans_id: str,
        refused: bool,
        routes: int,
        sealed_secrets: str | None,
        deadline: float,
    ) -> dict[str, Any] | None:
        """What statemachines/payment.asl.json does, told in the order of its states."""
        if self.workflow_dies_after == "create":
            return None
        if refused:
            return self.fail(sid, trans_id, code="B0033").write()
        result: TaskResult | None = None
        for route in range(routes):
            try:
                result = self.authorize(
                    sid,
                    trans_id,
                    route=route,
                    sealed_secrets=sealed_secrets,
                    deadline=deadline,
                )
                break
            except NotSent:
                continue
        if self.workflow_dies_after == "authorize":
            return None
        if result is None:
            result = self.fail(sid, trans_id, code="P0098")
        if result.outcome == "unknown":
            result = self.reverse(sid, trans_id, deadline=deadline)
        return result.write()

    def pay(
        self,
        trans_id: str = "PAY-1",
        minor: int = 10_000,
        *,
        hours: int | None = None,
        idempotency: IdempotencyRecord | None = None,
        currency: str = "HKD",
        **more: Any,
    ) -> Payment:
        command = CreateCommand(
            trans_id=trans_id,
            trans_time="2025-03-04T09:10:11Z",
            amount=Money(minor, currency),
            means=more.pop("means", Card(VISA_CARD, "4912", "321")),
            capture_after_hours=hours,
            metadata="basket 17",
            **more,
        )
        return self.create(self.store, command, idempotency).payment

    def change(self, kind: str, trans_id: str, minor: int | None = None, **more: Any) -> Change:
        """``kind`` is capture, cancel, refund or cancel_or_refund."""
        command = ChangePayment(
            trans_id=trans_id,
            trans_time="2025-03-04T10:00:00Z",
            payment_trans_id=more.pop("of", "PAY-1"),
            amount=None if minor is None else Money(minor, more.pop("currency", "HKD")),
        )
        change: Change = getattr(self, kind)(self.store, command, **more)
        return change

    def sweep_now(self, later_s: float = 0) -> dict[str, int]:
        self.clock.at += later_s
        return self.sweep(limit=100, until=self.clock.at + 50)

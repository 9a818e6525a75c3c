"""Ways to break the code, to prove that the checks would notice."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from pynamodb.expressions.operand import Path

from tests.simulation.providers import WALLET_HOST
from tests.simulation.world import World
from tidegate.adapters import notices as notices_adapter
from tidegate.adapters.dynamodb import ledger as ledger_adapter
from tidegate.adapters.dynamodb import payments as payments_adapter
from tidegate.adapters.dynamodb.ledger import SHARDS, DynamoLedger, _shard_of, _unpack
from tidegate.adapters.dynamodb.payments import DynamoPayments
from tidegate.adapters.notices import SqsNoticeQueue
from tidegate.domain import authentication
from tidegate.domain.events import events_of
from tidegate.domain.transitions import Outcome, Status
from tidegate.networks.alipayplus import messages as alipayplus_messages
from tidegate.runtime import wiring_notices
from tidegate.runtime.observability import log
from tidegate.services import notify_merchant, take_back
from tidegate.services.authorize_payment import AuthorizePayment
from tidegate.services.card_conversation import CardConversation
from tidegate.services.card_seal import unseal_card
from tidegate.services.card_tokens import CardTokens
from tidegate.services.cards_on_file import CardsOnFile
from tidegate.services.create_payment import CreatePayment
from tidegate.services.refund_payment import RefundPayment
from tidegate.services.take_back import TakeBack
from tidegate.services.wallet_conversation import WalletConversation
from tidegate.services.withdraw_attempt import WithdrawAttempt

Break = Callable[[], Any]
"""Gives a context in which the code is broken."""


def _instead(owner: Any, name: str, make: Callable[[Any], Any]) -> Break:
    """``make`` gets the real thing and gives the broken one."""
    return lambda: patch.object(owner, name, make(getattr(owner, name)))


def _both(first: Break, second: Break) -> Break:
    """Two precautions stand behind each other; only without both is anything lost."""

    @contextmanager
    def together() -> Iterator[None]:
        with first(), second():
            yield

    return together


def _intent_nobody_looks_for(real: Callable[..., Any]) -> Any:
    return lambda *given: replace(real(*given), due_at=None)


def _unknown_as_declined(_real: Callable[..., Any]) -> Any:
    def unknown(self: AuthorizePayment, payment: Any) -> Any:
        now = int(self.clock.now())
        after = payment.step(payment.intent, Outcome.DECLINED, failure_code="P0098", due_at=None)
        return after.recorded(payment.intent, Outcome.DECLINED, at=now)

    return unknown


def _told_before_it_is_so(real: Callable[..., Any]) -> Any:
    def update(self: DynamoPayments, before: Any, after: Any) -> None:
        wiring_notices.queue().send(events_of(after, before.version))
        real(self, before, after)

    return update


def _swallowed(real: Callable[..., Any]) -> Any:
    def call(*given: Any) -> Any:
        with suppress(Exception):
            return real(*given)
        return None

    return call


def _nothing_taken_from_the_remainder(real: Callable[..., Any]) -> Any:
    def decide(self: RefundPayment, store: Any, command: Any, payment: Any) -> Any:
        after, refund = real(self, store, command, payment)
        return replace(after, refundable_minor=payment.refundable_minor), refund

    return decide


def _every_delivery_counts(_real: Callable[..., Any]) -> Any:
    def movements(self: DynamoLedger, key: Any) -> Iterator[Any]:
        for shard in range(SHARDS):
            for page in self._table.query(_shard_of(key, shard)):
                yield from map(_unpack, filter(None, str(page.get("b", "")).split("\n")))

    return movements


def _by_chance(_text: bytes) -> Any:
    name = random.randbytes(8)
    return SimpleNamespace(digest=lambda: name, hexdigest=name.hex)


def _card_in_the_log(real: Callable[..., Any]) -> Any:
    def authorize(
        self: CardConversation, store: Any, payment: Any, *given: Any, **more: Any
    ) -> Any:
        card = unseal_card(self.vault, payment.sid, payment.trans_id, payment.sealed_card)
        log.info("authorizing", extra={"card": card.pan})
        return real(self, store, payment, *given, **more)

    return authorize


def _sent_twice(real: Callable[..., Any]) -> Any:
    def refund(self: WalletConversation, store: Any, payment: Any, given: Any, **more: Any) -> Any:
        real(self, store, payment, replace(given, evo_trans_id=f"{given.evo_trans_id}-2"), **more)
        return real(self, store, payment, given, **more)

    return refund


BREAKS: Mapping[str, Break] = {
    "drop the intent's due time": _instead(CreatePayment, "_intent", _intent_nobody_looks_for),
    "skip the condition on the version": _instead(
        payments_adapter, "_guard", lambda _: lambda *_given: Path("p").exists()
    ),
    "notify before the commit": _instead(DynamoPayments, "update", _told_before_it_is_so),
    "take unknown for declined": _instead(AuthorizePayment, "_unknown", _unknown_as_declined),
    "forget a reversal that was not acknowledged": _instead(
        TakeBack,
        "_missed",
        lambda _: lambda _self, payment: payment.touched(reversal=None, due_at=None),
    ),
    "answer although nothing was written": _instead(DynamoPayments, "begin", _swallowed),
    "refund without reserving": _instead(
        RefundPayment, "_decide", _nothing_taken_from_the_remainder
    ),
    "book every delivery of a movement": _both(
        _instead(DynamoLedger, "movements", _every_delivery_counts),
        _instead(ledger_adapter, "sha256", lambda _: _by_chance),
    ),
    "close a batch and seal no page": _instead(DynamoLedger, "_end", _swallowed),
    "confirm records that were not queued": _both(
        _instead(SqsNoticeQueue, "send", _swallowed),
        _instead(notices_adapter, "TRIES", lambda _: 1),
    ),
    "tell later news first": _instead(
        notify_merchant, "holds_back", lambda _: lambda *_given: False
    ),
    "leave a token of a declined check usable": _instead(
        CardsOnFile, "_proven_late", lambda _: lambda _self, card, _field: card
    ),
    "end a token at its service alone": _instead(
        CardTokens, "delete", lambda _: lambda *_given, **_more: None
    ),
    "take a pending wallet answer for paid": lambda: patch.dict(
        alipayplus_messages._STATES, {"PROCESSING": "approved"}
    ),
    "refund a wallet order twice": _instead(WalletConversation, "refund", _sent_twice),
    "believe at once that a wallet never heard of something": _instead(
        take_back, "LATE_S", lambda _: -1_000_000
    ),
    "charge a card whose challenge was failed": lambda: patch.object(
        authentication, "SUCCESSES", frozenset("YAN")
    ),
    "take the browser's return for a result": lambda: patch.object(
        authentication, "SUCCESSES", frozenset("YAC")
    ),
    "take a try at an order for withdrawn that is not": _instead(
        WithdrawAttempt,
        "__call__",
        lambda _: lambda _self, payment: replace(payment, status=Status.FAILED),
    ),
    "log a card number": _instead(CardConversation, "authorize", _card_in_the_log),
}


STORMS: Mapping[str, str] = {
    "believe at once that a wallet never heard of something": f"{WALLET_HOST} POST",
    "take a try at an order for withdrawn that is not": f"{WALLET_HOST} POST",
}
"""Where much has to go wrong for a break to be noticed soon."""


def in_its_storm(name: str, world: World) -> None:
    """What a story of broken code begins with."""
    world.faults.storm = STORMS.get(name, world.faults.storm)


@contextmanager
def broken(name: str) -> Iterator[None]:
    """The code, broken in one named way."""
    with BREAKS[name]():
        yield

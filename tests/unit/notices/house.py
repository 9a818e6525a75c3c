"""Notices over ports in memory: endpoint, backlogs, and a workflow that is walked by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.support.gateway import Gateway
from tests.support.memory import a_store
from tidegate.domain.errors import StaleVersion
from tidegate.domain.events import Event, Subject
from tidegate.domain.store import Store
from tidegate.ports_notices import Backlog
from tidegate.services.notice_events import event_at, sequences_of
from tidegate.services.notify_merchant import NotifyMerchant
from tidegate.services.outstanding_notices import Outstanding
from tidegate.services.redeliver_notice import RedeliverNotice, Round
from tidegate.services.webhook_notice import WebhookNotice

SID, PAYMENT = "S024116", "PAY-1"
Said = bool | None


@dataclass
class Endpoint:
    """A merchant's endpoint: what it says next, then ``otherwise``; and what it was told."""

    otherwise: Said = True
    next: list[Said] = field(default_factory=list)
    meanwhile: list[Callable[[], object]] = field(default_factory=list)
    """Run once each before the next answers: what happens while the endpoint thinks."""
    told: list[Event] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    subjects: list[Subject | None] = field(default_factory=list)

    def deliver(self, _store: Store, url: str, event: Event, subject: Subject | None) -> Said:
        self.urls.append(url)
        self.told.append(event)
        self.subjects.append(subject)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return self.next.pop(0) if self.next else self.otherwise

    @property
    def sequences(self) -> list[int]:
        return [event.sequence for event in self.told]


@dataclass
class Subscribers:
    """Topic and mail."""

    published: list[str] = field(default_factory=list)
    mails: list[tuple[str, str, str]] = field(default_factory=list)

    def publish(self, event: Event, subject: Subject | None) -> None:
        self.published.append(event.code)

    def send(self, to: str, subject: str, text: str) -> None:
        self.mails.append((to, subject, text))


@dataclass
class MemoryBacklogs:
    """``OutstandingNotices`` in a dict, honest about versions."""

    items: dict[tuple[str, str], Backlog] = field(default_factory=dict)
    writes: int = 0

    def get(self, sid: str, trans_id: str) -> Backlog | None:
        return self.items.get((sid, trans_id))

    def write(self, before: Backlog | None, after: Backlog) -> None:
        if self.get(after.sid, after.trans_id) != before:
            raise StaleVersion
        self.items[after.sid, after.trans_id] = after
        self.writes += 1

    def of_store(self, sid: str) -> Iterator[Backlog]:
        found = [one for one in self.items.values() if one.sid == sid and one.waiting]
        yield from sorted(found, key=lambda one: not one.parked)


class House:
    """One store, one payment, everything about its notices."""

    def __init__(self, **of_the_store: object) -> None:
        self.gateway = Gateway(a_store(**{"webhook": "https://pay.example/s", **of_the_store}))
        self.clock, self.payments = self.gateway.clock, self.gateway.payments
        self.endpoint, self.subscribers = Endpoint(), Subscribers()
        self.backlogs = MemoryBacklogs()
        self.runs: dict[int, int] = {}
        """Every run started, and the wait it was started with."""
        self.starts = 0
        tell = WebhookNotice(
            self.gateway.stores, self.payments, self.gateway.stored_cards, self.endpoint
        )
        self.outstanding = Outstanding(self.payments, self.backlogs, self, self.clock, lambda: 0.5)
        self.notify = NotifyMerchant(
            self.gateway.stores, tell, self.outstanding, self.subscribers, self.subscribers
        )
        self.redeliver = RedeliverNotice(
            self.payments, self.backlogs, tell, self.clock, lambda: 0.5
        )

    def start(self, backlog: Backlog, wait_s: int) -> None:
        """``RedeliveryWorkflow``."""
        self.starts += 1
        self.runs.setdefault(backlog.run, wait_s)

    @property
    def backlog(self) -> Backlog:
        return self.backlogs.items[SID, PAYMENT]

    @property
    def waiting(self) -> list[int]:
        return [one.sequence for one in self.backlog.waiting]

    def event(self, sequence: int | None = None) -> Event:
        """An event of the payment, the newest if no sequence is given."""
        payment = self.payments.payment(PAYMENT)
        event = event_at(payment, sequence or sequences_of(payment)[-1])
        assert event is not None
        return event

    def first_try(self) -> bool:
        """What the queue's consumer does with the newest event."""
        return self.notify.webhook(self.event())

    def look(self, run: int, wait_s: int, until_s: float = 45) -> Round:
        """What the workflow does: wait, then one round."""
        self.clock.at += wait_s
        return self.redeliver(SID, PAYMENT, run, self.clock.at + until_s)

    def run_out(self, run: int) -> list[int]:
        """Walk a run to its end; the waits it took."""
        waits: list[int] = []
        wait: int | None = self.runs[run]
        while wait is not None:
            waits.append(wait)
            wait = self.look(run, wait).wait_s
        return waits

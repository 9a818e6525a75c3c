"""What notices need from the world."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from tidegate.domain.events import Event, Subject
from tidegate.domain.store import Store

WEBHOOK, TOPIC = "webhook", "topic"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that its merchant has not acknowledged."""

    sequence: int
    since: int
    """Unix seconds of its first try: its time runs from here."""
    tries: int
    due_at: int
    """When it is to be tried again, if nothing holds it back."""
    heard: bool = False
    """It was answered with a plain 2xx: tried again, but it holds nothing back."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a merchant has still to be told of one payment, in order. An empty one stays, so that
    its runs are numbered on."""

    sid: str
    trans_id: str
    version: int
    run: int
    """Number of the workflow execution that works it off; an execution of another number ends."""
    waiting: tuple[Waiting, ...] = ()
    parked: bool = False
    """Tried for as long as is due, to no avail: an operator, or the payment's next event, takes it
    up again."""
    wakes_at: int = 0
    """When the execution looks again; when it was parked, if it is."""


class OutstandingNotices(Protocol):
    """The backlogs, one per payment that has or had one."""

    def get(self, sid: str, trans_id: str) -> Backlog | None:
        """The backlog of a payment, read consistently."""

    def write(self, before: Backlog | None, after: Backlog) -> None:
        """Create or change a backlog. Raises StaleVersion if it is no longer ``before``."""

    def of_store(self, sid: str) -> Iterator[Backlog]:
        """Backlogs that are not empty, parked ones first, oldest first."""


class RedeliveryWorkflow(Protocol):
    """The state machine that waits and tries again."""

    def start(self, backlog: Backlog, wait_s: int) -> None:
        """Start the execution of the backlog's run, unless it was started before."""


class NoticeQueue(Protocol):
    """Where events wait to be told."""

    def send(self, events: Sequence[Event]) -> None:
        """Queue every event once for the webhook and once for the topic; raises if any was not
        taken."""


class Webhooks(Protocol):
    """A merchant's endpoint."""

    def deliver(self, store: Store, url: str, event: Event, subject: Subject | None) -> bool | None:
        """True if the merchant said SUCCESS; None for a plain 2xx; False for anything else."""


class Topic(Protocol):
    """Subscribers of the operator."""

    def publish(self, event: Event, subject: Subject | None) -> None:
        """Publish with attributes to filter by."""


class Mailer(Protocol):
    """Mail."""

    def send(self, to: str, subject: str, text: str) -> None:
        """One plain text mail."""

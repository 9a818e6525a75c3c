"""What notices need from the world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tidegate.domain.events import Event
from tidegate.domain.payment import PaymentOperation
from tidegate.domain.store import Store

WEBHOOK, TOPIC = "webhook", "topic"


class NoticeQueue(Protocol):
    """Where events wait to be told."""

    def send(self, events: Sequence[Event]) -> None:
        """Queue every event once for the webhook and once for the topic; raises if any was not
        taken."""


class Webhooks(Protocol):
    """A merchant's endpoint."""

    def deliver(
        self, store: Store, url: str, event: Event, operation: PaymentOperation | None
    ) -> bool | None:
        """True if the merchant said SUCCESS; None for a plain 2xx; False for anything else."""


class Topic(Protocol):
    """Subscribers of the operator."""

    def publish(self, event: Event, operation: PaymentOperation | None) -> None:
        """Publish with attributes to filter by."""


class Mailer(Protocol):
    """Mail."""

    def send(self, to: str, subject: str, text: str) -> None:
        """One plain text mail."""

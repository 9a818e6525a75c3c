"""Tell a merchant, and the operator's subscribers, what became of a payment."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.events import Event
from tidegate.domain.payment import PaymentOperation
from tidegate.domain.store import Store
from tidegate.ports import PaymentStore, StoreDirectory
from tidegate.ports_notices import Mailer, Topic, Webhooks

WAITS_S = (15, 60, 300, 1_800, 7_200, 21_600, 43_100, 43_100)
"""Between tries of a webhook. SQS hides a message for 12 hours at most, counted from its receipt:
the try itself is part of them."""
TRIES = len(WAITS_S) + 1


@dataclass(frozen=True, slots=True)
class NotifyMerchant:
    """The use case, over its ports."""

    stores: StoreDirectory
    payments: PaymentStore
    webhooks: Webhooks
    topic: Topic
    mailer: Mailer

    def webhook(self, event: Event, tries: int) -> bool:
        """Try the webhook for the ``tries``-th time; whether the notice needs no further try.

        A plain 2xx without the word SUCCESS counts after the last try.
        """
        store = self.stores.get(event.payment.sid)
        operation = self._operation(event)
        url = (operation and operation.webhook) or event.payment.webhook or store.webhook
        if not url:
            return True
        accepted = self.webhooks.deliver(store, url, event, operation)
        return accepted is True or (accepted is None and tries >= TRIES)

    def publish(self, event: Event) -> None:
        """Publish to the topic, and mail where the store asks for it."""
        self.topic.publish(event, self._operation(event))
        store = self.stores.get(event.payment.sid)
        if store.mail_each_payment and store.email:
            self.mailer.send(store.email, *_mail(store, event))

    def _operation(self, event: Event) -> PaymentOperation | None:
        """The item of what was done: it has the request's own webhook and metadata."""
        if not event.entry.trans_id:
            return None
        found = self.payments.get(event.payment.sid, event.entry.trans_id)
        return found.as_of(event.payment) if isinstance(found, PaymentOperation) else None


def wait_s(tries: int) -> int:
    """Seconds until the next try after ``tries`` tries."""
    return WAITS_S[min(tries, len(WAITS_S)) - 1]


def _mail(store: Store, event: Event) -> tuple[str, str]:
    payment, entry = event.payment, event.entry
    amount = f"{payment.amount.currency} {payment.amount.value}"
    subject = f"{event.code} {entry.outcome.value}: {payment.trans_id}"
    text = (
        f"Store {store.sid}\nPayment {payment.trans_id} over {amount}\n"
        f"{event.code}: {entry.outcome.value}\nReference {payment.evo_trans_id}\n"
    )
    return subject, text

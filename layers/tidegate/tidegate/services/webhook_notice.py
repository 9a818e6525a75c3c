"""One try of one webhook."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.events import Event
from tidegate.domain.payment import PaymentOperation
from tidegate.ports import PaymentStore, StoreDirectory
from tidegate.ports_notices import Webhooks


@dataclass(frozen=True, slots=True)
class WebhookNotice:
    """Finds the endpoint and what was done, and tells it."""

    stores: StoreDirectory
    payments: PaymentStore
    webhooks: Webhooks

    def __call__(self, event: Event) -> bool | None:
        """What the endpoint said (``Webhooks.deliver``); True if there is nobody to be told.

        A request's own webhook comes before the payment's, and that before the store's.
        """
        store = self.stores.get(event.payment.sid)
        operation = self.operation(event)
        url = (operation and operation.webhook) or event.payment.webhook or store.webhook
        return not url or self.webhooks.deliver(store, url, event, operation)

    def operation(self, event: Event) -> PaymentOperation | None:
        """The item of what was done: it has the request's own webhook and metadata."""
        if not event.entry.trans_id:
            return None
        found = self.payments.get(event.payment.sid, event.entry.trans_id)
        return found.as_of(event.payment) if isinstance(found, PaymentOperation) else None

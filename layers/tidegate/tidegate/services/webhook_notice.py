"""One try of one webhook."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.events import Event, Subject
from tidegate.domain.payment import PaymentOperation
from tidegate.domain.transitions import Operation
from tidegate.ports import PaymentStore, StoreDirectory
from tidegate.ports_notices import Webhooks
from tidegate.ports_tokens import StoredCards

_ABOUT_CARDS = {Operation.TOKENIZE, Operation.CRYPTOGRAM}


@dataclass(frozen=True, slots=True)
class WebhookNotice:
    """Finds the endpoint and what was done, and tells it."""

    stores: StoreDirectory
    payments: PaymentStore
    cards: StoredCards
    webhooks: Webhooks

    def __call__(self, event: Event) -> bool | None:
        """What the endpoint said (``Webhooks.deliver``); True if there is nobody to be told.

        A request's own webhook comes before the payment's, and that before the store's.
        """
        store = self.stores.get(event.payment.sid)
        subject = self.subject(event)
        own = subject.webhook if isinstance(subject, PaymentOperation) else None
        url = own or event.payment.webhook or store.webhook
        return not url or self.webhooks.deliver(store, url, event, subject)

    def subject(self, event: Event) -> Subject | None:
        """The item of what was done, which has the request's own webhook and metadata; or the
        card that was kept."""
        payment = event.payment
        if payment.intent in _ABOUT_CARDS and payment.stored_card is not None:
            return self.cards.get(payment.sid, payment.stored_card)
        if not event.entry.trans_id:
            return None
        found = self.payments.get(payment.sid, event.entry.trans_id)
        return found.as_of(payment) if isinstance(found, PaymentOperation) else None

"""Tell a merchant, and the operator's subscribers, what became of a payment."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.events import Event
from tidegate.domain.store import Store
from tidegate.ports import StoreDirectory
from tidegate.ports_notices import Mailer, Topic
from tidegate.services.notice_backlog import holds_back
from tidegate.services.outstanding_notices import Outstanding
from tidegate.services.webhook_notice import WebhookNotice


@dataclass(frozen=True, slots=True)
class NotifyMerchant:
    """The use case, over its ports."""

    stores: StoreDirectory
    tell: WebhookNotice
    outstanding: Outstanding
    topic: Topic
    mailer: Mailer

    def webhook(self, event: Event) -> bool:
        """Try the webhook for the first time, unless an earlier notice of the payment is still
        to be heard; whether it is acknowledged. What is not is written down as outstanding."""
        sid, trans_id, sequence = event.payment.sid, event.payment.trans_id, event.sequence
        backlog = self.outstanding.of(sid, trans_id)
        if any(one.sequence == sequence for one in backlog.waiting):
            # The queue says it twice, perhaps because we died before the run was started.
            self.outstanding.start(backlog)
            return False
        if holds_back(backlog, sequence):
            self.outstanding.hold_back(sid, trans_id, sequence)
            return False
        said = self.tell(event)
        if not said:
            self.outstanding.try_again(sid, trans_id, sequence, heard=said is None)
        return bool(said)

    def publish(self, event: Event) -> None:
        """Publish to the topic, and mail where the store asks for it."""
        self.topic.publish(event, self.tell.subject(event))
        store = self.stores.get(event.payment.sid)
        if store.mail_each_payment and store.email:
            self.mailer.send(store.email, *_mail(store, event))


def _mail(store: Store, event: Event) -> tuple[str, str]:
    payment, entry = event.payment, event.entry
    amount = f"{payment.amount.currency} {payment.amount.value}"
    subject = f"{event.code} {entry.outcome.value}: {payment.trans_id}"
    text = (
        f"Store {store.sid}\nPayment {payment.trans_id} over {amount}\n"
        f"{event.code}: {entry.outcome.value}\nReference {payment.evo_trans_id}\n"
    )
    return subject, text

"""Queue consumer: tell one notice for the first time; what is not acknowledged is written down."""

from __future__ import annotations

from typing import Any

from tidegate.adapters.notices import read_notice
from tidegate.ports_notices import WEBHOOK
from tidegate.runtime import wiring_notices
from tidegate.runtime.observability import annotate, count, instrument, log

notify_merchant = wiring_notices.notify_merchant()


@instrument
def handler(event: dict[str, Any], _context: object) -> None:
    """One message a batch: what raises comes again, and its group waits for it."""
    for record in event["Records"]:
        _tell(record)


def _tell(record: dict[str, Any]) -> None:
    channel, notice = read_notice(record["body"])
    payment = notice.payment
    annotate(payment_id=payment.trans_id, sid=payment.sid, network=payment.leg.network)
    if channel != WEBHOOK:
        notify_merchant.publish(notice)
        return
    told = notify_merchant.webhook(notice)
    what = {"sequence": notice.sequence, "event_code": notice.code}
    log.info("told" if told else "outstanding", extra=what)
    if not told:
        count("WebhookNotAccepted")

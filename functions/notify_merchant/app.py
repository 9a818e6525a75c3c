"""Queue consumer: deliver one notice; a failed webhook comes again after a wait that grows."""

from __future__ import annotations

from typing import Any

from tidegate.adapters.notices import read_notice
from tidegate.ports_notices import WEBHOOK
from tidegate.runtime import wiring_notices
from tidegate.runtime.observability import annotate, count, instrument, log
from tidegate.services.notify_merchant import wait_s

notify_merchant = wiring_notices.notify_merchant()
queue = wiring_notices.queue()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Partial batch answers: each message stands for itself."""
    failed = [record["messageId"] for record in event["Records"] if not _delivered(record)]
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}


def _delivered(record: dict[str, Any]) -> bool:
    channel, notice = read_notice(record["body"])
    payment = notice.payment
    annotate(payment_id=payment.trans_id, sid=payment.sid, network=payment.leg.network)
    if channel != WEBHOOK:
        notify_merchant.publish(notice)
        return True
    tries = int(record["attributes"]["ApproximateReceiveCount"])
    if notify_merchant.webhook(notice, tries):
        return True
    log.info("webhook not accepted", extra={"tries": tries, "event_code": notice.code})
    count("WebhookNotAccepted")
    queue.postpone(record["receiptHandle"], wait_s(tries))
    return False

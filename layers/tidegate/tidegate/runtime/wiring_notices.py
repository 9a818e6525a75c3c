"""Notices joined to their adapters."""

from __future__ import annotations

import random
from functools import cache

from tidegate.adapters.dynamodb.outstanding_notices import DynamoOutstandingNotices
from tidegate.adapters.notices import SesMailer, SnsTopic, SqsNoticeQueue, StandardRedelivery
from tidegate.runtime import audit, bootstrap
from tidegate.services.notify_merchant import NotifyMerchant
from tidegate.services.outstanding_notices import Outstanding
from tidegate.services.redeliver_notice import RedeliverNotice
from tidegate.services.webhook_notice import WebhookNotice

REST_S = 60.0
"""For an endpoint that hangs, in each process of the queue's consumer."""


@cache
def queue() -> SqsNoticeQueue:
    settings = bootstrap.settings()
    return SqsNoticeQueue(settings.notices_queue_url, publish=settings.publish_events)


@cache
def mailer() -> SesMailer:
    return SesMailer(bootstrap.settings().mail_from)


@cache
def backlogs() -> DynamoOutstandingNotices:
    return DynamoOutstandingNotices(bootstrap.settings().table)


@cache
def outstanding() -> Outstanding:
    return Outstanding(
        bootstrap.payments(),
        backlogs(),
        StandardRedelivery(bootstrap.settings().notices_state_machine_arn),
        bootstrap.clock(),
        random.random,
    )


@cache
def notify_merchant() -> NotifyMerchant:
    topic = SnsTopic(bootstrap.settings().events_topic_arn)
    tell = _webhook_notice(REST_S)
    return NotifyMerchant(bootstrap.stores(), tell, outstanding(), topic, mailer())


@cache
def redeliver_notice() -> RedeliverNotice:
    return RedeliverNotice(
        bootstrap.payments(), backlogs(), _webhook_notice(0.0), bootstrap.clock(), random.random
    )


def _webhook_notice(rest_s: float) -> WebhookNotice:
    from tidegate.adapters.webhook import HttpWebhooks

    webhooks = HttpWebhooks(bootstrap.settings().stage == "local", rest_s, audit.webhook_refused)
    return WebhookNotice(
        bootstrap.stores(), bootstrap.payments(), bootstrap.stored_cards(), webhooks
    )

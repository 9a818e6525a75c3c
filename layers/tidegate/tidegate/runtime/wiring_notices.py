"""Notices joined to their adapters."""

from __future__ import annotations

from functools import cache

from tidegate.adapters.notices import SesMailer, SnsTopic, SqsNoticeQueue
from tidegate.runtime import bootstrap
from tidegate.services.notify_merchant import NotifyMerchant


@cache
def queue() -> SqsNoticeQueue:
    return SqsNoticeQueue(bootstrap.settings().notices_queue_url)


@cache
def mailer() -> SesMailer:
    return SesMailer(bootstrap.settings().mail_from)


@cache
def notify_merchant() -> NotifyMerchant:
    from tidegate.adapters.webhook import HttpWebhooks

    settings = bootstrap.settings()
    return NotifyMerchant(
        bootstrap.stores(),
        bootstrap.payments(),
        HttpWebhooks(open_network=settings.stage == "local"),
        SnsTopic(settings.events_topic_arn),
        mailer(),
    )

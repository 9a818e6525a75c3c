"""The notices' queue, workflow, topic and mail on SQS, Step Functions, SNS and SES."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tidegate.adapters import aws
from tidegate.adapters.dynamodb.records import pack, unpack
from tidegate.api.evocloud.notifications import notification_body
from tidegate.api.evocloud.responses import wire_status
from tidegate.domain.events import Event, Subject
from tidegate.domain.payment import Payment
from tidegate.ports_notices import TOPIC, WEBHOOK, Backlog

TRIES = 3
_KEPT_BACK = ("x", "n", "k", "d")
"""Attributes that a queue has no business with: the sealed card, the nonce, the index keys."""
_PER_REQUEST = 10


class NotTaken(Exception):
    """The queue did not take every message."""


class SqsNoticeQueue:
    """``NoticeQueue`` on SQS."""

    def __init__(self, url: str, *, publish: bool = True) -> None:
        self._url = url
        self._channels = (WEBHOOK, TOPIC) if publish else (WEBHOOK,)
        self._wire = aws.wire("sqs", connect_s=2, read_s=5, tries=TRIES)

    def send(self, events: Sequence[Event]) -> None:
        """A payment's webhooks are a group of the queue, its messages to the topic another: each
        group is told in order, and none waits for another. The same event sent again within five
        minutes is one message."""
        messages = [
            {
                "MessageBody": write_notice(event, channel),
                "MessageGroupId": f"{channel}-{event.payment.sid}-{event.payment.trans_id}",
                "MessageDeduplicationId": str(event.sequence),  # the queue looks at it per group
            }
            for event in events
            for channel in self._channels
        ]
        for start in range(0, len(messages), _PER_REQUEST):
            entries = [
                {"Id": str(index), **message}
                for index, message in enumerate(messages[start : start + _PER_REQUEST])
            ]
            answer = self._wire.call(
                "SendMessageBatch", {"QueueUrl": self._url, "Entries": entries}
            )
            if answer.get("Failed"):
                raise NotTaken


class StandardRedelivery:
    """``RedeliveryWorkflow``: one execution per run of a backlog, its name the run's."""

    def __init__(self, state_machine_arn: str) -> None:
        self._arn = state_machine_arn
        self._wire = aws.wire("states", connect_s=2, read_s=5, tries=TRIES)

    def start(self, backlog: Backlog, wait_s: int) -> None:
        # A hash, because names take fewer characters than merchants' ids do.
        payment = hashlib.sha256(f"{backlog.sid}/{backlog.trans_id}".encode()).hexdigest()[:32]
        given = {
            "sid": backlog.sid,
            "transId": backlog.trans_id,
            "run": backlog.run,
            "waitS": wait_s,
        }
        name = f"{payment}-{backlog.run}"
        try:
            self._wire.call(
                "StartExecution",
                {"stateMachineArn": self._arn, "name": name, "input": json.dumps(given)},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise


@dataclass(frozen=True)
class SnsTopic:
    """``Topic`` on SNS."""

    arn: str

    def publish(self, event: Event, subject: Subject | None) -> None:
        payment = event.payment
        attributes = {
            "eventCode": event.code,
            "sid": payment.sid,
            "status": wire_status(payment),
            "outcome": event.entry.outcome.value,
            "network": payment.leg.network,
            "currency": payment.amount.currency,
        }
        aws.client("sns", tries=TRIES, connect_s=2, read_s=5).publish(
            TopicArn=self.arn,
            Message=notification_body(event, subject, with_tokens=False),
            MessageAttributes={
                **{
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in attributes.items()
                },
                "sequence": {"DataType": "Number", "StringValue": str(event.sequence)},
            },
        )


@dataclass(frozen=True)
class SesMailer:
    """``Mailer`` on SES."""

    sender: str

    def send(self, to: str, subject: str, text: str) -> None:
        aws.client("ses", tries=TRIES, connect_s=2, read_s=5).send_email(
            Source=self.sender,
            Destination={"ToAddresses": [to]},
            Message={
                "Subject": {"Data": subject, "Charset": "UTF-8"},
                "Body": {"Text": {"Data": text, "Charset": "UTF-8"}},
            },
        )


def write_notice(event: Event, channel: str) -> str:
    """An event as a message: the payment as it stood, without what must not leave the table."""
    item = {name: value for name, value in pack(event.payment).items() if name not in _KEPT_BACK}
    return json.dumps({"channel": channel, "version": event.sequence, "item": item})


def read_notice(text: str) -> tuple[str, Event]:
    """The reverse: channel and event."""
    message: dict[str, Any] = json.loads(text)
    payment = unpack(message["item"])
    assert isinstance(payment, Payment)
    entry = next(one for one in payment.history if one.version == message["version"])
    return message["channel"], Event(payment, entry)

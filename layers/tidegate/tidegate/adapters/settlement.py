"""Settlement's workflow and announcements on Step Functions, SNS and SES."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from botocore.config import Config

from tidegate.adapters import aws
from tidegate.domain.ledger import BatchKey
from tidegate.ports_notices import Mailer

_CONFIG = Config(retries={"total_max_attempts": 5})
_DEAD = {"FAILED", "TIMED_OUT", "ABORTED"}
MAX_RESTARTS = 20


@dataclass(frozen=True)
class StandardSettlementWorkflow:
    """``SettlementWorkflow``: one execution a batch, its name the batch's; a dead one is followed
    by another."""

    arn: str

    def start(self, key: BatchKey) -> bool:
        client = aws.client("stepfunctions", _CONFIG)
        given = {"sid": key.sid, "currency": key.currency, "businessDate": key.day}
        for number in range(1, MAX_RESTARTS + 1):
            name = f"{key}-{number}"
            try:
                client.start_execution(stateMachineArn=self.arn, name=name, input=json.dumps(given))
            except client.exceptions.ExecutionAlreadyExists:
                execution = self.arn.replace(":stateMachine:", ":execution:") + f":{name}"
                status = client.describe_execution(executionArn=execution)["status"]
                if status not in _DEAD:
                    return False
            else:
                return True
        return False


@dataclass(frozen=True)
class SnsSesAnnouncer:
    """``Announcer``: a mail and a message."""

    topic_arn: str
    mailer: Mailer

    def settlement(self, to: str | None, subject: str, text: str, event: dict[str, Any]) -> None:
        aws.client("sns", _CONFIG).publish(
            TopicArn=self.topic_arn,
            Message=json.dumps(event),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in {
                    "eventCode": "Settlement",
                    "sid": event["storeInfo"]["sid"],
                    "currency": event["settlement"]["currency"],
                }.items()
            },
        )
        if to:
            self.mailer.send(to, subject, text)

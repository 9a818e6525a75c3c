"""Settlement's workflow and announcements on Step Functions, SNS and SES."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tidegate.adapters import aws
from tidegate.domain.ledger import BatchKey
from tidegate.ports_notices import Mailer

_DEAD = {"FAILED", "TIMED_OUT", "ABORTED"}
MAX_RESTARTS = 20


@dataclass(frozen=True)
class StandardSettlementWorkflow:
    """``SettlementWorkflow``: one execution a batch, its name the batch's; a dead one is followed
    by another."""

    arn: str

    def start(self, key: BatchKey) -> bool:
        wire = aws.wire("states", connect_s=2, read_s=10, tries=5)
        given = {"sid": key.sid, "currency": key.currency, "businessDate": key.day}
        for number in range(1, MAX_RESTARTS + 1):
            name = f"{key}-{number}"
            try:
                wire.call(
                    "StartExecution",
                    {"stateMachineArn": self.arn, "name": name, "input": json.dumps(given)},
                )
            except ClientError as error:
                if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                    raise
                execution = self.arn.replace(":stateMachine:", ":execution:") + f":{name}"
                found = wire.call("DescribeExecution", {"executionArn": execution})
                if found["status"] not in _DEAD:
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
        aws.client("sns", tries=5).publish(
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

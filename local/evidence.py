"""Everything that a stack leaves behind, to be searched for what must not be there."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

from local.stack import Stack

MACHINES = ("Payment", "Settlement", "Reconciliation", "Notices")
TRIES, PAUSE_S = 30, 0.1


def log_groups(client: Any) -> list[str]:
    """Their names. The engine measures every stream of a group on the way, and fails where a
    function adds one meanwhile: then it is asked again."""
    for remaining in reversed(range(TRIES)):
        try:
            return [one["logGroupName"] for one in client.describe_log_groups()["logGroups"]]
        except ClientError as error:
            if error.response["Error"]["Code"] != "InternalError" or not remaining:
                raise
            time.sleep(PAUSE_S)
    raise AssertionError("the last try gives or raises")


class Evidence:
    """What can be read of a running stack, as bytes."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def everywhere(self) -> list[bytes]:
        """The table and the bucket, and whatever is said on the way."""
        items = json.dumps(self.items(), default=repr).encode()
        return [*self.files(), items, *self.said()]

    def said(self) -> list[bytes]:
        """Logs, traces, mails, and what state machines carried."""
        told = (self._stack.mails(), self._stack.segments())
        return [*self.logs(), *(json.dumps(part).encode() for part in told), *self.executions()]

    def files(self) -> list[bytes]:
        """Everything in the bucket."""
        client, bucket = self._stack.client("s3"), self._stack.outputs["FilesBucket"]
        keys = [one["Key"] for one in client.list_objects_v2(Bucket=bucket).get("Contents", ())]
        return [client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]

    def items(self) -> list[dict[str, Any]]:
        """Everything in the table."""
        pages = self._stack.client("dynamodb").get_paginator("scan")
        table = self._stack.outputs["TableName"]
        return [item for page in pages.paginate(TableName=table) for item in page["Items"]]

    def logs(self) -> list[bytes]:
        """What the parts and the functions logged."""
        client = self._stack.client("logs")
        pages = client.get_paginator("filter_log_events")
        said = [
            json.dumps(page["events"]).encode()
            for group in log_groups(client)
            for page in pages.paginate(logGroupName=group)
        ]
        return said + [one.read_bytes() for one in (self._stack.state_dir / "logs").glob("*.log")]

    def executions(self) -> list[bytes]:
        """Inputs, outputs and steps of every execution that the engine remembers."""
        client = self._stack.client("stepfunctions")
        histories = []
        for name in MACHINES:
            arn = self._stack.outputs[f"{name}StateMachineArn"]
            for one in client.list_executions(stateMachineArn=arn)["executions"]:
                history = client.get_execution_history(executionArn=one["executionArn"])
                histories.append(json.dumps(history["events"], default=repr).encode())
        return histories


def found_in(places: Iterable[bytes], secrets: Iterable[str]) -> list[str]:
    """The secrets that stand somewhere, as they are or in base64, in ASCII or EBCDIC."""
    forms = {
        secret: [form.encode(code) for form in (secret, _base64(secret)) for code in _CODES]
        for secret in secrets
    }
    held = list(places)
    return [
        secret
        for secret, wanted in forms.items()
        if any(form in content for content in held for form in wanted)
    ]


_CODES = ("ascii", "cp500")


def _base64(text: str) -> str:
    """Without padding: as it would stand inside a longer text."""
    return base64.b64encode(text.encode()).decode().rstrip("=")

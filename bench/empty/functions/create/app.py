"""Starts the workflow and answers what came of it, as `create_payment` does around its own work."""

from __future__ import annotations

import json
import os
from typing import Any

import boto3
from botocore.config import Config

# An endpoint of our own has no "sync-" host in front of it.
workflows = boto3.client("stepfunctions", config=Config(inject_host_prefix=False))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The execution's status and output."""
    done = workflows.start_sync_execution(
        stateMachineArn=os.environ["WORKFLOW_ARN"], input=event["body"]
    )
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"status": done["status"], "output": json.loads(done["output"])}),
    }

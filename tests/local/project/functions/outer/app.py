"""Starts the workflow and answers with what came of it."""

import json
import os

import boto3

workflows = boto3.client("stepfunctions")


def handler(event, context):
    if event["body"] == "null":
        raise RuntimeError("a secret")
    done = workflows.start_sync_execution(
        stateMachineArn=os.environ["WORKFLOW"], input=event["body"] or "{}"
    )
    body = {"status": done["status"], "output": json.loads(done["output"])}
    return {
        "statusCode": 200,
        "headers": {"X-Evo-Signature": "c0ffee", "Content-Type": "application/json"},
        "body": json.dumps({**body, "trace": os.environ["_X_AMZN_TRACE_ID"]}),
    }

"""A payment's requests without the payment: an intent is written before anything is sent, read
again by who sends it, answered for by the host, and its outcome written before it is told.

Bytes are as many as a payment's. Nothing is signed, checked, sealed, packed or understood, and the
table is spoken to over a bare socket: less than this cannot keep the promises.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import time
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

TABLE = os.environ["TABLE"]
HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0",
}
FILLING = "x" * 300
"""What a payment holds beside its key, its version and its due time."""


def create(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The intent, then the workflow; its status and output."""
    name = json.loads(event["body"])["merchantTransInfo"]["merchantTransID"]
    intent = {
        **_key(name),
        "v": {"N": "1"},
        "k": {"S": f"D#{hash(name) % 4}"},
        "d": {"N": str(int(time.time()) + 60)},
        "x": {"S": FILLING},
    }
    condition = "attribute_not_exists(p)"
    _table("PutItem", {"TableName": TABLE, "Item": intent, "ConditionExpression": condition})
    done = _workflows().start_sync_execution(
        stateMachineArn=os.environ["WORKFLOW_ARN"], input=json.dumps({"name": name})
    )
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"status": done["status"], "output": json.loads(done["output"])}),
    }


def authorize(event: dict[str, str], _context: object) -> dict[str, str]:
    """The intent, the host's answer, the outcome."""
    name = event["name"]
    _table("GetItem", {"TableName": TABLE, "Key": _key(name), "ConsistentRead": True})
    _ask_host()
    outcome = {
        "TableName": TABLE,
        "Key": _key(name),
        "UpdateExpression": "SET v = :next REMOVE k, d",
        "ConditionExpression": "v = :known",
        "ExpressionAttributeValues": {":known": {"N": "1"}, ":next": {"N": "2"}},
    }
    _table("UpdateItem", outcome)
    return {"outcome": "approved"}


def _key(name: str) -> dict[str, dict[str, str]]:
    return {"p": {"S": f"P#{name}"}, "s": {"S": "P"}}


def _table(operation: str, body: dict[str, Any]) -> None:
    headers = {**HEADERS, "X-Amz-Target": f"DynamoDB_20120810.{operation}"}
    try:
        status, content = _exchange(headers, json.dumps(body))
    except ConnectionError:  # closed while nobody asked
        _connection.cache_clear()
        status, content = _exchange(headers, json.dumps(body))
    if status != 200:
        raise RuntimeError(content)


def _exchange(headers: dict[str, str], body: str) -> tuple[int, bytes]:
    connection = _connection()
    connection.request("POST", "/", body, headers)
    response = connection.getresponse()
    return response.status, response.read()


@cache
def _connection() -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


@cache
def _workflows() -> Any:
    # An endpoint of our own has no "sync-" host in front of it.
    return boto3.client("stepfunctions", config=Config(inject_host_prefix=False))


def _ask_host() -> None:
    """A sign-on, which is answered and booked nowhere."""
    _host().sendall(bytes.fromhex(os.environ["FRAME"]))
    if not _host().recv(4096):
        raise RuntimeError("the host has closed the connection")


@cache
def _host() -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", int(os.environ["HOST_PORT"])))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection

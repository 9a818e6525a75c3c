"""Counts the naive design with the same arithmetic, prices and assumptions as ours; AWS is moto,
in this process."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3
from botocore.client import BaseClient
from moto import mock_aws

from bench import assumptions as assumed
from bench.naive import functions
from bench.naive.models import MODELS, MerchantModel
from local.meter import tally
from local.meter.items import item_bytes, read_units, write_units
from local.meter.tally import Tally
from tests.simulation.asl import Interpreter, definition
from tests.simulation.scheduler import Scheduler

MACHINE = Path(__file__).with_name("payment.asl.json")
MEMORY_MB = 256
KEYS = {
    "payments": ("payment_id",),
    "merchants": ("merchant_id",),
    "ledger": ("merchant_id", "entry_id"),
    "idempotency": ("id",),
}
BILLED = {"kms": tally.KMS, "sns": tally.SNS}
INDEX = ("merchant_id", "status")
ENVIRONMENT = {
    **assumed.ENVIRONMENT,
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "us-east-1",
    "STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:naive",
    "POWERTOOLS_TRACE_DISABLED": "true",
}
Call = Callable[[BaseClient, str, dict[str, Any]], Any]


@dataclass
class NaiveAccount:
    """What happens in it is counted."""

    call: Call
    """botocore's own way to make a request."""
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    started: list[Any] = field(default_factory=list)

    def request(self, client: BaseClient, operation: str, given: dict[str, Any]) -> Any:
        """In the place of ``BaseClient._make_api_call``."""
        service = client.meta.service_model.service_name
        self.tally.calls[f"{service} {operation}"] += 1
        self.seconds += assumed.AWS_CALL_S + assumed.cpu_s(assumed.CALL_CPU_S, MEMORY_MB)
        if service in BILLED:
            self.tally.add(BILLED[service])
        if service == "stepfunctions":
            self.started.append(json.loads(given["input"]))
            return {"executionArn": "arn"}
        if service != "dynamodb":
            return self.call(client, operation, given)
        before = self._image(client, given)
        answer = self.call(client, operation, given)
        after = self._image(client, given)
        if operation == "GetItem":
            consistent = bool(given.get("ConsistentRead"))
            units = read_units(item_bytes(after), consistent=consistent)
            self.tally.add(tally.READ_UNITS, units)
        else:
            units = write_units(before, after, (), transaction=False)
            self.tally.add(tally.WRITE_UNITS, units + self._index_units(before, after))
        return answer

    def _image(self, client: BaseClient, given: dict[str, Any]) -> dict[str, Any]:
        table = given["TableName"]
        source = given.get("Key") or given["Item"]
        key = {name: source[name] for name in KEYS[table]}
        asked = {"TableName": table, "Key": key, "ConsistentRead": True}
        found: dict[str, Any] = self.call(client, "GetItem", asked).get("Item", {})
        return found

    @staticmethod
    def _index_units(before: dict[str, Any], after: dict[str, Any]) -> int:
        """An index that holds whole items is written with every change of them, and twice when
        its key changes."""
        if "payment_id" not in after or before == after:
            return 0
        size = max(1, -(-item_bytes(after) // 1024))
        moved = before and any(before.get(name) != after.get(name) for name in INDEX)
        return size * (2 if moved else 1)

    def invoke(self, name: str, handler: Callable[..., Any], event: Any) -> Any:
        began = self.seconds
        self.seconds += assumed.cpu_s(assumed.HANDLER_CPU_S, MEMORY_MB)
        context = SimpleNamespace(
            function_name=name,
            memory_limit_in_mb=MEMORY_MB,
            invoked_function_arn=f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
            aws_request_id=assumed.REQUEST_ID,
            get_remaining_time_in_millis=lambda: 10_000,
        )
        answer = handler(event, context)
        self.tally.function(MEMORY_MB, self.seconds - began)
        self.tally.lines(assumed.INVOCATION_LINES)
        return answer

    def pay(self, number: int) -> None:
        """One payment from the request to the end of its workflow."""
        answer = self.invoke("Create", functions.api, _event(f"PAY-{number:06d}"))
        assert answer["statusCode"] == 200, answer
        for what in (tally.API, tally.WAF):
            self.tally.add(what)
        self.tally.add(tally.TRACES, 2 * assumed.SAMPLED)  # the request's and the workflow's
        size = len(answer["body"].encode()) + assumed.ANSWER_BYTES
        self.tally.add(tally.BYTES_OUT, size)
        interpreter = Interpreter(Scheduler(Random(0)), Random(0), self._step)
        done = interpreter.execute(definition(MACHINE), self.started.pop())
        assert done["status"] == "COMPLETED", done
        self.tally.add(tally.TRANSITIONS, interpreter.transitions + 1)

    def _step(self, name: str, payload: Any, _timeout_s: float) -> Any:
        return self.invoke(name, functions.step, payload)

    def issuer(self) -> str:
        self.seconds += assumed.ISSUER_S
        return "A00001"

    def webhook(self, body: str) -> None:
        self.seconds += assumed.WEBHOOK_S
        self.tally.add(tally.BYTES_OUT, len(body.encode()) + assumed.WEBHOOK_BYTES)


def count(payments: int = 20) -> Tally:
    """Of one payment, on a warm platform."""
    with _account() as (account, log):
        account.pay(0)
        account.tally = Tally()
        log.truncate(0)
        for number in range(payments):
            account.pay(number + 1)
        account.tally.lines(log.getvalue().lstrip("\0"))
        return account.tally.times(1 / payments)


@contextmanager
def _account() -> Iterator[tuple[NaiveAccount, io.StringIO]]:
    log = io.StringIO()
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, ENVIRONMENT))
        stack.enter_context(mock_aws())
        stack.enter_context(_logged(log))
        account = NaiveAccount(BaseClient._make_api_call)  # type: ignore[attr-defined]
        _set_up()
        request = lambda client, operation, given: account.request(client, operation, given)  # noqa: E731
        stack.enter_context(patch.object(BaseClient, "_make_api_call", request))
        stack.enter_context(patch.object(functions, "ask_issuer", account.issuer))
        stack.enter_context(patch.object(functions, "send_webhook", account.webhook))
        yield account, log


def _set_up() -> None:
    for model in MODELS:
        model.create_table(wait=False)
    boto3.client("dynamodb").create_table(
        TableName="idempotency",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    MerchantModel("M1", name="Harbour Books", webhook_url="https://shop.example", limit=1e6).save()
    os.environ["KEY_ID"] = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    os.environ["TOPIC_ARN"] = boto3.client("sns").create_topic(Name="events")["TopicArn"]


@contextmanager
def _logged(sink: io.StringIO) -> Iterator[None]:
    """What Logger and Metrics write goes to ``sink``."""
    handlers: list[Any] = [
        one for one in functions.log._logger.handlers if isinstance(one, logging.StreamHandler)
    ]
    before = [one.setStream(sink) for one in handlers]
    with contextlib.redirect_stdout(sink):
        try:
            yield
        finally:
            for handler, stream in zip(handlers, before, strict=True):
                handler.setStream(stream)


def _event(payment: str) -> dict[str, Any]:
    card = {"number": "4111111111111111", "expiry": "1249", "cvc": "321"}
    body = {"id": payment, "merchant": "M1", "amount": "100.00", "currency": "HKD", "card": card}
    return {
        "resource": "/payments",
        "path": "/payments",
        "httpMethod": "POST",
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"stage": "prod", "requestId": assumed.REQUEST_ID},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }

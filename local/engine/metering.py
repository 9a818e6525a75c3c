"""What AWS would bill for what the engine serves, counted as it happens by `local.meter`.

Counted are requests of functions (an operator's are told apart by their access key), what the API
is asked, invocations with memory and time, executions, and DynamoDB's units by the items before
and after each write. `GET /_tidegate/meter` gives the tally as JSON. Log bytes are not seen here.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from ministack import app
from ministack.services import dynamodb, lambda_svc, stepfunctions

from local.meter import tally
from local.meter.items import checked_units, item_bytes, read_units, write_units
from local.meter.tally import Tally

PATH = "/_tidegate/meter"
OPERATOR = b"Credential=local/"
"""The access key of everybody but functions (`local.deploy.CREDENTIALS`)."""
SAMPLED = 0.05
"""The template's rule; locally, every trace is received."""
BILLED = {"kms": tally.KMS, "sqs": tally.FIFO, "sns": tally.SNS, "ses": tally.MAILS}
STATES = ("pass", "task", "choice", "wait", "map")

_counted = Tally()
_lock = threading.Lock()  # functions run in threads
_original_app: Any = None
_original_dynamodb = dynamodb.handle_request
_original_execution = stepfunctions._run_execution
_original_sub_machine = stepfunctions._run_sub_machine


def install() -> None:
    """Count from now on; nothing else may replace these afterwards."""
    global _original_app
    _original_app = app.app
    app.app = _application
    dynamodb.handle_request = _dynamodb
    lambda_svc._execute_function_warm = _timed(lambda_svc._execute_function_warm)
    stepfunctions._run_execution = _execution
    stepfunctions._run_sub_machine = _sub_machine
    for kind in STATES:
        name = f"_execute_{kind}"
        setattr(stepfunctions, name, _state(getattr(stepfunctions, name)))


def _add(*names: str, amount: float = 1) -> None:
    with _lock:
        for name in names:
            _counted.add(name, amount)


# -- requests -------------------------------------------------------------------------------------


async def _application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        if scope["path"] == PATH:
            await _tell(send)
            return
        _request(scope)
    await _original_app(scope, receive, send)


def _request(scope: dict[str, Any]) -> None:
    if scope["path"].startswith("/restapis/"):
        _add(tally.API, tally.WAF)
        _add(tally.TRACES, amount=SAMPLED)
        return
    headers = dict(scope["headers"])
    signed = headers.get(b"authorization", b"")
    if b"Credential=" not in signed or OPERATOR in signed:
        return
    service = signed.split(b"Credential=")[1].split(b"/")[3].decode()
    operation = headers.get(b"x-amz-target", b"").rpartition(b".")[2].decode()
    with _lock:
        _counted.calls[f"{service} {operation or scope['method']}"] += 1
    if service in BILLED:
        _add(BILLED[service])
    if service == "s3" and scope["method"] == "PUT":
        _add(tally.S3_WRITES, tally.EVENTS)
    elif service == "s3":
        _add(tally.S3_READS)


async def _tell(send: Any) -> None:
    with _lock:
        content = json.dumps({"billed": _counted.billed, "calls": _counted.calls}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


# -- DynamoDB -------------------------------------------------------------------------------------


async def _dynamodb(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
    if OPERATOR.decode() in headers.get("authorization", ""):
        return await _original_dynamodb(method, path, headers, body, query)
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    given = json.loads(body)
    parts = list(_written(operation, given))
    before = [_image(part) for part in parts]
    answer = await _original_dynamodb(method, path, headers, body, query)
    transaction = operation == "TransactWriteItems"
    failed = answer[0] != 200
    for part, old in zip(parts, before, strict=True):
        new, indexes = _image(part), _indexes(part)
        units = (
            checked_units(old, transaction=transaction)
            if failed
            else write_units(old, new, indexes, transaction=transaction)
        )
        _add(tally.WRITE_UNITS, amount=units)
    if not parts and not failed:
        _add(tally.READ_UNITS, amount=_read(operation, given, json.loads(answer[2])))
    return answer


def _written(operation: str, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if operation == "TransactWriteItems":
        for action in given["TransactItems"]:
            yield next(iter(action.values()))
    elif operation in {"PutItem", "UpdateItem", "DeleteItem"}:
        yield given


def _image(part: dict[str, Any]) -> dict[str, Any]:
    table = dynamodb._tables[part["TableName"]]
    return dict(dynamodb._get_item_by_key(table, part.get("Key") or part["Item"]) or {})


def _indexes(part: dict[str, Any]) -> list[tuple[str, ...]]:
    table = dynamodb._tables[part["TableName"]]
    keys = [one["KeySchema"] for one in table.get("GlobalSecondaryIndexes") or ()]
    return [tuple(attribute["AttributeName"] for attribute in key) for key in keys]


def _read(operation: str, given: dict[str, Any], answer: dict[str, Any]) -> float:
    consistent = bool(given.get("ConsistentRead"))
    if operation == "Query":
        size = sum(map(item_bytes, answer["Items"]))
        return read_units(size, consistent=consistent)
    if operation == "GetItem":
        return read_units(item_bytes(answer.get("Item", {})), consistent=consistent)
    units = 0.0
    for table, wanted in given.get("RequestItems", {}).items():
        found = answer["Responses"].get(table, [])
        absent: list[dict[str, Any]] = [{}] * (len(wanted["Keys"]) - len(found))
        for item in found + absent:
            consistent = bool(wanted.get("ConsistentRead"))
            units += read_units(item_bytes(item), consistent=consistent)
    return units


# -- functions and workflows ----------------------------------------------------------------------


def _timed(execute: Callable[..., Any]) -> Callable[..., Any]:
    def timed(function: dict[str, Any], event: Any, request_id: str) -> Any:
        config = function.get("config") or function
        began = time.monotonic()
        try:
            return execute(function, event, request_id)
        finally:
            with _lock:
                _counted.function(int(config["MemorySize"]), time.monotonic() - began)
                if _is_from_queue(event):
                    _counted.add(tally.FIFO, 2)  # the batch was received, and deleted
                elif isinstance(event, dict) and event.get("source") == "aws.events":
                    _counted.add(tally.TRACES, SAMPLED)

    return timed


def _is_from_queue(event: Any) -> bool:
    records = event.get("Records") if isinstance(event, dict) else None
    return isinstance(records, list) and records[0].get("eventSource") == "aws:sqs"


def _execution(arn: str) -> Any:
    began = time.monotonic()
    try:
        return _original_execution(arn)
    finally:
        if _is_express(arn):
            with _lock:
                _counted.express(time.monotonic() - began)
        else:
            _add(tally.TRANSITIONS)  # into the first state
            _add(tally.TRACES, amount=SAMPLED)


def _sub_machine(states: Any, start_at: Any, given: Any, execution: Any, ctx: Any) -> Any:
    """The items of a Distributed Map are Express executions of their own."""
    began = time.monotonic()
    try:
        return _original_sub_machine(states, start_at, given, execution, ctx)
    finally:
        if "mapRunArn" in execution:
            with _lock:
                _counted.express(time.monotonic() - began)


def _state(execute: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*given: Any) -> Any:
        child = any(isinstance(one, dict) and "mapRunArn" in one for one in given)
        arn = given[-1]["Execution"]["Id"]  # every kind of state is handed its context last
        if not child and not _is_express(arn):
            _add(tally.TRANSITIONS)
        return execute(*given)

    return counted


def _is_express(arn: str) -> bool:
    machine = stepfunctions._executions[arn]["stateMachineArn"]
    return bool(stepfunctions._state_machines[machine].get("type") == "EXPRESS")

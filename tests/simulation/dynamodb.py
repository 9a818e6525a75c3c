"""DynamoDB as far as the adapters use it: a table, its index, its stream; in the place of our wire,
so that the adapters and the requests that they write are the real ones."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import RLock
from typing import Any
from zlib import crc32

from botocore.exceptions import ClientError

from tests.simulation.expressions import Given, Item, changed, comparable, holds
from tests.support.tables import table_definition
from tidegate.adapters.wire import Wire

Key = tuple[str, str]
SHARDS = 4
MAX_TRANSACTION = 100
MAX_BATCH = 25
Through = Callable[[str, Callable[[], Any]], Any]
"""(operation, effect) -> what the effect gives, unless a fault strikes."""


def straight(_operation: str, effect: Callable[[], Any]) -> Any:
    """A world without faults."""
    return effect()


@dataclass
class Database:
    """What is kept: items by table and key, and every change in order."""

    tables: dict[str, dict[Key, Item]] = field(default_factory=dict)
    shards: list[list[dict[str, Any]]] = field(default_factory=lambda: [[] for _ in range(SHARDS)])
    watchers: list[Callable[[Item | None, Item], None]] = field(default_factory=list)
    """Are shown each item before and after each change."""
    changes: int = 0
    one_by_one: AbstractContextManager[Any] = field(default_factory=RLock)
    """Real threads may ask, too."""

    def items(self, table: str) -> dict[Key, Item]:
        return self.tables.setdefault(table, {})

    def write(self, table: str, key: Key, after: Item) -> None:
        before = self.items(table).get(key)
        self.items(table)[key] = after
        self.changes += 1
        record: dict[str, Any] = {
            "eventID": str(self.changes),
            "eventName": "MODIFY" if before else "INSERT",
            "dynamodb": {
                "Keys": {"p": after["p"], "s": after["s"]},
                "SequenceNumber": f"{self.changes:021d}",
                "NewImage": after,
                **({"OldImage": before} if before else {}),
            },
        }
        self.shards[crc32(key[0].encode()) % SHARDS].append(record)
        for watcher in self.watchers:
            watcher(before, after)


class SimulatedWire(Wire):
    """In the place of a ``Wire`` to DynamoDB."""

    def __init__(
        self, database: Database, through: Through = straight, hurried: Through | None = None
    ) -> None:
        self._database = database
        self._through = through
        self._hurried = hurried
        self._indexes = {
            one["IndexName"]: tuple(part["AttributeName"] for part in one["KeySchema"])
            for one in table_definition()["GlobalSecondaryIndexes"]
        }

    def get_item(self, **request: Any) -> dict[str, Any]:
        """As a client of its own reads: no fault strikes."""
        return copy.deepcopy(self._GetItem(request))

    def hurried(self, read_s: float) -> SimulatedWire:
        """As impatient as the real one; the same where nothing is slow."""
        made = copy.copy(self)
        made._through = self._hurried or self._through
        return made

    def call(self, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """One request and its answer, as ``Wire.call``."""
        perform = getattr(self, f"_{operation}")

        def effect() -> dict[str, Any]:
            with self._database.one_by_one:
                return copy.deepcopy(perform(copy.deepcopy(given)))

        answer: dict[str, Any] = self._through(operation, effect)
        return answer

    def _GetItem(self, request: Mapping[str, Any]) -> dict[str, Any]:
        item = self._database.items(request["TableName"]).get(_key(request["Key"]))
        return {"Item": item} if item is not None else {}

    def _BatchGetItem(self, request: Mapping[str, Any]) -> dict[str, Any]:
        answers = {}
        for table, wanted in request["RequestItems"].items():
            found = (self._database.items(table).get(_key(key)) for key in wanted["Keys"])
            answers[table] = [item for item in found if item is not None]
        return {"Responses": answers, "UnprocessedKeys": {}}

    def _BatchWriteItem(self, request: Mapping[str, Any]) -> dict[str, Any]:
        for table, wanted in request["RequestItems"].items():
            items = {_key(one["PutRequest"]["Item"]): one["PutRequest"]["Item"] for one in wanted}
            if not 0 < len(wanted) <= MAX_BATCH or len(items) < len(wanted):
                raise failure("ValidationException", "BatchWriteItem")
            for key, item in items.items():
                self._database.write(table, key, item)
        return {"UnprocessedItems": {}}

    def _PutItem(self, request: Mapping[str, Any]) -> dict[str, Any]:
        key = _key(request["Item"])
        if not self._holds(request, key):
            raise failure("ConditionalCheckFailedException", "PutItem")
        self._database.write(request["TableName"], key, request["Item"])
        return {}

    def _UpdateItem(self, request: Mapping[str, Any]) -> dict[str, Any]:
        key = _key(request["Key"])
        if not self._holds(request, key):
            raise failure("ConditionalCheckFailedException", "UpdateItem")
        return {"Attributes": self._update(request, key)}

    def _TransactWriteItems(self, request: Mapping[str, Any]) -> dict[str, Any]:
        parts = [next(iter(one.items())) for one in request["TransactItems"]]
        if len(parts) > MAX_TRANSACTION:
            raise failure("ValidationException", "TransactWriteItems")
        keys = [_key(part.get("Item") or part["Key"]) for _, part in parts]
        if len(set(keys)) < len(keys):
            raise failure("ValidationException", "TransactWriteItems")
        reasons = [
            "None" if self._holds(part, key) else "ConditionalCheckFailed"
            for (_, part), key in zip(parts, keys, strict=True)
        ]
        if set(reasons) != {"None"}:
            raise cancelled(reasons)
        for (kind, part), key in zip(parts, keys, strict=True):
            if kind == "Put":
                self._database.write(part["TableName"], key, part["Item"])
            elif kind == "Update":
                self._update(part, key)
        return {}

    def _Query(self, request: Mapping[str, Any]) -> dict[str, Any]:
        given = _given(request)
        hash_name, range_name = self._indexes.get(request.get("IndexName", ""), ("p", "s"))
        expression = request["KeyConditionExpression"]
        found = [
            item
            for item in self._database.items(request["TableName"]).values()
            if hash_name in item and range_name in item and holds(expression, item, given)
        ]
        backwards = request.get("ScanIndexForward") is False
        found.sort(
            key=lambda item: (comparable(item[range_name]), _key(item)),
            reverse=backwards,
        )
        start = request.get("ExclusiveStartKey")
        if start is not None:
            at = [_key(item) for item in found].index(_key(start)) + 1
            found = found[at:]
        limit = request.get("Limit")
        answer: dict[str, Any] = {"Items": found[:limit]}
        if limit is not None and len(found) > limit:
            answer["LastEvaluatedKey"] = {
                name: found[limit - 1][name] for name in {"p", "s", hash_name, range_name}
            }
        return answer

    def _holds(self, request: Mapping[str, Any], key: Key) -> bool:
        item = self._database.items(request["TableName"]).get(key, {})
        return holds(request.get("ConditionExpression"), item, _given(request))

    def _update(self, request: Mapping[str, Any], key: Key) -> Item:
        items = self._database.items(request["TableName"])
        before = items.get(key) or dict(request["Key"])
        after = changed(request["UpdateExpression"], before, _given(request))
        self._database.write(request["TableName"], key, after)
        return after


def failure(code: str, operation: str) -> ClientError:
    """What botocore raises for a refusal."""
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


def cancelled(reasons: list[str]) -> ClientError:
    """What botocore raises for a transaction that was given up."""
    return ClientError(
        {
            "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
            "CancellationReasons": [{"Code": reason} for reason in reasons],
        },
        "TransactWriteItems",
    )


def scan(database: Database, table: str) -> Iterator[Item]:
    """Every item, for checks."""
    yield from database.items(table).values()


def _key(item: Mapping[str, Any]) -> Key:
    return item["p"]["S"], item["s"]["S"]


def _given(request: Mapping[str, Any]) -> Given:
    return Given(
        request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    )

"""One table, one connection; items are dicts of strings, integers and bytes under compact names.

Requests are written here, out of pynamodb's expressions, and go over our wire.
"""

from __future__ import annotations

import base64
import random
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action, Update

from tidegate.adapters import aws
from tidegate.domain.errors import StaleVersion

if TYPE_CHECKING:
    from tidegate.adapters.wire import Wire

Value = str | int | bytes
Item = dict[str, Value]
DUE_INDEX = "due"
HASH_KEYS = {None: "p", DUE_INDEX: "k"}
"""By index; None is the table's own."""
HURRIED_S = 0.5
"""A read takes a hundredth of it."""
BATCH = 25
"""Items that one BatchWriteItem takes."""
SCHEMA = 1  # of every item we write; older ones are read as they are
_CONTENTION = {"TransactionConflictException", "TransactionInProgressException"}


class ConditionFailed(Exception):
    """A condition did not hold; nothing was written."""


class Unavailable(Exception):
    """The table could not be read now."""


@cache
def connection() -> Wire:
    """The one client of a process."""
    return aws.wire("dynamodb", connect_s=1, read_s=3, tries=3)


def hurried_connection() -> Wire:
    """The one client, for reads that nobody should wait for: one try of half a second."""
    return connection().hurried(HURRIED_S)


class Table:
    """What the adapters say to DynamoDB. What it refuses for no reason of ours, or does not
    answer, is raised as the wire raises it."""

    def __init__(self, name: str, client: Wire | None = None) -> None:
        self.name = name
        self._client = client or connection()

    def get(self, p: str, s: str, *, consistent: bool = True) -> Item | None:
        """One item as it is, or at half the price as it is or was a moment ago."""
        answer = self._client.call(
            "GetItem",
            {"TableName": self.name, "Key": _key(p, s), "ConsistentRead": consistent},
        )
        return unmarshal(answer["Item"]) if answer.get("Item") else None

    def put(self, item: Mapping[str, Value], condition: Condition | None = None) -> None:
        """One item; raises ConditionFailed or StaleVersion."""
        try:
            self._client.call("PutItem", self._put(item, condition))
        except ClientError as error:
            raise _translated(error) from error

    def update(
        self, p: str, s: str, actions: Sequence[Action], condition: Condition | None = None
    ) -> Item:
        """Change one item and give it as it is then; raises ConditionFailed or StaleVersion."""
        given = self._change(p, s, actions, condition)
        try:
            answer = self._client.call("UpdateItem", {**given, "ReturnValues": "ALL_NEW"})
        except ClientError as error:
            raise _translated(error) from error
        return unmarshal(answer["Attributes"])

    def query(
        self,
        p: str,
        *,
        sort: Condition | None = None,
        index: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Item]:
        """Every item of a partition, in order, page by page."""
        wanted = equals(HASH_KEYS[index], p)
        given: dict[str, Any] = {
            "TableName": self.name,
            "ScanIndexForward": not newest_first,
            **({"ConsistentRead": True} if index is None else {"IndexName": index}),
            **_expressions(KeyConditionExpression=wanted if sort is None else wanted & sort),
        }
        seen = 0
        while True:
            if limit is not None:
                given["Limit"] = limit - seen
            answer = self._client.call("Query", given)
            for item in answer["Items"]:
                seen += 1
                yield unmarshal(item)
            start = answer.get("LastEvaluatedKey")
            if not start or (limit is not None and seen >= limit):
                return
            given["ExclusiveStartKey"] = start

    def batch_get(self, keys: Iterable[tuple[str, str]]) -> Iterator[Item]:
        """Items by key, 100 a request, in no order; absent ones are left out."""
        pending = [_key(*one) for one in keys]
        while pending:
            chunk, pending = pending[:100], pending[100:]
            answer = self._batch_get(chunk, consistent=True)
            for item in answer.get("Responses", {}).get(self.name, []):
                yield unmarshal(item)
            pending += answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])

    def glance(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        """A few items by key, as they are or were a moment ago, in one request and no order; absent
        ones are left out. Raises Unavailable where the table gives none, or only some."""
        try:
            answer = self._batch_get([_key(*one) for one in keys], consistent=False)
        except (ClientError, BotoCoreError) as error:
            raise Unavailable from error
        if answer.get("UnprocessedKeys"):
            raise Unavailable
        return [unmarshal(item) for item in answer["Responses"].get(self.name, [])]

    def batch_put(self, items: Iterable[Mapping[str, Value]]) -> None:
        """Items of different keys, whatever was there before; what the table is too busy for is
        sent again, after a pause."""
        rest = iter(items)
        left: list[Any] = []
        while left := left or [
            {"PutRequest": {"Item": _typed(item)}} for item in islice(rest, BATCH)
        ]:
            answer = self._client.call("BatchWriteItem", {"RequestItems": {self.name: left}})
            left = answer.get("UnprocessedItems", {}).get(self.name, [])
            if left:
                time.sleep(random.random())  # noqa: S311  no two loaders at once

    def transaction(self) -> Transaction:
        """Writes that happen together or not at all."""
        return Transaction(self)

    def _batch_get(self, keys: list[dict[str, Any]], *, consistent: bool) -> dict[str, Any]:
        wanted = {self.name: {"Keys": keys, "ConsistentRead": consistent}}
        return self._client.call("BatchGetItem", {"RequestItems": wanted})

    def _put(self, item: Mapping[str, Value], condition: Condition | None) -> dict[str, Any]:
        said = _expressions(ConditionExpression=condition)
        return {"TableName": self.name, "Item": _typed(item), **said}

    def _change(
        self, p: str, s: str, actions: Sequence[Action], condition: Condition | None
    ) -> dict[str, Any]:
        said = _expressions(ConditionExpression=condition, UpdateExpression=Update(*actions))
        return {"TableName": self.name, "Key": _key(p, s), **said}

    def _check(self, p: str, s: str, condition: Condition) -> dict[str, Any]:
        said = _expressions(ConditionExpression=condition)
        return {"TableName": self.name, "Key": _key(p, s), **said}


class Transaction:
    """Collects writes; ``commit`` sends them as one request."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._writes: list[dict[str, Any]] = []

    def put(self, item: Mapping[str, Value], condition: Condition | None = None) -> Transaction:
        """Add a put."""
        self._writes.append({"Put": self._table._put(item, condition)})
        return self

    def update(
        self, p: str, s: str, actions: Sequence[Action], condition: Condition | None = None
    ) -> Transaction:
        """Add an update."""
        self._writes.append({"Update": self._table._change(p, s, actions, condition)})
        return self

    def check(self, p: str, s: str, condition: Condition) -> Transaction:
        """Add a condition on an item that is not written."""
        self._writes.append({"ConditionCheck": self._table._check(p, s, condition)})
        return self

    def commit(self) -> None:
        """Write all. Raises ConditionFailed, or StaleVersion when another transaction was at it."""
        given = {
            "ClientRequestToken": str(uuid.uuid4()),  # a second try of it is the same transaction
            "TransactItems": self._writes,
        }
        try:
            self._table._client.call("TransactWriteItems", given)
        except ClientError as error:
            raise _transaction_failure(error) from error


def marshal(value: Value) -> dict[str, Any]:
    """One value with DynamoDB's type letter."""
    if isinstance(value, bytes):
        return {"B": base64.b64encode(value).decode()}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def unmarshal(item: Mapping[str, Mapping[str, Any]]) -> Item:
    """An item as DynamoDB gives it, without the type letters; of a set, each string is a line."""
    return {name: _value(typed) for name, typed in item.items()}


def _value(typed: Mapping[str, Any]) -> Value:
    if "N" in typed:
        return int(typed["N"])
    if "SS" in typed:
        return "\n".join(typed["SS"])
    value: str = typed.get("S", "")
    return base64.b64decode(typed["B"]) if "B" in typed else value


def add_to_set(name: str, strings: Iterable[str]) -> Action:
    """The update action that puts strings into a set; what is in it already changes nothing."""
    return Path(name).add({"SS": sorted(strings)})


def equals(name: str, value: Value) -> Condition:
    """The condition that an attribute has this value."""
    return Path(name) == marshal(value)


def at_least(name: str, value: int) -> Condition:
    """The condition that a number is not less than ``value``."""
    return Path(name) >= marshal(value)


def at_most(name: str, value: int) -> Condition:
    """The condition that a number is not more than ``value``."""
    return Path(name) <= marshal(value)


def absent() -> Condition:
    """The condition that there is no item under this key."""
    return Path("p").does_not_exist()


def changes(before: Mapping[str, Value], after: Mapping[str, Value]) -> list[Action]:
    """The update actions that lead from one item to the other."""
    actions: list[Action] = [
        Path(name).set(marshal(value)) for name, value in after.items() if before.get(name) != value
    ]
    actions += [Path(name).remove() for name in before if name not in after]
    return actions


def _key(p: str, s: str) -> dict[str, Any]:
    return {"p": marshal(p), "s": marshal(s)}


def _typed(item: Mapping[str, Value]) -> dict[str, Any]:
    return {name: marshal(value) for name, value in item.items()}


def _expressions(**parts: Condition | Update | None) -> dict[str, Any]:
    """Expressions by the names that requests have for them, with all their names and values."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    said: dict[str, Any] = {
        part: one.serialize(names, values) for part, one in parts.items() if one is not None
    }
    if names:
        said["ExpressionAttributeNames"] = {short: name for name, short in names.items()}
    if values:
        said["ExpressionAttributeValues"] = values
    return said


def _translated(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        return ConditionFailed()
    return StaleVersion("another transaction is at this item") if code in _CONTENTION else error


def _transaction_failure(error: ClientError) -> Exception:
    response: Any = error.response
    if response["Error"]["Code"] in _CONTENTION:
        return StaleVersion("another transaction is at these items")
    if response["Error"]["Code"] != "TransactionCanceledException":
        return error
    codes = {reason["Code"] for reason in response["CancellationReasons"]}
    if "ConditionalCheckFailed" in codes:
        return ConditionFailed()
    if codes <= {"TransactionConflict", "None"}:
        return StaleVersion("another transaction is at these items")
    return error

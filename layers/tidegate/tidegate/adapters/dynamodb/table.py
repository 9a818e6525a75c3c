"""One table, one connection; items are dicts of strings, integers and bytes under compact names."""

from __future__ import annotations

import copy
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import islice
from typing import Any

from pynamodb.connection import Connection
from pynamodb.connection.base import MetaTable
from pynamodb.exceptions import GetError, PutError, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from tidegate.adapters import aws
from tidegate.adapters.dynamodb.wire import Wire
from tidegate.domain.errors import StaleVersion

Value = str | int | bytes
Item = dict[str, Value]
DUE_INDEX = "due"
HURRIED_S = 0.5
"""A read takes a hundredth of it."""
BATCH = 25
"""Items that one BatchWriteItem takes."""
SCHEMA = 1  # of every item we write; older ones are read as they are

_SCHEMA = {
    "KeySchema": [
        {"AttributeName": "p", "KeyType": "HASH"},
        {"AttributeName": "s", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "p", "AttributeType": "S"},
        {"AttributeName": "s", "AttributeType": "S"},
        {"AttributeName": "k", "AttributeType": "S"},
        {"AttributeName": "d", "AttributeType": "N"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": DUE_INDEX,
            "KeySchema": [
                {"AttributeName": "k", "KeyType": "HASH"},
                {"AttributeName": "d", "KeyType": "RANGE"},
            ],
        }
    ],
}
_CONTENTION = {"TransactionConflictException", "TransactionInProgressException"}


class ConditionFailed(Exception):
    """A condition did not hold; nothing was written."""


class Unavailable(Exception):
    """The table could not be read now."""


class WiredConnection(Connection):
    """pynamodb's, with our wire in the place of a botocore client."""

    def __init__(
        self,
        region: str,
        endpoint_url: str | None = None,
        credentials: Callable[[], Any] = aws.credentials,
        *,
        tries: int = 3,
    ) -> None:
        super().__init__(region=region, host=endpoint_url)
        self._wire = Wire(endpoint_url, region, credentials, connect_s=1, read_s=3, tries=tries)

    @property
    def client(self) -> Any:
        return self._wire

    def hurried(self) -> WiredConnection:
        """The same without patience: one try of half a second."""
        made = copy.copy(self)
        made._wire = self._wire.hurried(HURRIED_S)
        return made


@cache
def connection() -> WiredConnection:
    """The one client of a process; endpoint, region and credentials from the environment."""
    return WiredConnection(
        os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") or os.environ.get("AWS_ENDPOINT_URL"),
    )


def hurried_connection() -> Connection:
    """The one client, for reads that nobody should wait for."""
    return connection().hurried()


class Table:
    """What the adapters say to DynamoDB."""

    def __init__(self, name: str, client: Connection | None = None) -> None:
        self.name = name
        self._client = client or connection()
        with suppress(ValueError):  # another adapter has said so already
            self._client.add_meta_table(MetaTable({"TableName": name, **_SCHEMA}))

    def get(self, p: str, s: str, *, consistent: bool = True) -> Item | None:
        """One item as it is, or at half the price as it is or was a moment ago."""
        answer = self._client.get_item(self.name, p, s, consistent_read=consistent)
        return unmarshal(answer["Item"]) if answer.get("Item") else None

    def put(self, item: Mapping[str, Value], condition: Condition | None = None) -> None:
        """One item; raises ConditionFailed."""
        try:
            self._client.put_item(
                self.name,
                str(item["p"]),
                str(item["s"]),
                attributes=_attributes(item),
                condition=condition,
            )
        except PutError as error:
            raise _translated(error) from error

    def update(
        self, p: str, s: str, actions: Sequence[Action], condition: Condition | None = None
    ) -> Item:
        """Change one item and give it as it is then; raises ConditionFailed or StaleVersion."""
        try:
            answer = self._client.update_item(
                self.name, p, s, actions=actions, condition=condition, return_values="ALL_NEW"
            )
        except UpdateError as error:
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
        start: Any = None
        seen = 0
        while True:
            answer = self._client.query(
                self.name,
                p,
                range_key_condition=sort,
                consistent_read=index is None,
                scan_index_forward=not newest_first,
                index_name=index,
                limit=None if limit is None else limit - seen,
                exclusive_start_key=start,
            )
            for item in answer["Items"]:
                seen += 1
                yield unmarshal(item)
            start = answer.get("LastEvaluatedKey")
            if not start or (limit is not None and seen >= limit):
                return

    def batch_get(self, keys: Iterable[tuple[str, str]]) -> Iterator[Item]:
        """Items by key, 100 a request, in no order; absent ones are left out."""
        pending = list(keys)
        while pending:
            chunk, pending = pending[:100], pending[100:]
            wanted: Any = [{"p": marshal(p), "s": marshal(s)} for p, s in chunk]
            answer = self._client.batch_get_item(self.name, wanted, consistent_read=True)
            for item in answer.get("Responses", {}).get(self.name, []):
                yield unmarshal(item)
            left = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            pending += [(key["p"]["S"], key["s"]["S"]) for key in left]

    def glance(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        """A few items by key, as they are or were a moment ago, in one request and no order; absent
        ones are left out. Raises Unavailable where the table gives none, or only some."""
        wanted: Any = [{"p": marshal(p), "s": marshal(s)} for p, s in keys]
        try:
            answer = self._client.batch_get_item(self.name, wanted)
        except GetError as error:
            raise Unavailable from error
        if answer.get("UnprocessedKeys"):
            raise Unavailable
        return [unmarshal(item) for item in answer["Responses"].get(self.name, [])]

    def batch_put(self, items: Iterable[Mapping[str, Value]]) -> None:
        """Items of different keys, whatever was there before; what the table is too busy for is
        sent again, after a pause."""
        rest = iter(items)
        left: list[Any] = []
        while left := left or self._typed(islice(rest, BATCH)):
            answer = self._client.batch_write_item(self.name, put_items=left)
            unwritten = answer.get("UnprocessedItems", {}).get(self.name, [])
            left = [one["PutRequest"]["Item"] for one in unwritten]
            if left:
                time.sleep(random.random())  # noqa: S311  no two loaders at once

    def _typed(self, items: Iterable[Mapping[str, Value]]) -> list[Any]:
        return [{name: marshal(value) for name, value in item.items()} for item in items]

    def transaction(self) -> Transaction:
        """Writes that happen together or not at all."""
        return Transaction(self)


class Transaction:
    """Collects writes; ``commit`` sends them as one request."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._order: list[tuple[str, dict[str, Any]]] = []

    def put(self, item: Mapping[str, Value], condition: Condition | None = None) -> Transaction:
        """Add a put."""
        return self._add("put", str(item["p"]), str(item["s"]), condition, item=item)

    def update(
        self, p: str, s: str, actions: Sequence[Action], condition: Condition | None = None
    ) -> Transaction:
        """Add an update."""
        return self._add("update", p, s, condition, actions=actions)

    def check(self, p: str, s: str, condition: Condition) -> Transaction:
        """Add a condition on an item that is not written."""
        return self._add("check", p, s, condition)

    def commit(self) -> None:
        """Write all. Raises ConditionFailed, or StaleVersion when another transaction was at it."""
        by_kind: dict[str, list[dict[str, Any]]] = {"check": [], "put": [], "update": []}
        for kind, kwargs in self._order:
            by_kind[kind].append(kwargs)
        try:
            self._table._client.transact_write_items(
                condition_check_items=by_kind["check"],
                delete_items=[],
                put_items=by_kind["put"],
                update_items=by_kind["update"],
            )
        except TransactWriteError as error:
            raise _transaction_failure(error) from error

    def _add(
        self,
        kind: str,
        p: str,
        s: str,
        condition: Condition | None,
        *,
        item: Mapping[str, Value] | None = None,
        actions: Sequence[Action] | None = None,
    ) -> Transaction:
        kwargs = self._table._client.get_operation_kwargs(
            self._table.name,
            p,
            s,
            key="Item" if kind == "put" else "Key",
            attributes=_attributes(item) if item is not None else None,
            actions=actions,
            condition=condition,
        )
        self._order.append((kind, kwargs))
        return self


def marshal(value: Value) -> dict[str, Any]:
    """One value with DynamoDB's type letter."""
    if isinstance(value, bytes):
        return {"B": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def unmarshal(item: Mapping[str, Mapping[str, Any]]) -> Item:
    """An item as DynamoDB gives it, without the type letters; of a set, each string is a line."""
    return {name: _value(typed) for name, typed in item.items()}


def _value(typed: Mapping[str, Any]) -> Value:
    if "N" in typed:
        return int(typed["N"])
    if "SS" in typed:
        return "\n".join(typed["SS"])
    value: Value = typed.get("S", typed.get("B", ""))
    return value


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


def _attributes(item: Mapping[str, Value]) -> dict[str, Any]:
    return {name: marshal(value) for name, value in item.items() if name not in {"p", "s"}}


def _translated(error: PutError | UpdateError) -> Exception:
    code = error.cause_response_code
    if code == "ConditionalCheckFailedException":
        return ConditionFailed()
    return StaleVersion("another transaction is at this item") if code in _CONTENTION else error


def _transaction_failure(error: TransactWriteError) -> Exception:
    if error.cause_response_code in _CONTENTION:
        return StaleVersion("another transaction is at these items")
    if error.cause_response_code != "TransactionCanceledException":
        return error
    reasons = error.cancellation_reasons
    codes = {reason.code for reason in reasons if reason is not None}
    if "ConditionalCheckFailed" in codes:
        return ConditionFailed()
    if codes <= {"TransactionConflict", "None"}:
        return StaleVersion("another transaction is at these items")
    return error

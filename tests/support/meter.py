"""Counts requests and write units by arithmetic of our own; emulators report wrong ones.

A write costs one unit for each KiB of the larger of old and new item, twice that in a
transaction. The sparse index
costs one unit when an item enters or leaves it and two when its key there changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tidegate.adapters.dynamodb.table import Table

_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}
KIB = 1024


@dataclass
class Meter:
    """What happened while it ran."""

    requests: Counter[str] = field(default_factory=Counter)
    write_units: int = 0
    largest_item: int = 0


@contextmanager
def metered(table: Table, reader: Any) -> Iterator[Meter]:
    """Count what goes through ``table``; ``reader`` is another client, for the images."""
    meter = Meter()
    connection = table._client
    original = connection.dispatch

    def dispatch(operation: str, kwargs: dict[str, Any]) -> dict[str, Any]:
        keys = list(_keys(operation, kwargs)) if operation in _WRITES else []
        before = [_image(reader, table.name, key) for key in keys]
        answer: dict[str, Any] = original(operation, kwargs)
        meter.requests[operation] += 1
        factor = 2 if operation == "TransactWriteItems" else 1
        for key, old in zip(keys, before, strict=True):
            new = _image(reader, table.name, key)
            size = max(item_bytes(old), item_bytes(new))
            meter.largest_item = max(meter.largest_item, size)
            meter.write_units += factor * -(-size // KIB) + _index_units(old, new)
        return answer

    connection.dispatch = dispatch  # type: ignore[method-assign, assignment]
    try:
        yield meter
    finally:
        connection.dispatch = original  # type: ignore[method-assign]


def item_bytes(item: dict[str, Any]) -> int:
    """DynamoDB's size of an item: names and values, numbers by their digits."""
    return sum(len(name.encode()) + _value_bytes(typed) for name, typed in item.items())


def _value_bytes(typed: dict[str, Any]) -> int:
    if "N" in typed:
        return len(str(typed["N"]).lstrip("-")) // 2 + 2
    value = typed.get("S", typed.get("B", b""))
    return len(value.encode()) if isinstance(value, str) else len(value)


def _keys(operation: str, kwargs: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if operation == "TransactWriteItems":
        for write in kwargs["TransactItems"]:
            (request,) = write.values()
            yield _key(request)
    else:
        yield _key(kwargs)


def _key(request: dict[str, Any]) -> dict[str, Any]:
    source = request.get("Key") or request["Item"]
    return {"p": source["p"], "s": source["s"]}


def _image(reader: Any, name: str, key: dict[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = reader.get_item(TableName=name, Key=key, ConsistentRead=True).get(
        "Item", {}
    )
    return item


def _index_units(old: dict[str, Any], new: dict[str, Any]) -> int:
    before, after = _index_key(old), _index_key(new)
    if before == after:
        return 0
    return 2 if before and after else 1


def _index_key(item: dict[str, Any]) -> tuple[str, str] | None:
    return (item["k"]["S"], item["d"]["N"]) if "k" in item else None

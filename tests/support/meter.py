"""Counts requests and write units of one table connection, whatever engine is behind it, by the
arithmetic of `local.meter`; emulators report wrong ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from local.meter.items import item_bytes, write_units
from tests.support.tables import table_definition
from tidegate.adapters.dynamodb.table import Table

_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}
INDEXES = [
    tuple(part["AttributeName"] for part in one["KeySchema"])
    for one in table_definition()["GlobalSecondaryIndexes"]
]


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
    original = connection.call

    def call(operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        keys = list(_keys(operation, given)) if operation in _WRITES else []
        before = [_image(reader, table.name, key) for key in keys]
        answer: dict[str, Any] = original(operation, given)
        meter.requests[operation] += 1
        transaction = operation == "TransactWriteItems"
        for key, old in zip(keys, before, strict=True):
            new = _image(reader, table.name, key)
            meter.largest_item = max(meter.largest_item, item_bytes(old), item_bytes(new))
            meter.write_units += write_units(old, new, INDEXES, transaction=transaction)
        return answer

    connection.call = call  # type: ignore[method-assign]
    try:
        yield meter
    finally:
        connection.call = original  # type: ignore[method-assign]


def _keys(operation: str, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if operation == "TransactWriteItems":
        for write in given["TransactItems"]:
            (request,) = write.values()
            yield _key(request)
    else:
        yield _key(given)


def _key(request: Mapping[str, Any]) -> dict[str, Any]:
    source = request.get("Key") or request["Item"]
    return {"p": source["p"], "s": source["s"]}


def _image(reader: Any, name: str, key: dict[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = reader.get_item(TableName=name, Key=key, ConsistentRead=True).get(
        "Item", {}
    )
    return item

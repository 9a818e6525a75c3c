"""DynamoDB's units: what an item weighs, and what reading and writing it is billed as.

A write costs one unit for each KiB of the larger of old and new item, at least one, and twice that
in a transaction, whose condition checks are billed like writes. An index costs units of its own:
one when an item enters or leaves it, two when its key there changes. A read costs one unit for
each 4 KiB, half where it need not be consistent. A refused write is billed by the item it met.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Any

KIB = 1024
READ_BYTES = 4 * KIB
TRANSACTION = 2
"""Prepared and committed: each write of a transaction is billed twice."""
NESTED_BYTES = 3
"""Of a list or map itself; each of its elements costs one byte more than it weighs."""

AttributeValue = Mapping[str, Any]
Item = Mapping[str, AttributeValue]
Index = tuple[str, ...]
"""The names of its key attributes; an item that lacks one is not in it."""


def item_bytes(item: Item) -> int:
    """Names and values, numbers by their digits."""
    return sum(len(name.encode()) + _value_bytes(typed) for name, typed in item.items())


def _value_bytes(typed: AttributeValue) -> int:
    ((kind, value),) = typed.items()
    match kind:
        case "N":
            return len(str(value).lstrip("-")) // 2 + 2
        case "S":
            return len(value.encode())
        case "B":
            # Who hands binary over in JSON has it in base64.
            return len(value if isinstance(value, bytes) else b64decode(value))
        case "SS":
            return sum(len(one.encode()) for one in value)
        case "BOOL" | "NULL":
            return 1
        case "M":
            return NESTED_BYTES + item_bytes(value) + len(value)
        case "L":
            return NESTED_BYTES + sum(_value_bytes(one) + 1 for one in value)
    raise ValueError(f"no arithmetic for attributes of type {kind}")


def write_units(old: Item, new: Item, indexes: Iterable[Index], *, transaction: bool) -> int:
    """Of one write that took effect; an absent item is empty."""
    size = max(item_bytes(old), item_bytes(new))
    table = max(1, -(-size // KIB)) * (TRANSACTION if transaction else 1)
    return table + sum(_index_units(old, new, index) for index in indexes)


def checked_units(item: Item, *, transaction: bool) -> int:
    """Of a condition check, and of a write whose condition did not hold."""
    return write_units(item, item, (), transaction=transaction)


def read_units(size: int, *, consistent: bool) -> float:
    """Of one item, or of all that a query read together; what is absent costs as the smallest."""
    return max(1, -(-size // READ_BYTES)) * (1.0 if consistent else 0.5)


def _index_units(old: Item, new: Item, index: Index) -> int:
    before, after = _index_key(old, index), _index_key(new, index)
    if before == after:
        return 0
    return 2 if before and after else 1


def _index_key(item: Item, index: Index) -> tuple[str, ...] | None:
    if not all(name in item for name in index):
        return None
    return tuple(str(next(iter(item[name].values()))) for name in index)

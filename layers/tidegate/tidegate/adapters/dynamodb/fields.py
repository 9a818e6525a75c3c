"""Typed reading and writing of an item's attributes, as stored or as a stream shows them."""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.adapters.dynamodb.table import Item


def present(**values: str | int | bytes | None) -> Item:
    """Only what has a value: what is absent costs nothing."""
    return {name: value for name, value in values.items() if value is not None}


class Fields:
    """An item, read by type; what is absent is None, zero or empty."""

    def __init__(self, item: Mapping[str, str | int | bytes]) -> None:
        self._item = item

    def text(self, name: str) -> str:
        return str(self._item.get(name, ""))

    def maybe(self, name: str) -> str | None:
        return str(self._item[name]) if name in self._item else None

    def number(self, name: str) -> int:
        return int(self._item.get(name, 0))

    def maybe_number(self, name: str) -> int | None:
        return int(self._item[name]) if name in self._item else None

    def binary(self, name: str) -> bytes:
        value = self._item.get(name, b"")
        return value if isinstance(value, bytes) else str(value).encode()

    def owner(self) -> tuple[str, str]:
        _, sid, trans_id = self.text("p").split("#", 2)
        return sid, trans_id

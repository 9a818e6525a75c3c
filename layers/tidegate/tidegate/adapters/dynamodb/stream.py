"""Records of the table's stream, as values of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidegate.adapters.dynamodb.records import unpack
from tidegate.adapters.dynamodb.table import unmarshal
from tidegate.domain.events import Event, events_of
from tidegate.domain.payment import Payment


def events_in(record: Mapping[str, Any]) -> list[Event]:
    """The events of one stream record; none for items that are no payments."""
    change = record["dynamodb"]
    if "NewImage" not in change:
        return []
    payment = unpack(unmarshal(change["NewImage"]))
    if not isinstance(payment, Payment):
        return []
    before = change.get("OldImage")
    return events_of(payment, int(before["v"]["N"]) if before else 0)


def sequence_number(record: Mapping[str, Any]) -> str:
    """By which a failed record is named to Lambda."""
    number: str = record["dynamodb"]["SequenceNumber"]
    return number

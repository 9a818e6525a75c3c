"""``OutstandingNotices`` on DynamoDB: one item per payment, under ``W#sid#transID``.

``w`` packs the notices, ``ru`` is the run. While there are any, the item is in the sparse index
under its store, by the time at which it is looked at next; parked ones stand apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.adapters.dynamodb.table import (
    DUE_INDEX,
    SCHEMA,
    ConditionFailed,
    Item,
    Table,
    absent,
    changes,
    equals,
)
from tidegate.domain.errors import StaleVersion
from tidegate.ports_notices import Backlog, Waiting


class DynamoOutstandingNotices:
    """Backlogs in the single table."""

    def __init__(self, table: str | Table) -> None:
        self._table = Table(table) if isinstance(table, str) else table

    def get(self, sid: str, trans_id: str) -> Backlog | None:
        item = self._table.get(*_key_of(sid, trans_id))
        return _unpack(item) if item else None

    def write(self, before: Backlog | None, after: Backlog) -> None:
        try:
            if before is None:
                self._table.put(_pack(after), absent())
            else:
                actions = changes(_pack(before), _pack(after))
                p, s = _key_of(after.sid, after.trans_id)
                self._table.update(p, s, actions, equals("v", before.version))
        except ConditionFailed:
            # Our own write may have taken effect although its answer was lost.
            if self.get(after.sid, after.trans_id) != after:
                raise StaleVersion from None

    def of_store(self, sid: str) -> Iterator[Backlog]:
        for partition in (_partition(sid, parked=True), _partition(sid, parked=False)):
            keys = [
                (str(one["p"]), str(one["s"]))
                for one in self._table.query(partition, index=DUE_INDEX)
            ]
            found = [_unpack(item) for item in self._table.batch_get(keys)]
            yield from sorted(
                (one for one in found if one.waiting), key=lambda one: one.waiting[0].since
            )


def _key_of(sid: str, trans_id: str) -> tuple[str, str]:
    return f"W#{sid}#{trans_id}", "W"


def _partition(sid: str, *, parked: bool) -> str:
    return f"W#{sid}#P" if parked else f"W#{sid}"


def _pack(backlog: Backlog) -> Item:
    p, s = _key_of(backlog.sid, backlog.trans_id)
    item: Item = {"p": p, "s": s, "t": "w", "y": SCHEMA, "v": backlog.version, "ru": backlog.run}
    if backlog.waiting:
        item |= {
            "w": "\n".join(_pack_one(one) for one in backlog.waiting),
            "k": _partition(backlog.sid, parked=backlog.parked),
            "d": backlog.wakes_at,
        }
    return item


def _pack_one(one: Waiting) -> str:
    return f"{one.sequence}|{one.since}|{one.tries}|{one.due_at}|{int(one.heard)}"


def _unpack(item: Item) -> Backlog:
    _, sid, trans_id = str(item["p"]).split("#", 2)
    waiting = tuple(
        Waiting(sequence, since, tries, due_at, bool(heard))
        for sequence, since, tries, due_at, heard in (
            map(int, line.split("|")) for line in str(item.get("w", "")).split("\n") if line
        )
    )
    return Backlog(
        sid,
        trans_id,
        version=int(item["v"]),
        run=int(item["ru"]),
        waiting=waiting,
        parked=item.get("k") == _partition(sid, parked=True),
        wakes_at=int(item.get("d", 0)),
    )

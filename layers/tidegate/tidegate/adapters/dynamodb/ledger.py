"""``Ledger`` on DynamoDB: the movements of a batch stand on numbered pages, in 16 shards, so that
no key is hot.

A page is a set of movements, so what comes twice to a page changes nothing; what comes in another
packing is told apart by its id when the batch is read. Whoever brings movements adds them to the
last page of a shard, in one plain write on the condition that the page is not sealed. Pages are
sealed when they are full, which sends the writer to the next one, and when the batch is closed,
which ends the shard: every writer comes past that page, so nothing is added behind it, and no
writer has to ask another item whether the batch is open.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any

from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from tidegate.adapters.dynamodb.records import key_of, unpack
from tidegate.adapters.dynamodb.table import (
    SCHEMA,
    ConditionFailed,
    Item,
    Table,
    Transaction,
    absent,
    add_to_set,
    equals,
    marshal,
)
from tidegate.domain.errors import BatchClosed, StaleVersion
from tidegate.domain.ledger import BatchKey, Movement
from tidegate.domain.payment import OtherRecord
from tidegate.ports import Record
from tidegate.ports_settlement import ANNOUNCED, CLOSED, OPEN, SETTLED, Batch

TRIES = 5
SHARDS = 16
PAGE_BYTES = 900
"""A page that holds more is full: adding to it is billed by the KiB of all that it holds."""
FULL, LAST = "f", "e"
"""How a page is sealed: another follows, or none ever will."""


class DynamoLedger:
    """Pages ``L#…`` and batches ``B#…`` in the single table."""

    def __init__(self, table: str | Table) -> None:
        self._table = Table(table) if isinstance(table, str) else table
        self._opened: set[BatchKey] = set()
        self._pages: dict[tuple[BatchKey, int], int] = {}

    def add(self, key: BatchKey, movements: Sequence[Movement]) -> None:
        self._open(key)
        packed = sorted(map(_pack, movements))
        add = add_to_set("b", packed)
        shard = _shard(packed)
        number = self._pages.get((key, shard), 0)
        while (held := self._write(key, shard, number, add)) is None:
            number = self._open_page(key, shard)
        self._pages[key, shard] = number
        if len(held) > PAGE_BYTES:
            # Who loses this to another seal finds out which when he comes here next.
            self._write(key, shard, number, Path("st").set(marshal(FULL)))

    def movements(self, key: BatchKey) -> Iterator[Movement]:
        found = {
            movement.id: movement
            for shard in range(SHARDS)
            for item in self._table.query(_shard_of(key, shard))
            for movement in map(_unpack, filter(None, str(item.get("b", "")).split("\n")))
        }
        yield from (found[name] for name in sorted(found))

    def batch(self, key: BatchKey) -> Batch | None:
        item = self._table.get(*_batch(key))
        return _batch_of(item) if item else None

    def close(self, key: BatchKey) -> Batch:
        later = Path("cl").does_not_exist() | (Path("cl") < marshal(key.day))
        with suppress(ConditionFailed):  # a later one was closed before
            self._table.update(*_newest(key), [Path("cl").set(marshal(key.day))], later)
        for shard in range(SHARDS):
            self._end(key, shard)
        return self._advance(key, OPEN, CLOSED, None)

    def settle(self, key: BatchKey, result: dict[str, Any]) -> Batch:
        return self._advance(key, CLOSED, SETTLED, result)

    def announced(self, key: BatchKey) -> None:
        self._advance(key, SETTLED, ANNOUNCED, None)

    def batches(self, sid: str, currency: str, since: str) -> Iterator[Batch]:
        for item in self._table.query(f"B#{sid}#{currency}", sort=Path("s") >= marshal(since)):
            yield _batch_of(item)

    def previous(self, key: BatchKey) -> Batch | None:
        earlier = self._table.query(
            f"B#{key.sid}#{key.currency}",
            sort=Path("s") < marshal(key.day),
            limit=1,
            newest_first=True,
        )
        return next(map(_batch_of, earlier), None)

    def register_clearing(self, network: str, file_id: str, key: BatchKey, records: int) -> None:
        item: Item = {
            "p": f"C#{network}",
            "s": file_id,
            "t": "f",
            "y": SCHEMA,
            "b": str(key),
            "n": records,
        }
        try:
            self._table.put(item, absent())
        except ConditionFailed:
            return  # registered by an earlier run of the same step

    def clearing_delivered(self, network: str, file_id: str, sha256: str) -> None:
        self._table.update(f"C#{network}", file_id, [Path("h").set(marshal(sha256))])

    def _open(self, key: BatchKey) -> None:
        """Raises BatchClosed for a batch that is not there and can never be."""
        if key in self._opened:
            return
        p, s = _batch(key)
        opening = self._table.transaction()
        opening.put({"p": p, "s": s, "t": "b", "y": SCHEMA, "st": OPEN}, absent())
        opening.check(*_newest(key), Path("cl").does_not_exist() | (Path("cl") < marshal(key.day)))
        try:
            _commit(opening)
        except ConditionFailed:
            if self.batch(key) is None:
                raise BatchClosed(f"a batch later than {key} is closed") from None
        self._opened.add(key)

    def _open_page(self, key: BatchKey, shard: int) -> int:
        """The page that takes what comes next. Raises BatchClosed where none does."""
        pages = Path("s") >= marshal(_page(0))
        newest = self._table.query(_shard_of(key, shard), sort=pages, limit=1, newest_first=True)
        for item in newest:
            if item.get("st") == LAST:
                raise BatchClosed(f"batch {key} is closed")
            number = int(str(item["s"])[1:])
            return number + 1 if item.get("st") == FULL else number
        return 0

    def _end(self, key: BatchKey, shard: int) -> None:
        """Seal the page that would take more; a shard that has none gets an empty one."""
        seal = Path("st").set(marshal(LAST))
        with suppress(BatchClosed):  # by somebody else
            while self._write(key, shard, self._open_page(key, shard), seal) is None:
                pass  # it was filled in between

    def _write(self, key: BatchKey, shard: int, number: int, change: Action) -> str | None:
        """What the page holds then; None where it is sealed, and nothing was written."""
        actions = [change, Path("t").set(marshal("l")), Path("y").set(marshal(SCHEMA))]
        p, s = _shard_of(key, shard), _page(number)
        try:
            page = self._table.update(p, s, actions, Path("st").does_not_exist())
        except ConditionFailed:
            return None
        return str(page.get("b", ""))

    def _advance(
        self, key: BatchKey, before: str, after: str, result: dict[str, Any] | None
    ) -> Batch:
        actions = [Path("st").set(marshal(after))]
        if result is not None:
            actions.append(Path("j").set(marshal(json.dumps(result))))
        try:
            return _batch_of(self._table.update(*_batch(key), actions, equals("st", before)))
        except ConditionFailed:
            batch = self.batch(key)
            if batch is None:
                raise
            return batch


class DynamoRecords:
    """``Records`` by BatchGetItem."""

    def __init__(self, table: str | Table) -> None:
        self._table = Table(table) if isinstance(table, str) else table

    def many(self, sid: str, trans_ids: Iterable[str]) -> dict[str, Record]:
        keys = [key_of(sid, trans_id) for trans_id in sorted(trans_ids)]
        found = (unpack(item) for item in self._table.batch_get(keys))
        return {one.trans_id: one for one in found if not isinstance(one, OtherRecord)}


def _shard_of(key: BatchKey, shard: int) -> str:
    return f"L#{key.sid}#{key.currency}#{key.day}#{shard}"


def _page(number: int) -> str:
    return f"p{number:06}"


def _shard(packed: Sequence[str]) -> int:
    """The same delivery comes to the same shard."""
    return sha256(packed[0].encode()).digest()[-1] % SHARDS


def _batch(key: BatchKey) -> tuple[str, str]:
    return f"B#{key.sid}#{key.currency}", key.day


def _newest(key: BatchKey) -> tuple[str, str]:
    """The item that says which is the newest day that was closed (``cl``)."""
    return f"W#{key.sid}#{key.currency}", "W"


def _commit(transaction: Transaction) -> None:
    """Commit, again where another writer was at the same batch. Raises ConditionFailed, or
    StaleVersion in the end."""
    for remaining in reversed(range(TRIES)):
        try:
            transaction.commit()
        except StaleVersion:
            if not remaining:
                raise
        else:
            return


def _batch_of(item: Item) -> Batch:
    _, sid, currency = str(item["p"]).split("#")
    key = BatchKey(sid, currency, str(item["s"]))
    return Batch(key, str(item["st"]), json.loads(str(item.get("j", "{}"))))


def _pack(one: Movement) -> str:
    parts = (
        one.trans_id,
        one.version,
        one.kind,
        one.operation_trans_id,
        one.network,
        one.acquirer_id,
        one.gross_minor,
        one.fee_minor,
        one.day,
    )
    return "|".join(map(str, parts))


def _unpack(text: str) -> Movement:
    trans_id, version, kind, operation, network, acquirer, gross, fee, day = text.split("|")
    return Movement(
        trans_id, int(version), kind, operation, network, acquirer, int(gross), int(fee), day
    )

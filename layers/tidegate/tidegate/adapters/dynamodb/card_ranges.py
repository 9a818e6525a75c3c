"""``CardRanges`` on DynamoDB: an item per prefix, remembered for an hour, absent ones too.

A payment is not worth less without account data, so nothing here is worth waiting for: one hurried
request for all prefixes of a card, and none for a while after one that failed.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tidegate.adapters.dynamodb.fields import pack_account, present, unpack_account
from tidegate.adapters.dynamodb.table import (
    SCHEMA,
    Item,
    Table,
    Unavailable,
    hurried_connection,
)
from tidegate.domain.account_data import LENGTHS, AccountData, longest, prefixes_of

if TYPE_CHECKING:  # what only the operator has
    from tidegate.domain.card_ranges import CardRange

CACHE_S = 3600.0
CACHED = 10_000
"""Heads of cards, with what is known of them or that nothing is: four megabytes at most."""
REST_S = 10.0
"""How long nobody is asked after a request that failed."""


class DynamoCardRanges:
    """Items ``A#`` of the single table: ``br`` the brand, ``ad`` the account data."""

    def __init__(self, table: str | Table) -> None:
        self._table = Table(table, hurried_connection()) if isinstance(table, str) else table
        self._known: OrderedDict[str, tuple[float, AccountData | None]] = OrderedDict()
        self._rests_until = float("-inf")

    def account_data(self, pan: str) -> AccountData | None:
        """See ``ports.CardRanges``. What has become too old still serves where it cannot be read
        anew."""
        head = pan[: LENGTHS[0]]
        now = time.monotonic()
        read_at, account = self._known.get(head, (float("-inf"), None))
        if now - read_at < CACHE_S or now < self._rests_until:
            return account
        try:
            account = self._read(head)
        except Unavailable:
            self._rests_until = time.monotonic() + REST_S
            return account
        self._known[head] = (now, account)
        self._known.move_to_end(head)
        if len(self._known) > CACHED:
            self._known.popitem(last=False)
        return account

    def _read(self, head: str) -> AccountData | None:
        found = self._table.glance([_key(prefix) for prefix in prefixes_of(head)])
        known = {str(item["p"]).partition("#")[2]: item for item in found}
        item = longest(head, known)
        return _account(item) if item is not None else None


class RangeTable:
    """The same items as an operator writes and reads them: patiently, and not from memory."""

    def __init__(self, table: str | Table) -> None:
        self._table = Table(table) if isinstance(table, str) else table

    def put(self, ranges: Iterable[CardRange]) -> None:
        """Write them, whatever was there before; no prefix may be among them twice."""
        self._table.batch_put(_pack(one) for one in ranges)

    def find(self, head: str) -> CardRange | None:
        """The range of cards that begin with these six to eight digits."""
        from tidegate.domain.card_ranges import CardRange

        for prefix in prefixes_of(head):
            item = self._table.get(*_key(prefix))
            if item is not None:
                return CardRange(prefix, str(item["br"]), _account(item))
        return None


def _key(prefix: str) -> tuple[str, str]:
    return f"A#{prefix}", "A"


def _pack(one: CardRange) -> Item:
    p, s = _key(one.prefix)
    item: Item = {"p": p, "s": s, "t": "a", "y": SCHEMA, "br": one.brand}
    return item | present(ad=pack_account(one.account))


def _account(item: Item) -> AccountData | None:
    return unpack_account(str(item["ad"])) if "ad" in item else None

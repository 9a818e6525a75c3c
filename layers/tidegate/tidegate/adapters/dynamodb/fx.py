"""Rates and quotes in the single table.

A sheet of rates is one item, ``F#{base}`` / ``{date}#{source}``; item ``F`` / ``{base}`` lists the
bases. A quote lives under its merchantTransID like a payment, as kind ``q``, so that the id is
unique over all kinds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal

from pynamodb.expressions.operand import Path

from tidegate.adapters.dynamodb.records import key_of
from tidegate.adapters.dynamodb.table import (
    SCHEMA,
    ConditionFailed,
    Item,
    Table,
    Value,
    absent,
    changes,
    marshal,
)
from tidegate.domain.errors import DuplicateTransaction, StaleVersion
from tidegate.domain.fx import Quote, Rate, RateSheet, find_rate
from tidegate.domain.money import Money
from tidegate.domain.payment import IdempotencyRecord

CACHE_S = 3600
CACHED_DAYS = 4
SHEETS = 24
"""How far back a base is read: one page, longer than any run of holidays."""

_BASES = "F"


class DynamoRates:
    """The rate table; each day's view of it is kept for an hour per process."""

    def __init__(self, table: str | Table) -> None:
        self._table = Table(table) if isinstance(table, str) else table
        self._cached: dict[date, tuple[float, list[RateSheet]]] = {}

    def rate(self, base: str, quote: str, on: date) -> Rate:
        return find_rate(self._sheets(on), base, quote)

    def put(self, sheet: RateSheet) -> bool:
        """Keep a sheet; False if it was there already, word for word."""
        p, s = f"F#{sheet.base}", f"{sheet.date}#{sheet.source}"
        found = self._table.get(p, s)
        if found is not None and _sheet(found).quotes == sheet.quotes:
            return False
        quotes = {currency: str(value) for currency, value in sorted(sheet.quotes.items())}
        item: Item = {
            "t": "f",
            "y": SCHEMA,
            "at": sheet.loaded_at,
            "j": json.dumps(quotes, separators=(",", ":")),
        }
        self._table.update(p, s, changes({}, item))
        self._table.update(_BASES, sheet.base, changes({}, {"t": "fb", "y": SCHEMA}))
        self._cached.clear()
        return True

    def _sheets(self, on: date) -> list[RateSheet]:
        read_at, sheets = self._cached.get(on, (float("-inf"), []))
        if time.monotonic() - read_at < CACHE_S:
            return sheets
        sheets = list(self._read(on))
        if sheets:  # an empty table is looked at again: its first rates count at once
            self._cached[on] = (time.monotonic(), sheets)
        while len(self._cached) > CACHED_DAYS:
            del self._cached[next(iter(self._cached))]
        return sheets

    def _read(self, on: date) -> Iterator[RateSheet]:
        not_after = Path("s") < marshal((on + timedelta(days=1)).isoformat())
        for base in self._table.query(_BASES):
            p = f"F#{base['s']!s}"
            found = self._table.query(p, sort=not_after, limit=SHEETS, newest_first=True)
            yield from map(_sheet, found)


class DynamoQuotes:
    """Quotes, beside the payments of their store."""

    def __init__(self, table: str | Table) -> None:
        self._table = Table(table) if isinstance(table, str) else table

    def create(
        self, quote: Quote, idempotency: IdempotencyRecord | None = None
    ) -> IdempotencyRecord | None:
        try:
            if idempotency is None:
                self._table.put(_pack(quote), absent())
            else:
                transaction = self._table.transaction()
                transaction.put(_pack(quote), absent()).put(_key_item(idempotency), absent())
                transaction.commit()
        except ConditionFailed:
            return self._holder(quote, idempotency)
        except StaleVersion:  # a conflict with another first try: the id or the key is being taken
            return self.create(quote, idempotency)
        return None

    def get(self, sid: str, trans_id: str) -> Quote | None:
        item = self._table.get(*key_of(sid, trans_id))
        return _unpack(sid, trans_id, item) if item and item["t"] == "q" else None

    def _holder(
        self, quote: Quote, idempotency: IdempotencyRecord | None
    ) -> IdempotencyRecord | None:
        """What the key stands for; None if this very request holds the id."""
        held = self._table.get(*key_of(quote.sid, quote.trans_id))
        if held is not None and held.get("n") == quote.nonce:
            return None
        if idempotency is not None:
            known = self._table.get(*_key_of(idempotency))
            if known is not None:
                return IdempotencyRecord(
                    quote.sid, idempotency.key, str(known["id"]), str(known["fp"])
                )
        raise DuplicateTransaction(field="merchantTransInfo.merchantTransID")


def _sheet(item: Mapping[str, Value]) -> RateSheet:
    day, _, source = str(item["s"]).partition("#")
    quotes = json.loads(str(item["j"]))
    return RateSheet(
        base=str(item["p"]).partition("#")[2],
        date=date.fromisoformat(day),
        source=source,
        quotes={currency: Decimal(value) for currency, value in quotes.items()},
        loaded_at=int(item["at"]),
    )


def _pack(quote: Quote) -> Item:
    p, s = key_of(quote.sid, quote.trans_id)
    item: Item = {
        "p": p,
        "s": s,
        "t": "q",
        "y": SCHEMA,
        "n": quote.nonce,
        "tt": quote.trans_time,
        "at": quote.created_at,
        "ex": quote.expires_at,
        "a": quote.amount.minor,
        "c": quote.amount.currency,
        "la": quote.local.minor,
        "lc": quote.local.currency,
        "fx": f"{quote.rate.text}|{quote.rate.date}|{quote.rate.source}",
    }
    return item if quote.metadata is None else item | {"md": quote.metadata}


def _unpack(sid: str, trans_id: str, item: Mapping[str, Value]) -> Quote:
    amount = Money(int(item["a"]), str(item["c"]))
    local = Money(int(item["la"]), str(item["lc"]))
    value, day, source = str(item["fx"]).split("|")
    return Quote(
        sid=sid,
        trans_id=trans_id,
        trans_time=str(item["tt"]),
        local=local,
        amount=amount,
        rate=Rate(local.currency, amount.currency, Decimal(value), date.fromisoformat(day), source),
        created_at=int(item["at"]),
        expires_at=int(item["ex"]),
        nonce=str(item["n"]),
        metadata=str(item["md"]) if "md" in item else None,
    )


def _key_of(record: IdempotencyRecord) -> tuple[str, str]:
    return f"I#{record.sid}#{record.key}", "I"


def _key_item(record: IdempotencyRecord) -> Item:
    """As payments write it: a store's keys are one space, whatever they stand for."""
    p, s = _key_of(record)
    return {"p": p, "s": s, "t": "i", "y": SCHEMA, "id": record.trans_id, "fp": record.fingerprint}

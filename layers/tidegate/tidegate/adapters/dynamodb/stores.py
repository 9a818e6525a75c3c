"""``StoreDirectory`` on DynamoDB: a document per store, its secrets sealed by KMS beside it,
remembered for as long as its readers allow."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict

from tidegate.adapters.dynamodb.store_document import read_store, write_store
from tidegate.adapters.dynamodb.table import (
    SCHEMA,
    ConditionFailed,
    Item,
    Table,
    absent,
    changes,
    equals,
)
from tidegate.adapters.kms import Sealer
from tidegate.domain.errors import StaleVersion, StoreUnknown
from tidegate.domain.store import PayoutAccount, SignKey, Store

REMEMBERED_S = 60.0


class DynamoStores:
    """Stores, with their secrets opened once per change and process."""

    def __init__(self, table: str | Table, key_id: str) -> None:
        self._table = Table(table) if isinstance(table, str) else table
        self._sealer = Sealer(key_id)
        self._cached: dict[str, tuple[float, Store]] = {}

    def get(self, sid: str, *, max_age_s: float = REMEMBERED_S) -> Store:
        read_at, store = self._cached.get(sid, (float("-inf"), None))
        if store is not None and time.monotonic() - read_at < max_age_s:
            return store
        # Who was content with a minute's age needs nothing of this very moment.
        exact = store is None or max_age_s < REMEMBERED_S
        item = self._table.get(f"S#{sid}", "S", consistent=exact)
        if item is None:
            raise StoreUnknown(f"there is no store {sid}"[:60], field="sid")
        if store is None or int(str(item["v"])) > store.version:  # each version is sealed anew
            store = self._open(sid, item)
        self._cached[sid] = (time.monotonic(), store)
        return store

    def put(self, store: Store) -> None:
        secrets = {
            "signKeys": [asdict(key) for key in store.sign_keys],
            "payout": asdict(store.payout_account),
        }
        item: Item = {
            "p": f"S#{store.sid}",
            "s": "S",
            "t": "s",
            "y": SCHEMA,
            "v": store.version,
            "j": json.dumps(write_store(store), separators=(",", ":"), ensure_ascii=False),
            "z": self._sealer.seal(json.dumps(secrets), {"sid": store.sid}),
        }
        transaction = self._table.transaction()
        if store.version == 1:
            transaction.put(item, absent())
            transaction.put({"p": "SS", "s": store.sid, "t": "d", "y": SCHEMA}, absent())
        else:
            before = self._table.get(str(item["p"]), "S") or {}
            newest = equals("v", store.version - 1)
            transaction.update(str(item["p"]), "S", changes(before, item), newest)
        try:
            transaction.commit()
        except ConditionFailed:
            raise StaleVersion(f"store {store.sid} was changed by somebody else") from None
        self._cached.pop(store.sid, None)

    def all_sids(self) -> Iterator[str]:
        for item in self._table.query("SS"):
            yield str(item["s"])

    def _open(self, sid: str, item: Item) -> Store:
        secrets = json.loads(self._sealer.unseal(_bytes(item["z"]), {"sid": sid}))
        return read_store(
            json.loads(str(item["j"])),
            tuple(SignKey(**key) for key in secrets["signKeys"]),
            PayoutAccount(**secrets["payout"]),
        )


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("a sealed attribute holds bytes")
    return value

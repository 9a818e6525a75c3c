"""``PaymentStore`` on DynamoDB: each method one request, each change conditioned on the version
it was decided on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pynamodb.expressions.condition import Condition

from tidegate.adapters.dynamodb.records import SHARDS, key_of, pack, unpack
from tidegate.adapters.dynamodb.table import (
    DUE_INDEX,
    SCHEMA,
    ConditionFailed,
    Item,
    Table,
    absent,
    at_least,
    at_most,
    changes,
    equals,
)
from tidegate.domain.errors import StaleVersion
from tidegate.domain.payment import IdempotencyRecord, Payment, PaymentOperation

if TYPE_CHECKING:
    from tidegate.ports import Found, Record


class DynamoPayments:
    """Payments and operations in the single table."""

    def __init__(self, table: str | Table) -> None:
        self._table = Table(table) if isinstance(table, str) else table

    def get(self, sid: str, trans_id: str) -> Found | None:
        item = self._table.get(*key_of(sid, trans_id))
        return unpack(item) if item else None

    def create(
        self, payment: Payment, idempotency: IdempotencyRecord | None = None
    ) -> Found | IdempotencyRecord | None:
        try:
            if idempotency is None:
                self._table.put(pack(payment), absent())
            else:
                transaction = self._table.transaction()
                transaction.put(pack(payment), absent()).put(_key_item(idempotency), absent())
                transaction.commit()
        except ConditionFailed:
            return self._holder(payment, idempotency)
        except StaleVersion:  # a conflict with another first try: the id or the key is being taken
            return self._holder(payment, idempotency) or self.create(payment, idempotency)
        return None

    def update(self, before: Payment, after: Payment) -> None:
        self._change(before, after)

    def update_operation(self, before: PaymentOperation, after: PaymentOperation) -> None:
        self._change(before, after)

    def begin(
        self,
        before: Payment,
        after: Payment,
        operation: PaymentOperation,
        idempotency: IdempotencyRecord | None = None,
    ) -> Found | IdempotencyRecord | None:
        transaction = self._table.transaction().put(pack(operation), absent())
        if idempotency is not None:
            transaction.put(_key_item(idempotency), absent())
        p, s = key_of(before.sid, before.trans_id)
        transaction.update(p, s, changes(pack(before), pack(after)), _guard(before, after))
        try:
            transaction.commit()
        except ConditionFailed:
            held = self.get(operation.sid, operation.trans_id)
            if held is not None and held.nonce == operation.nonce:
                return None  # our own earlier try had succeeded
            holder = self._holder(operation, idempotency)
            if holder is None:
                raise StaleVersion from None
            return holder
        return None

    def conclude(
        self,
        before: Payment,
        after: Payment,
        op_before: PaymentOperation,
        op_after: PaymentOperation,
    ) -> None:
        transaction = self._table.transaction()
        for old, new in ((op_before, op_after), (before, after)):
            p, s = key_of(old.sid, old.trans_id)
            transaction.update(p, s, changes(pack(old), pack(new)), _guard(old, new))
        try:
            transaction.commit()
        except ConditionFailed:
            if self.get(op_after.sid, op_after.trans_id) != op_after:
                raise StaleVersion from None

    def idempotency(self, sid: str, key: str) -> IdempotencyRecord | None:
        item = self._table.get(f"I#{sid}#{key}", "I")
        if item is None:
            return None
        return IdempotencyRecord(sid, key, str(item["id"]), str(item["fp"]))

    def remember(self, record: IdempotencyRecord) -> IdempotencyRecord | None:
        try:
            self._table.put(_key_item(record), absent())
        except ConditionFailed:
            return self.idempotency(record.sid, record.key)
        return None

    def due(self, now: int, limit: int) -> Iterator[tuple[str, str]]:
        for shard in range(SHARDS):
            found = self._table.query(
                f"D{shard}", sort=at_most("d", now), index=DUE_INDEX, limit=max(1, limit // SHARDS)
            )
            for item in found:
                _, sid, trans_id = str(item["p"]).split("#", 2)
                yield sid, trans_id

    def _change(self, before: Record, after: Record) -> None:
        p, s = key_of(before.sid, before.trans_id)
        try:
            self._table.update(p, s, changes(pack(before), pack(after)), _guard(before, after))
        except ConditionFailed:
            # Our own write may have taken effect although its answer was lost: then all is well.
            if self.get(before.sid, before.trans_id) != after:
                raise StaleVersion from None

    def _holder(
        self, record: Record, idempotency: IdempotencyRecord | None
    ) -> Found | IdempotencyRecord | None:
        """What holds the id or the key; None if that is this very request."""
        held = self.get(record.sid, record.trans_id)
        if held is not None and held.nonce == record.nonce:
            return None
        if idempotency is not None:
            known = self.idempotency(idempotency.sid, idempotency.key)
            if known is not None:
                return known
        return held


def _key_item(record: IdempotencyRecord) -> Item:
    return {
        "p": f"I#{record.sid}#{record.key}",
        "s": "I",
        "t": "i",
        "y": SCHEMA,
        "id": record.trans_id,
        "fp": record.fingerprint,
    }


def _guard(before: Record, after: Record) -> Condition:
    """The version, and for what is taken from a remainder, that the remainder still holds it."""
    condition = equals("v", before.version)
    if isinstance(before, Payment) and isinstance(after, Payment):
        taken = before.capturable_minor - after.capturable_minor
        if taken > 0:
            condition &= at_least("ca", taken)
        taken = before.refundable_minor - after.refundable_minor
        if taken > 0:
            condition &= at_least("rf", taken)
    return condition

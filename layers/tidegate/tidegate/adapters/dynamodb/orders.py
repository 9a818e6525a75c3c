"""``Orders`` on DynamoDB."""

from __future__ import annotations

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from tidegate.adapters.dynamodb.fields import Fields, present
from tidegate.adapters.dynamodb.records import key_of
from tidegate.adapters.dynamodb.table import (
    SCHEMA,
    ConditionFailed,
    Item,
    Table,
    absent,
    changes,
    equals,
    marshal,
)
from tidegate.domain.errors import StaleVersion
from tidegate.domain.money import Money
from tidegate.domain.order import DETAILS, Attempt, Order

_TRIES = "A#"
"""Sort keys of the tries at an order for many, beside its own."""


class DynamoOrders:
    """Orders in the single table."""

    def __init__(self, table: str | Table) -> None:
        self._table = Table(table) if isinstance(table, str) else table

    def get(self, sid: str, order_id: str) -> Order | None:
        item = self._table.get(*_key(sid, order_id))
        return _unpack(item) if item else None

    def create(self, order: Order) -> Order | None:
        try:
            self._table.put(_pack(order), absent())
        except ConditionFailed:
            held = self.get(order.sid, order.order_id)
            return None if held == order else held
        return None

    def update(self, before: Order, after: Order) -> None:
        p, s = _key(before.sid, before.order_id)
        try:
            self._table.update(
                p, s, changes(_pack(before), _pack(after)), equals("v", before.version)
            )
        except ConditionFailed:
            if self.get(before.sid, before.order_id) != after:
                raise StaleVersion from None

    def join(self, order: Order, attempt: Attempt, most: int) -> bool:
        p, s = _key(order.sid, order.order_id)
        tries = Path("n")
        open_to_more = Path("cb").does_not_exist() & (
            tries.does_not_exist() | (tries < marshal(most))
        )
        try:
            self._table.update(p, s, [tries.add(marshal(1))], open_to_more)
        except ConditionFailed:
            return False
        # Told apart by time first, so that the newest are found without reading the others.
        sort = f"{_TRIES}{attempt.at:012d}#{attempt.trans_id}"
        self._table.put({"p": p, "s": sort, "t": "ot", "y": SCHEMA})
        return True

    def attempts(self, sid: str, order_id: str, limit: int) -> tuple[Attempt, ...]:
        p, _ = _key(sid, order_id)
        tried = Path("s").startswith(_TRIES)
        found = self._table.query(p, sort=tried, limit=limit, newest_first=True)
        names = [str(item["s"]).removeprefix(_TRIES).partition("#") for item in found]
        return tuple(Attempt(trans_id, int(at)) for at, _, trans_id in reversed(names))

    def close(self, before: Order, after: Order, trans_id: str) -> bool:
        p, s = _key(before.sid, before.order_id)
        request_p, request_s = key_of(before.sid, trans_id)
        request: Item = {
            "p": request_p,
            "s": request_s,
            "t": "l",
            "y": SCHEMA,
            "n": before.secret,
            "of": before.order_id,
        }
        transaction = self._table.transaction().put(request, absent())
        unchanged = equals("v", before.version) & _as_often_tried(before)
        transaction.update(p, s, changes(_pack(before), _pack(after)), unchanged)
        try:
            transaction.commit()
        except ConditionFailed:
            if self.get(before.sid, before.order_id) == after:
                return True  # our own earlier try had succeeded
            if self._table.get(request_p, request_s) is not None:
                return False
            raise StaleVersion from None
        return True


def _as_often_tried(order: Order) -> Condition:
    return equals("n", order.tries) if order.tries else Path("n").does_not_exist()


def _key(sid: str, order_id: str) -> tuple[str, str]:
    return f"O#{sid}#{order_id}", "O"


def _pack(order: Order) -> Item:
    p, s = _key(order.sid, order.order_id)
    item: Item = {"p": p, "s": s, "t": "o", "y": SCHEMA, "v": order.version}
    return item | present(
        a=order.amount.minor,
        c=order.amount.currency,
        ot=order.order_time,
        at=order.created_at,
        ex=order.expires_at,
        se=order.secret,
        mu=1 if order.multiple else None,
        br="|".join(order.brands) or None,
        ru=order.return_url,
        w=order.webhook,
        ur=order.user_reference,
        rp=order.recurring,
        co="|".join(order.collect) or None,
        op=1 if order.opened else None,
        cb=order.closed_by,
        ca=order.closed_at,
        ce=order.closing_evo_id,
        n=order.tries or None,
        tr=" ".join(f"{one.trans_id}:{one.at}" for one in order.attempts) or None,
    )


def _unpack(item: Item) -> Order:
    fields = Fields(item)
    sid, order_id = fields.owner()
    return Order(
        sid=sid,
        order_id=order_id,
        version=fields.number("v"),
        amount=Money(fields.number("a"), fields.text("c")),
        order_time=fields.text("ot"),
        created_at=fields.number("at"),
        expires_at=fields.number("ex"),
        secret=fields.text("se"),
        multiple=bool(fields.number("mu")),
        brands=tuple(name for name in fields.text("br").split("|") if name),
        return_url=fields.maybe("ru"),
        webhook=fields.maybe("w"),
        user_reference=fields.maybe("ur"),
        recurring=fields.maybe("rp"),
        collect=tuple(name for name in DETAILS if name in fields.text("co").split("|")),
        opened=bool(fields.number("op")),
        closed_by=fields.maybe("cb"),
        closed_at=fields.maybe_number("ca"),
        closing_evo_id=fields.maybe("ce"),
        tries=fields.number("n"),
        attempts=tuple(_attempt(one) for one in fields.text("tr").split()),
    )


def _attempt(text: str) -> Attempt:
    trans_id, _, at = text.rpartition(":")
    return Attempt(trans_id, int(at))

"""``RequestCounter`` on DynamoDB: one item a store, which holds its newest window alone."""

from __future__ import annotations

from pynamodb.expressions.operand import Path

from tidegate.adapters.dynamodb.table import SCHEMA, ConditionFailed, Table, equals, marshal


class DynamoRequestCounter:
    """Items ``Q#`` of the single table: ``w`` the window, ``n`` its count."""

    def __init__(self, table: str | Table) -> None:
        self._table = Table(table) if isinstance(table, str) else table

    def take(self, sid: str, window: int, block: int) -> int:
        """See ``services.traffic.RequestCounter``."""
        try:
            item = self._table.update(
                f"Q#{sid}", "Q", [Path("n").add(marshal(block))], equals("w", window)
            )
        except ConditionFailed:
            return self._begin(sid, window, block)
        return int(item["n"])

    def _begin(self, sid: str, window: int, block: int) -> int:
        """The first of a window; whoever's clock is behind joins the newer one."""
        begun = [Path("w").set(marshal(window)), Path("n").set(marshal(block))]
        begun += [Path("t").set(marshal("q")), Path("y").set(marshal(SCHEMA))]
        older = Path("w").does_not_exist() | (Path("w") < marshal(window))
        try:
            item = self._table.update(f"Q#{sid}", "Q", begun, older)
        except ConditionFailed:
            item = self._table.update(f"Q#{sid}", "Q", [Path("n").add(marshal(block))])
        return int(item["n"])

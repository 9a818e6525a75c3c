"""``Sequences``: one ADD leases a thousand numbers to a warm function; what it does not use is
never given again."""

from __future__ import annotations

from threading import Lock

from pynamodb.expressions.operand import Path

from tidegate.adapters.dynamodb.table import Table, marshal

BLOCK = 1_000
STANS = 1_000_000


class LeasedSequences:
    """Numbers per network and acquirer, thread-safe."""

    def __init__(self, table: str | Table) -> None:
        self._table = Table(table) if isinstance(table, str) else table
        self._lock = Lock()
        self._left: dict[tuple[str, str], range] = {}

    def next(self, network: str, acquirer_id: str) -> int:
        with self._lock:
            left = self._left.get((network, acquirer_id)) or self._lease(network, acquirer_id)
            self._left[network, acquirer_id] = left[1:]
            return left[0]

    def _lease(self, network: str, acquirer_id: str) -> range:
        item = self._table.update(
            f"N#{network}#{acquirer_id}", "N", [Path("n").add(marshal(1))], None
        )
        start = (int(item["n"]) - 1) * BLOCK
        # A STAN of 000000 is no STAN: the first block of every million is one number short.
        return range(start + (1 if start % STANS == 0 else 0), start + BLOCK)

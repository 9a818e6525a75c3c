"""A store's statement: CSV (RFC 4180), one line per movement, totals at the end."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from tidegate.domain.ledger import CAPTURE, PAYOUT, REFUND, BatchKey, Movement, Totals
from tidegate.domain.money import Money

COLUMNS = (
    "type",
    "merchantTransID",
    "operationTransID",
    "businessDate",
    "network",
    "currency",
    "gross",
    "fee",
    "net",
)
_TYPES = {CAPTURE: "capture", REFUND: "refund", PAYOUT: "payout"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def statement(key: BatchKey, movements: Iterable[Movement], totals: Totals, carried: int) -> bytes:
    """The file; ``carried`` is what earlier batches left owing (negative), in minor units."""
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for one in movements:
        net = one.signed_minor - one.fee_minor
        rows.writerow(
            [
                _TYPES[one.kind],
                safe(one.trans_id),
                safe(one.operation_trans_id),
                one.day,
                one.network,
                key.currency,
                _value(one.signed_minor, key),
                _value(one.fee_minor, key),
                _value(net, key),
            ]
        )
    blank = [""] * 3
    rows.writerow(["carried forward", key.sid, *blank, key.currency, "", "", _value(carried, key)])
    rows.writerow(
        [
            "total",
            key.sid,
            *blank,
            key.currency,
            _value(totals.captured_minor - totals.refunded_minor, key),
            _value(totals.fees_minor, key),
            _value(totals.net_minor + carried, key),
        ]
    )
    return out.getvalue().encode()


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _value(minor: int, key: BatchKey) -> str:
    return Money(minor, key.currency).value

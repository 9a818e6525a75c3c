"""Rates and quotes in memory."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tidegate.adapters.clock_ids import RandomIds
from tidegate.domain.errors import DuplicateTransaction
from tidegate.domain.fx import Quote, Rate, RateSheet, find_rate
from tidegate.domain.payment import IdempotencyRecord
from tidegate.services.quote_fx_rate import QuoteFxRate
from tidegate.services.use_quote import UseQuote

ONE_DAY = RateSheet(
    base="EUR",
    date=date(2025, 3, 4),
    source="ECB",
    quotes={
        "USD": Decimal("1.1172"),
        "HKD": Decimal("8.7652"),
        "JPY": Decimal("175.68"),
        "KWD": Decimal("0.34273"),
    },
)


class MemoryRates:
    """A rate table in a tuple."""

    def __init__(self, *sheets: RateSheet) -> None:
        self.sheets = sheets
        self.asked: list[date] = []

    def rate(self, base: str, quote: str, on: date) -> Rate:
        self.asked.append(on)
        return find_rate([sheet for sheet in self.sheets if sheet.date <= on], base, quote)


class MemoryQuotes:
    """Quotes in a dict; ``taken`` are ids that something else holds."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Quote] = {}
        self.keys: dict[tuple[str, str], IdempotencyRecord] = {}
        self.taken: set[tuple[str, str]] = set()

    def create(
        self, quote: Quote, idempotency: IdempotencyRecord | None = None
    ) -> IdempotencyRecord | None:
        if idempotency and (idempotency.sid, idempotency.key) in self.keys:
            return self.keys[idempotency.sid, idempotency.key]
        if (quote.sid, quote.trans_id) in {*self.items, *self.taken}:
            raise DuplicateTransaction(field="merchantTransInfo.merchantTransID")
        self.items[quote.sid, quote.trans_id] = quote
        if idempotency:
            self.keys[idempotency.sid, idempotency.key] = idempotency
        return None

    def get(self, sid: str, trans_id: str) -> Quote | None:
        return self.items.get((sid, trans_id))


class Exchange:
    """The use cases over memory, at a time that a test sets; also the clock."""

    def __init__(self, *sheets: RateSheet, at: float = 1_741_079_411) -> None:
        self.at = at
        self.rates = MemoryRates(*sheets)
        self.quotes = MemoryQuotes()
        self.quote = QuoteFxRate(self.rates, self.quotes, self, RandomIds("0"))
        self.use = UseQuote(self.quotes, self)

    def now(self) -> float:
        return self.at

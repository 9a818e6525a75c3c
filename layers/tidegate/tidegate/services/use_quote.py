"""Let a payment use a quote."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.errors import FieldMismatch, RateUnknown, TransactionUnknown
from tidegate.domain.fx import Quote
from tidegate.domain.money import Money
from tidegate.ports import Clock
from tidegate.ports_fx import Quotes


@dataclass(frozen=True, slots=True)
class UseQuote:
    """The use case, over its ports."""

    quotes: Quotes
    clock: Clock

    def __call__(self, sid: str, quote_id: str, amount: Money, local: Money | None) -> Quote:
        """The quote, if it still holds and is of these amounts; ``local`` None is not compared.

        Using it leaves it as it is: several payments may, until it expires.
        Raises TransactionUnknown, RateUnknown (expired), FieldMismatch.
        """
        quote = self.quotes.get(sid, quote_id)
        if quote is None:
            raise TransactionUnknown(field="merchantTransID")
        if self.clock.now() >= quote.expires_at:
            raise RateUnknown("the quote has expired", field="merchantTransID")
        if amount != quote.amount:
            raise FieldMismatch(f"the quote is of {quote.amount}", field="transAmount")
        if local is not None and local != quote.local:
            raise FieldMismatch(f"the quote is for {quote.local}", field="localAmount")
        return quote

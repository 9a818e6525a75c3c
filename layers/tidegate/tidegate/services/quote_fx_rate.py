"""Quote what a price in the merchant's currency costs a payer in another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tidegate.domain.errors import FieldMismatch, InvalidValue, TransactionUnknown
from tidegate.domain.fx import QUOTE_S, Inquiry, Quote, convert
from tidegate.domain.legs import PLATFORM_ZONE
from tidegate.domain.payment import IdempotencyRecord
from tidegate.ports import Clock, Ids
from tidegate.ports_fx import Quotes, Rates


@dataclass(frozen=True, slots=True)
class QuoteFxRate:
    """The use case, over its ports."""

    rates: Rates
    quotes: Quotes
    clock: Clock
    ids: Ids

    def __call__(
        self, sid: str, inquiry: Inquiry, idempotency: IdempotencyRecord | None = None
    ) -> Quote:
        """The quote, at today's rate; under a used Idempotency-Key, the first one.

        Raises RateUnknown, InvalidValue (nothing or too much comes out), DuplicateTransaction,
        FieldMismatch.
        """
        quote = self._quote(sid, inquiry)
        first = self.quotes.create(quote, idempotency)
        return quote if first is None else self._replayed(first, idempotency)

    def _quote(self, sid: str, inquiry: Inquiry) -> Quote:
        now = self.clock.now()
        today = datetime.fromtimestamp(now, PLATFORM_ZONE).date()
        rate = self.rates.rate(inquiry.local.currency, inquiry.currency, today)
        try:
            amount = convert(inquiry.local, rate)
        except InvalidValue as error:
            raise InvalidValue(str(error), field="localAmount.value") from None
        return Quote(
            sid=sid,
            trans_id=inquiry.trans_id,
            trans_time=inquiry.trans_time,
            local=inquiry.local,
            amount=amount,
            rate=rate,
            created_at=int(now),
            expires_at=int(now) + QUOTE_S,
            nonce=self.ids.nonce(),
            metadata=inquiry.metadata,
        )

    def _replayed(self, first: IdempotencyRecord, given: IdempotencyRecord | None) -> Quote:
        if given is None or first.fingerprint != given.fingerprint:
            raise FieldMismatch(
                "this Idempotency-Key was used with a different request", field="Idempotency-Key"
            )
        quote = self.quotes.get(first.sid, first.trans_id)
        if quote is None:
            raise TransactionUnknown
        return quote

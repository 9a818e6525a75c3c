"""POST FXRateInquiry: quote a price in the payer's currency."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses_fx
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import fx
from tidegate.domain.store import Store
from tidegate.runtime import wiring_fx
from tidegate.runtime.merchant_api import endpoint, idempotency
from tidegate.runtime.observability import annotate

quote_fx_rate = wiring_fx.quote_fx_rate()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    inquiry = fx.inquiry(request)
    annotate(quote_id=inquiry.trans_id)
    key = idempotency(request, store, inquiry.trans_id)
    return responses_fx.quoted(quote_fx_rate(store.sid, inquiry, key))

"""GET FXRateInquiry: the daily rate of a pair."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses_fx
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import fx
from tidegate.domain.store import Store
from tidegate.runtime import wiring_fx
from tidegate.runtime.merchant_api import endpoint, today

rates = wiring_fx.rates()


@endpoint
def handler(request: Request, _store: Store) -> dict[str, Any]:
    """The answer's body."""
    base, quote = fx.pair(request)
    return responses_fx.daily(rates.rate(base, quote, today()))

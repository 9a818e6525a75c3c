"""GET payout: by its own id."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses_tokens
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import requests
from tidegate.domain.store import Store
from tidegate.domain.transitions import Operation
from tidegate.runtime import bootstrap
from tidegate.runtime.merchant_api import endpoint

PAYOUTS = frozenset({Operation.PAYOUT})

query = bootstrap.query()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    payment = query.payment(store.sid, requests.transaction_id(request), PAYOUTS)
    return responses_tokens.payout_answer(payment, found=True)

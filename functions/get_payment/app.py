"""GET payment: as it stands, with what its payer has still to do."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import requests
from tidegate.domain.store import Store
from tidegate.runtime import bootstrap
from tidegate.runtime.merchant_api import endpoint
from tidegate.runtime.observability import annotate

query = bootstrap.query()
action_of = bootstrap.payer_action()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    trans_id = requests.transaction_id(request)
    annotate(payment_id=trans_id)
    payment = query.payment(store.sid, trans_id)
    return responses.found(payment, action_of(payment))

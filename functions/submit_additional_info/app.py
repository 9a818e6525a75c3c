"""PUT payment: go on with an authentication that the merchant's own page runs."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import requests
from tidegate.domain.payment import PAYMENTS
from tidegate.domain.store import Store
from tidegate.runtime import bootstrap
from tidegate.runtime.merchant_api import endpoint, idempotency
from tidegate.runtime.observability import annotate

submit = bootstrap.submit_additional_info()
action_of = bootstrap.payer_action()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    trans_id = requests.transaction_id(request)
    annotate(payment_id=trans_id)
    info = requests.additional_info(request)
    key = idempotency(request, store, trans_id)
    payment = submit(store.sid, trans_id, PAYMENTS, info, key)
    body = responses.created(payment, action_of(payment))
    return body | ({"metadata": info.metadata} if info.metadata else {})

"""POST payment: take a card payment."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import requests
from tidegate.domain.store import Store
from tidegate.runtime import bootstrap
from tidegate.runtime.merchant_api import endpoint, idempotency, today
from tidegate.runtime.observability import annotate

create_payment = bootstrap.create_payment()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    command = requests.create_payment(request, today())
    annotate(payment_id=command.trans_id)
    payment = create_payment(store, command, idempotency(request, store, command.trans_id))
    annotate(network=payment.leg.network)
    return responses.created(payment)

"""POST cancelOrRefund: undo, whatever the payment's state."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import requests
from tidegate.domain.store import Store
from tidegate.runtime import bootstrap
from tidegate.runtime.merchant_api import endpoint, idempotency
from tidegate.runtime.observability import annotate

cancel_or_refund = bootstrap.cancel_or_refund()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    command = requests.change_payment(request)
    annotate(payment_id=command.payment_trans_id)
    change = cancel_or_refund(store, command, idempotency(request, store, command.trans_id))
    annotate(network=change.payment.leg.network)
    return responses.changed(change)

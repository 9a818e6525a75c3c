"""POST payment: take a payment by card, token or wallet."""

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
action_of = bootstrap.payer_action()
decrypt = bootstrap.later(bootstrap.card_decryption)


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    command = requests.create_payment(request, today(), decrypt)
    annotate(payment_id=command.trans_id)
    step = create_payment(store, command, idempotency(request, store, command.trans_id))
    annotate(network=step.payment.leg.network)
    return responses.created(step.payment, step.action or action_of(step.payment))

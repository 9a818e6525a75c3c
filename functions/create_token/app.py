"""POST paymentMethod: check a card and keep it under tokens."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses_tokens
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import tokens
from tidegate.domain.store import Store
from tidegate.runtime import bootstrap
from tidegate.runtime.merchant_api import endpoint, idempotency, today
from tidegate.runtime.observability import annotate

create_payment = bootstrap.create_payment()
card_tokens = bootstrap.card_tokens()
action_of = bootstrap.payer_action()
decrypt = bootstrap.card_decryption()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    command = tokens.tokenize(request, store, today(), decrypt)
    annotate(payment_id=command.trans_id)
    step = create_payment(store, command, idempotency(request, store, command.trans_id))
    action = step.action or action_of(step.payment)
    return responses_tokens.tokenized(card_tokens.outcome(step.payment), action)

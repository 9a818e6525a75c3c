"""POST cryptogram: a network token's cryptogram, good for one payment."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses_tokens
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import tokens
from tidegate.domain.store import Store
from tidegate.runtime import bootstrap
from tidegate.runtime.merchant_api import endpoint, idempotency
from tidegate.runtime.observability import annotate

card_tokens = bootstrap.card_tokens()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    command = tokens.cryptogram(request)
    annotate(payment_id=command.trans_id)
    key = idempotency(request, store, command.trans_id)
    return responses_tokens.cryptogram_answer(card_tokens.cryptogram(store, command, key))

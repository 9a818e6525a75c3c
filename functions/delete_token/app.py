"""DELETE paymentMethod: end a gateway or network token for good."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses_tokens
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import tokens
from tidegate.domain.store import Store
from tidegate.runtime import bootstrap
from tidegate.runtime.merchant_api import endpoint, idempotency

card_tokens = bootstrap.card_tokens()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    token, network_only = tokens.token_to_delete(request)
    key = idempotency(request, store, "")
    card_tokens.delete(store.sid, token, key, network_only=network_only)
    return responses_tokens.done()

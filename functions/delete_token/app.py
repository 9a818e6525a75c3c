"""DELETE paymentMethod: end a gateway or network token for good."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses_tokens
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import tokens
from tidegate.domain.store import Store
from tidegate.runtime import bootstrap
from tidegate.runtime.merchant_api import endpoint

card_tokens = bootstrap.card_tokens()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    token, field = tokens.token_to_delete(request)
    card_tokens.delete(store.sid, token, field)
    return responses_tokens.done()

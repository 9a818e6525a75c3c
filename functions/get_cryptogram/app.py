"""GET cryptogram: by its own id."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses_tokens
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import requests
from tidegate.domain.store import Store
from tidegate.runtime import bootstrap
from tidegate.runtime.merchant_api import endpoint

card_tokens = bootstrap.card_tokens()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    made = card_tokens.known_cryptogram(store.sid, requests.transaction_id(request))
    return responses_tokens.cryptogram_answer(made)

"""GET paymentMethod: a tokenization, a customer's tokens, or the brands that the store takes."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses_tokens
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import brands, requests
from tidegate.domain.store import Store
from tidegate.runtime import bootstrap
from tidegate.runtime.merchant_api import endpoint
from tidegate.services.list_brands import brands_of

card_tokens = bootstrap.card_tokens()
action_of = bootstrap.payer_action()
images_url = bootstrap.images_url()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body. A token goes before a customer, a customer before a tokenization."""
    if request.parameter("token"):
        token = requests.query_text(request, "token", 64)
        return responses_tokens.cards([card_tokens.of_token(store.sid, token)])
    if request.parameter("userReference"):
        reference = requests.query_text(request, "userReference", 64)
        return responses_tokens.cards(card_tokens.of_user(store.sid, reference))
    if request.parameter("merchantTransID"):
        made = card_tokens.tokenization(store.sid, requests.transaction_id(request))
        return responses_tokens.found_tokenization(made, action_of(made.payment))
    return responses_tokens.brands(brands_of(store, brands.wanted(request)), images_url)

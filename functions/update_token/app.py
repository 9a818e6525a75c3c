"""PUT paymentMethod: go on with a tokenization, or change a card on file."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses_tokens
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import requests, tokens
from tidegate.domain.store import Store
from tidegate.runtime import bootstrap
from tidegate.runtime.merchant_api import endpoint, idempotency, today
from tidegate.services.card_tokens import TOKENIZATIONS

submit = bootstrap.submit_additional_info()
card_tokens = bootstrap.card_tokens()
action_of = bootstrap.payer_action()
decrypt = bootstrap.card_decryption()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    if request.parameter("token"):
        token = requests.query_text(request, "token", 64)
        change = tokens.change_token(request, today(), decrypt)
        key = idempotency(request, store, "")
        return responses_tokens.changed_card(card_tokens.change(store.sid, token, change, key))
    trans_id = requests.transaction_id(request)
    info = requests.additional_info(request)
    key = idempotency(request, store, trans_id)
    payment = submit(store.sid, trans_id, TOKENIZATIONS, info, key)
    body = responses_tokens.tokenized(card_tokens.outcome(payment), action_of(payment))
    return body | ({"metadata": info.metadata} if info.metadata else {})

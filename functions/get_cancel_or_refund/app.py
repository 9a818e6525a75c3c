"""GET cancelOrRefund: by its own id or its payment's."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud import responses
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import requests
from tidegate.domain.store import Store
from tidegate.domain.transitions import Operation
from tidegate.runtime import bootstrap
from tidegate.runtime.merchant_api import endpoint
from tidegate.runtime.observability import annotate

KINDS = (Operation.CANCEL, Operation.REFUND)

query = bootstrap.query()


@endpoint
def handler(request: Request, store: Store) -> dict[str, Any]:
    """The answer's body."""
    trans_id = requests.transaction_id(request)
    change = query.operation(store.sid, trans_id, KINDS)
    annotate(payment_id=change.payment.trans_id)
    return responses.found_operation(change)

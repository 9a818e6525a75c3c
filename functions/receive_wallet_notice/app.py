"""POST wallets/{network}/{sid}/{transId}: a wallet tells what became of an order."""

from __future__ import annotations

from typing import Any

from tidegate.api.evocloud.request import Request
from tidegate.runtime import bootstrap
from tidegate.runtime.observability import annotate
from tidegate.runtime.payer_pages import payer_endpoint
from tidegate.services.take_notice import TakeNotice

take_notice = TakeNotice(bootstrap.wallets(), bootstrap.payments(), bootstrap.await_payer())


@payer_endpoint
def handler(request: Request) -> dict[str, Any]:
    """Taken once its signature holds; a repetition changes nothing."""
    where = request.path_parameters
    annotate(payment_id=where["transId"], sid=where["sid"], network=where["network"])
    headers, body = take_notice(
        where["network"], where["sid"], where["transId"], request.path, request.headers, request.raw
    )
    return {"statusCode": 200, "headers": headers, "body": body.decode(), "isBase64Encoded": False}

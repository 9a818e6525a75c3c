"""Drives LinkPay through CardInfoLink's Python SDK: ``sdk.py create|query|refund|refund-query …``.

Prints what the SDK made of the answer, as one JSON object.
"""

import dataclasses
import enum
import json
import os
import sys
from datetime import UTC, datetime

from evocloud_sdk.client import EVOCloudClient
from evocloud_sdk.common import APIException
from evocloud_sdk.linkpay.model import (
    LinkPayOrderRequest,
    LinkPayRefundRequest,
    MerchantOrderInfo,
    RefundReason,
    TransAmount,
)


def main(action, *arguments):
    client = EVOCloudClient(
        base_url=os.environ["EVOCLOUD_BASE_URL"],
        sid=os.environ["EVOCLOUD_SID"],
        sign_key=os.environ["EVOCLOUD_SIGN_KEY"],
    ).linkpay
    now = datetime.now(UTC).isoformat()
    if action == "create":
        order_id, value = arguments
        return client.create_linkpay_order(
            LinkPayOrderRequest(
                merchant_order_info=MerchantOrderInfo(
                    merchant_order_id=order_id, merchant_order_time=now
                ),
                trans_amount=TransAmount(currency="HKD", value=value),
                return_url="https://shop.example/done",
                valid_time=30,
            )
        )
    if action == "query":
        return client.get_linkpay_order(*arguments)
    if action == "refund":
        order_id, refund_id, value = arguments
        request = LinkPayRefundRequest(
            merchant_trans_id=refund_id,
            merchant_trans_time=now,
            refund_amount=TransAmount(currency="HKD", value=value),
            reason=RefundReason.REQUESTED_BY_CUSTOMER,
            description="one item returned",
        )
        return client.create_linkpay_refund(order_id, request)
    return client.get_linkpay_refund(*arguments)


def plain(value):
    if isinstance(value, enum.Enum):  # first: some of the SDK's are marked as dataclasses too
        return value.value
    if dataclasses.is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value if isinstance(value, (str, int, float, bool, dict, type(None))) else vars(value)


if __name__ == "__main__":
    try:
        print(json.dumps(plain(main(*sys.argv[1:])), default=str))
    except APIException as error:
        print(json.dumps({"error": str(error)}))

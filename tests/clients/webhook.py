"""Reads a notification with the Python SDK's own helper: ``webhook.py SIGN_KEY < notice.json``.

The notice is ``{"headers": {…}, "body": "…"}``; prints what the helper made of it, as JSON.
"""

import json
import sys

from evocloud_sdk.linkpay.webhook import (
    LinkPayWebhookHandler,
    parse_webhook_headers,
    validate_webhook_timestamp,
)

PAYMENT = ("merchant_order_id", "order_status", "event_id")
REFUND = ("refund_id", "merchant_trans_id", "original_merchant_order_id", "refund_status")


def main(sign_key):
    notice = json.load(sys.stdin)
    headers = parse_webhook_headers(notice["headers"])
    handler = LinkPayWebhookHandler(sign_key)
    seen = {}

    def keep(names):
        return lambda data: seen.update({name: getattr(data, name) for name in names})

    for outcome in ("success", "failed", "pending", "cancelled"):
        handler.register_payment_handler(f"payment.{outcome}", keep(PAYMENT))
        handler.register_refund_handler(f"refund.{outcome}", keep(REFUND))
    handled = handler.handle_webhook(notice["body"], headers["signature"], headers["timestamp"])
    return {
        **seen,
        "handled": handled["status"],
        "in_time": validate_webhook_timestamp(headers["timestamp"]),
        "event_type": headers["event_type"],
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:]), default=lambda one: one.value))

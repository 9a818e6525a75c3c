"""A page that hands the browser on: one form to somebody else's address, sent by itself."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; "
    "form-action https: {also}; frame-ancestors *"
)
"""Merchants put these pages into frames of their own; the form goes to an issuer's address."""


def form_page(url: str, fields: Mapping[str, str], *, plain_http: bool) -> dict[str, Any]:
    """The page as API Gateway takes it; ``plain_http`` lets the form go to http, for the local
    stage. Without fields there is nothing to send and the page is empty."""
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    form = (
        f'<form id="handoff" method="post" action="{escape(url)}">{inputs}'
        '<button type="submit" id="submitBtn">Continue</button></form>'
        '<script src="../../pay/assets/handoff.js"></script>'
        if fields
        else ""
    )
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>Authentication</title><link rel="stylesheet" href="../../pay/assets/page.css">'
        f"</head><body><main>{form}</main></body></html>"
    )
    return {
        "statusCode": 200,
        "headers": {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": SECURITY.format(also="http:" if plain_http else ""),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
        "body": body,
        "isBase64Encoded": False,
    }

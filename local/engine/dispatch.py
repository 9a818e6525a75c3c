"""Requests for DynamoDB go straight to it; of the requests that a payment causes they are most.

MiniStack first asks of every request whether it is one of forty special cases (virtual hosts of
S3, load balancers, other services' paths). A POST to `/` with DynamoDB's target is none of them.
An update copies its item four times; what is plain JSON and bytes is copied by `marshal`, ten times
faster.
"""

import copy
import marshal
import types
import uuid
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

from ministack import app
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.core.router import extract_access_key_id, extract_region
from ministack.services import dynamodb

TARGET = "DynamoDB_20120810."

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def install() -> None:
    """Take DynamoDB's requests out before anything else looks at them."""
    app.app = _in_front_of(app.app)
    dynamodb.copy = types.SimpleNamespace(**{**vars(copy), "deepcopy": _copied})


def _copied(value: Any) -> Any:
    try:
        return marshal.loads(marshal.dumps(value))  # noqa: S302  written a moment ago, by us
    except ValueError:  # a type of MiniStack's own
        return copy.deepcopy(value)


def _in_front_of(others: App) -> App:
    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == "/":
            headers = {
                key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
            }
            target = headers.get("x-amz-target", "")
            if target.startswith(TARGET) and "content-encoding" not in headers:
                await _answer(headers, receive, send)
                return
        await others(scope, receive, send)

    return application


async def _answer(headers: dict[str, str], receive: Any, send: Any) -> None:
    async with app._get_reset_lock():  # no request sees a state that is half reset
        pass
    set_request_account_id(extract_access_key_id(headers, {}))
    set_request_region(extract_region(headers, {}))
    body = await _body(receive)
    if body is None:
        return
    status, answered, content = await dynamodb.handle_request("POST", "/", headers, body, {})
    given = [
        *((name, str(value)) for name, value in answered.items()),
        ("x-amzn-requestid", str(uuid.uuid4())),
        ("date", formatdate(usegmt=True)),
        ("content-length", str(len(content))),
    ]
    start = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": content})


async def _body(receive: Any) -> bytes | None:
    """The whole body; None if its sender is gone."""
    chunks = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)

"""From an API Gateway event to an answer for a payer's browser: nobody is signed in here, what is
asked for is known by an address that cannot be guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.result_codes import message_of
from tidegate.api.page import json_answer
from tidegate.domain.errors import OrderUnknown, TidegateError, TransactionUnknown
from tidegate.runtime import audit
from tidegate.runtime.observability import instrument, log

Answer = dict[str, Any]
Operation = Callable[[Request], Answer]
Handler = Callable[[dict[str, Any], object], Answer]
NOT_FOUND = (OrderUnknown, TransactionUnknown)


def payer_endpoint(operation: Operation) -> Handler:
    """A Lambda handler; ``operation`` gives the whole answer. What an address does not lead to is
    404, other refusals are 400 with their code, our own faults 500."""

    @instrument
    def handler(event: dict[str, Any], _context: object) -> Answer:
        try:
            return operation(Request.of(event))
        except TidegateError as error:
            audit.refused(error, event)
            return _refused(error.code, _status_of(error))
        except Exception:  # noqa: BLE001  the payer gets E0000, the log the rest
            log.exception("failed")
            return _refused("E0000", 500)

    return handler


def redirect(address: str) -> Answer:
    """Send the browser on with a GET."""
    headers = {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return {"statusCode": 303, "headers": headers, "body": "", "isBase64Encoded": False}


def _status_of(error: TidegateError) -> int:
    if isinstance(error, NOT_FOUND):
        return 404
    return 500 if error.code.startswith("E") else 400


def _refused(code: str, status: int) -> Answer:
    return json_answer({"result": {"code": code, "message": message_of(code)}}, status)

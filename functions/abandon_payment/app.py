"""Payment workflow: give up a payment for which no route reached a host."""

from __future__ import annotations

from typing import Any

from tidegate.domain.declines import UNREACHED
from tidegate.runtime import bootstrap
from tidegate.runtime.observability import annotate, instrument

fail_payment = bootstrap.fail_payment()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Input: the workflow's."""
    annotate(payment_id=event["transId"], sid=event["sid"])
    return fail_payment(event["sid"], event["transId"], code=UNREACHED).write()

"""Payment workflow: take back what may or may not have been booked."""

from __future__ import annotations

from typing import Any

from tidegate.runtime import bootstrap
from tidegate.runtime.observability import annotate, instrument

reverse_payment = bootstrap.reverse_payment()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Input: the workflow's."""
    annotate(payment_id=event["transId"], sid=event["sid"])
    return reverse_payment(event["sid"], event["transId"], deadline=event["deadline"]).write()

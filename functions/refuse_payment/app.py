"""Payment workflow: refuse what the store's own risk limits refuse; no network is asked."""

from __future__ import annotations

from typing import Any

from tidegate.domain.declines import REFUSED_BY_RISK
from tidegate.runtime import bootstrap
from tidegate.runtime.observability import annotate, instrument

fail_payment = bootstrap.fail_payment()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Input: the workflow's."""
    annotate(payment_id=event["transId"], sid=event["sid"])
    return fail_payment(event["sid"], event["transId"], code=REFUSED_BY_RISK).write()

"""Payment workflow: ask the network. NotSent is for the state machine to catch."""

from __future__ import annotations

from typing import Any

from tidegate.runtime import bootstrap
from tidegate.runtime.observability import annotate, instrument

authorize_payment = bootstrap.authorize_payment()


@instrument
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Input: the workflow's, plus ``route``, the index of the route to take."""
    annotate(payment_id=event["transId"], sid=event["sid"])
    result = authorize_payment(
        event["sid"],
        event["transId"],
        route=int(event["route"]),
        sealed_secrets=event["sealedSecrets"],
        deadline=event["deadline"],
    )
    return result.write()

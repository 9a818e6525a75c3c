"""Task of the notices workflow: try what a merchant has not acknowledged of one payment."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tidegate.runtime import bootstrap, wiring_notices
from tidegate.runtime.observability import annotate, count, instrument, log

SPARE_S = 15  # what one more try may take

redeliver_notice = wiring_notices.redeliver_notice()


@instrument
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Whether all is told or all is parked, and if neither, how long to wait."""
    annotate(payment_id=event["transId"], sid=event["sid"])
    until = bootstrap.clock().now() + context.get_remaining_time_in_millis() / 1000 - SPARE_S
    came_of = redeliver_notice(event["sid"], event["transId"], event["run"], until)
    log.info("redelivered", extra=asdict(came_of))
    if came_of.gone:
        log.warning("notices dropped: no longer in the history", extra={"gone": came_of.gone})
    if came_of.failed:
        count("WebhookNotAccepted", len(came_of.failed))
    if came_of.parked:
        count("NoticesParked", len(came_of.parked))
    return {
        "done": came_of.wait_s is None,
        "waitS": came_of.wait_s or 0,
        "parked": bool(came_of.parked),
    }

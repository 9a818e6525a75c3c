"""The operator's ``notices`` commands: what merchants have not acknowledged, and sending it
again."""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Mapping
from typing import Any, Protocol

from tidegate.adapters.clock_ids import SystemClock
from tidegate.adapters.dynamodb.outstanding_notices import DynamoOutstandingNotices
from tidegate.adapters.dynamodb.payments import DynamoPayments
from tidegate.adapters.notices import StandardRedelivery
from tidegate.ports_notices import Backlog
from tidegate.services.notice_backlog import is_lost
from tidegate.services.outstanding_notices import Outstanding

WORKFLOW = "NOTICES_STATE_MACHINE_ARN"


class Named(Protocol):
    """Whatever knows the stack's names."""

    @property
    def names(self) -> Mapping[str, str]: ...


def add_commands(areas: Any) -> None:
    """The commands, below the operator's parser."""
    notices = areas.add_parser("notices").add_subparsers(required=True)
    listing = notices.add_parser("list", help=list_outstanding.__doc__)
    listing.add_argument("sid")
    listing.add_argument("--parked", action="store_true", help="only what is tried no more")
    listing.set_defaults(run=list_outstanding)
    again = notices.add_parser("redeliver", help=redeliver.__doc__)
    again.add_argument("sid")
    again.add_argument("trans_id", nargs="?", help="merchantTransID of the payment")
    again.add_argument("--sequence", type=int, help="only this notice; needs a payment")
    again.set_defaults(run=redeliver)


def list_outstanding(desk: Named, options: argparse.Namespace) -> dict[str, Any]:
    """Payments of a store with notices that are not acknowledged, parked ones first."""
    now = int(time.time())
    backlogs = DynamoOutstandingNotices(desk.names["TABLE_NAME"])
    found = backlogs.of_store(options.sid)
    return {"notices": [_shown(one, now) for one in found if one.parked or not options.parked]}


def redeliver(desk: Named, options: argparse.Namespace) -> dict[str, Any]:
    """Send a payment's notices again, acknowledged or not; without a payment, all that the store
    has parked or whose workflow failed."""
    if options.sequence is not None and options.trans_id is None:
        raise KeyError("a sequence belongs to a payment: name it")
    table = desk.names["TABLE_NAME"]
    outstanding = Outstanding(
        DynamoPayments(table),
        DynamoOutstandingNotices(table),
        StandardRedelivery(desk.names[WORKFLOW]),
        SystemClock(),
        random.random,
    )
    if options.trans_id is None:
        taken_up = outstanding.all_again(options.sid)
    else:
        taken_up = [outstanding.again(options.sid, options.trans_id, options.sequence)]
    now = int(time.time())
    return {"notices": [_shown(one, now) for one in taken_up]}


def _shown(backlog: Backlog, now: int) -> dict[str, Any]:
    lost = is_lost(backlog, now)
    first = backlog.waiting[0]
    return {
        "transID": backlog.trans_id,
        "sequences": [one.sequence for one in backlog.waiting],
        "status": "parked" if backlog.parked else "lost" if lost else "waiting",
        "tries": first.tries,
        "hoursSinceFirstTry": round((now - first.since) / 3600, 1),
        "nextTryInS": None if backlog.parked or lost else max(0, backlog.wakes_at - now),
    }

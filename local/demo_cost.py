"""What the demo's story would have cost on AWS, counted by the engine while it was told."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from collections.abc import Iterator

from local.evidence import log_groups
from local.meter.prices import Prices
from local.meter.tally import Tally
from local.stack import Stack

PLATFORM = ("START RequestId", "END RequestId", "REPORT RequestId")
"""Lambda's own lines, which the template's log level leaves out on AWS."""
FUNCTION_LOGS = "/tidegate/"


def tally_of(stack: Stack) -> Tally:
    """Everything since the stack was started, log bytes included."""
    with urllib.request.urlopen(f"{stack.endpoint_url}/_tidegate/meter") as response:
        told = json.load(response)
    tally = Tally(Counter(told["billed"]), Counter(told["calls"]))
    for line in _logged(stack):
        tally.lines(line)
    return tally


def bill(stack: Stack) -> Iterator[str]:
    """Lines for a reader: what was counted, and its price by the list."""
    prices, tally = Prices.read(), tally_of(stack)
    for name, dollars in prices.lines(tally).items():
        amount = tally.billed[name]
        number = f"{amount:,.2f}" if amount % 1 else f"{amount:,.0f}"
        yield f"   {name:<30}{number:>12}   ${dollars:.6f}"
    total = prices.dollars(tally)
    yield f"   by the prices of {prices.as_of}, {prices.region}: ${total:.6f} for all of it"
    yield f"   requests of functions to AWS: {tally.calls.total():,.0f}, to KMS {_kms(tally)}"


def _kms(tally: Tally) -> int:
    return sum(count for name, count in tally.calls.items() if name.startswith("kms "))


def _logged(stack: Stack) -> Iterator[str]:
    client = stack.client("logs")
    for group in log_groups(client):
        if not group.startswith(FUNCTION_LOGS):
            continue
        pages = client.get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=group):
            for event in page["events"]:
                if not event["message"].startswith(PLATFORM):
                    yield event["message"]

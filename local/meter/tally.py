"""A count of what is billed, by the names that stand in the price list."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

API, WAF = "API Gateway requests (REST)", "WAF requests"
INVOCATIONS, GB_S = "Lambda requests", "Lambda GB-seconds (ARM)"
EXPRESS, EXPRESS_GB_S = "Express executions", "Express GB-seconds"
TRANSITIONS = "Standard transitions"
WRITE_UNITS, READ_UNITS = "DynamoDB write units", "DynamoDB read units"
KMS, SNS, MAILS = "KMS requests", "SNS requests", "SES mails"
FIFO, QUEUE = "SQS requests (FIFO)", "SQS requests (standard)"
S3_WRITES, S3_READS = "S3 writes", "S3 reads"
EVENTS, TRACES = "EventBridge events", "X-Ray traces"
LOG_BYTES, BYTES_OUT = "Log bytes", "Bytes to the internet"

GIB_MB = 1024
EXPRESS_STEP_S = 0.1
EXPRESS_MB = 64
"""Express bills memory in such chunks; definition and data of our payments fit into one."""
CHUNK_BYTES = 64 * 1024
"""SQS and SNS bill a request for each chunk of what is sent."""
LOG_EVENT_BYTES = 26
"""What CloudWatch adds to each line."""


@dataclass
class Tally:
    """What was billed, and the requests to AWS behind it by service and operation."""

    billed: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    """``dynamodb PutItem`` -> how often our functions asked for it."""
    largest_item: int = 0

    def add(self, what: str, amount: float = 1) -> None:
        self.billed[what] += amount  # type: ignore[assignment]  # GB-seconds are fractions

    def function(self, memory_mb: int, seconds: float) -> None:
        """One invocation; Lambda bills whole milliseconds."""
        self.add(INVOCATIONS)
        self.add(GB_S, memory_mb / GIB_MB * math.ceil(round(seconds * 1000, 6)) / 1000)

    def express(self, seconds: float) -> None:
        """One Express execution, or one child of a Distributed Map of such."""
        steps = max(1, math.ceil(round(seconds / EXPRESS_STEP_S, 9)))
        self.add(EXPRESS)
        self.add(EXPRESS_GB_S, EXPRESS_MB / GIB_MB * steps * EXPRESS_STEP_S)

    def request(self, what: str, size: int) -> None:
        """One request of SQS or SNS, by the bytes that it carries."""
        self.add(what, max(1, -(-size // CHUNK_BYTES)))

    def lines(self, text: str) -> None:
        """What a function logged."""
        for line in text.splitlines():
            self.add(LOG_BYTES, len(line.encode()) + LOG_EVENT_BYTES)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            Counter(_sum(self.billed, other.billed)),
            self.calls + other.calls,
            max(self.largest_item, other.largest_item),
        )

    def times(self, factor: float) -> Tally:
        """As often."""
        return Tally(
            Counter({name: amount * factor for name, amount in self.billed.items()}),
            Counter({name: amount * factor for name, amount in self.calls.items()}),
            self.largest_item,
        )

    def copy(self) -> Tally:
        return Tally(Counter(self.billed), Counter(self.calls), self.largest_item)

    def since(self, before: Tally) -> Tally:
        """What came on top."""
        return Tally(
            Counter({name: amount - before.billed[name] for name, amount in self.billed.items()}),
            self.calls - before.calls,
            self.largest_item,
        )


def _sum(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {*one, *other}}

"""The meter in one process: the simulation's world without faults, in which every request to AWS,
unit, transition, invocation, log line and second that would be billed is counted as it happens.

Real are the functions' handlers, the adapters and the requests that they emit, and the state
machines' definitions. Time is virtual: billed durations follow from `bench.assumptions`, so that
the same code counts the same on every machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench import assumptions as assumed
from bench.counting import CountingInterpreter, CountingWire, WindowedPoller
from local.meter import tally
from local.meter.tally import Tally
from tests.simulation.calls import Failing
from tests.simulation.faults import Fault
from tests.simulation.functions import resources, triggered_by
from tests.simulation.world import World
from tests.template.reading import template
from tidegate.runtime import bootstrap

SERVICES = {"dynamodb", "kms", "s3", "ses", "sns", "sqs", "states"}
BILLED_BY_REQUEST = {
    "kms": tally.KMS,
    "ses": tally.MAILS,
    "sns": tally.SNS,
    "sqs": tally.FIFO,
    "s3 PutObject": tally.S3_WRITES,
    "s3 GetObject": tally.S3_READS,
    "s3 HeadObject": tally.S3_READS,
}
CLOCK, QUEUE = "Schedule", "SQS"
STREAM = "DynamoDB"


class MeteredWorld(World):
    """A world in which nothing fails and everything is counted into ``tally``."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        """``settings`` are those that differ from the template's defaults."""
        super().__init__(seed=0, rate=0.0, muted=(), folder=folder)
        self._settings = {
            "store_requests_per_s": int(_default("StoreRequestsPerSecond")),
            "publish_events": False,  # the bill is that of a payment whose merchant has a webhook
            **settings,
        }
        self.tally = Tally()
        self.calls.make = self._make  # type: ignore[method-assign, assignment]
        self.aws.connection = self._connection  # type: ignore[method-assign]
        self._plain_handler = self.functions._handler
        self.functions._handler = self._handler  # type: ignore[method-assign]
        self._logged = 0
        self.remembers_stores = True
        """A process keeps a store for a minute. Without, each invocation reads it: as if all were
        spread over so many processes that none sees a store twice in a minute."""

    @contextmanager
    def running(self) -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(patch.dict(os.environ, assumed.ENVIRONMENT))
            stack.enter_context(patch("tests.simulation.aws.Interpreter", self._interpreter))
            stack.enter_context(patch("tests.simulation.world._StreamPoller", WindowedPoller))
            stack.enter_context(super().running())
            settings = replace(bootstrap.settings(), **self._settings)
            stack.enter_context(patch("tidegate.runtime.bootstrap.settings", lambda: settings))
            yield

    def count(self, until_s: float = 0.0) -> Tally:
        """Everything so far, after letting ``until_s`` seconds pass."""
        if until_s:
            self.scheduler.run(for_s=until_s)
        text = self.log.getvalue()
        self.tally.lines(text[self._logged :])
        self._logged = len(text)
        return self.tally.copy()

    def stop_clocks(self) -> None:
        """No schedule fires any more."""
        for task in self.background:
            if task.name.startswith("schedule "):
                self.scheduler.kill(task)

    def _make(
        self,
        at: str,
        effect: Callable[[], Any],
        _kinds: tuple[Fault, ...],
        _failing: Failing,
        *,
        patience_s: float = 0.0,
    ) -> Any:
        """In the place of ``Calls.make``: every call succeeds, in its time."""
        service, operation = at.split(" ")[:2] if " " in at else (at, "")
        if service in SERVICES:
            self._aws_request(service, operation)
        if service == "api":
            for what in (tally.API, tally.WAF):
                self.tally.add(what)
            self.tally.add(tally.TRACES, assumed.SAMPLED)
        before_s, after_s = self._latency(service)
        self.scheduler.sleep(before_s)
        answer = effect()
        self.scheduler.sleep(after_s)
        if service == "api":
            self.tally.add(tally.BYTES_OUT, assumed.answer_bytes(answer))
        if service == "webhook":
            size = assumed.WEBHOOK_BYTES + len(self.endpoint.bodies[-1].encode())
            self.tally.add(tally.BYTES_OUT, size)
        return answer

    def _aws_request(self, service: str, operation: str) -> None:
        name = f"{service} {operation}"
        self.tally.calls[name] += 1
        billed = BILLED_BY_REQUEST.get(name) or BILLED_BY_REQUEST.get(service)
        if billed:
            self.tally.add(billed)
        if billed == tally.S3_WRITES:
            self.tally.add(tally.EVENTS)  # the bucket reports every object to EventBridge

    def _latency(self, service: str) -> tuple[float, float]:
        """Seconds before and after a call takes effect."""
        if service in SERVICES:
            task = self.scheduler.current
            ours = task is not None and task.name in resources()
            memory = memory_mb(task.name) if task is not None and ours else assumed.FULL_MB
            on_the_way = assumed.AWS_CALL_S / 2
            return assumed.cpu_s(assumed.CALL_CPU_S, memory) + on_the_way, on_the_way
        if service == "webhook":
            return assumed.WEBHOOK_S / 2, assumed.WEBHOOK_S / 2
        if service in self.hosts:
            return assumed.ISSUER_S / 2, assumed.ISSUER_S / 2
        return 0.0, 0.0

    def _connection(self) -> CountingWire:
        connection = CountingWire(self.aws.database, self.aws._through)
        connection.tally = self.tally
        return connection

    def _handler(self, name: str) -> Callable[[Any, Any], Any]:
        handler, memory = self._plain_handler(name), memory_mb(name)
        by = {kind: name in {one for one, _ in triggered_by(kind)} for kind in _TRIGGERS}

        def metered(event: Any, context: Any) -> Any:
            began = self.scheduler.now
            if by[QUEUE]:
                self.tally.add(tally.FIFO, 2)  # its batch is received, and deleted
            if any(by.values()) and is_traced(name):
                self.tally.add(tally.TRACES, assumed.SAMPLED)
            self.scheduler.sleep(assumed.cpu_s(assumed.HANDLER_CPU_S, memory))
            if not self.remembers_stores:
                known = bootstrap.stores()._cached  # type: ignore[attr-defined]
                known.update({sid: (float("-inf"), *rest) for sid, (_, *rest) in known.items()})
            try:
                return handler(event, replace(context, aws_request_id=assumed.REQUEST_ID))
            finally:
                self.tally.function(memory, self.scheduler.now - began)
                self.tally.lines(assumed.platform_lines())

        return metered

    def _interpreter(self, *given: Any) -> CountingInterpreter:
        interpreter = CountingInterpreter(*given)
        interpreter.tally = self.tally
        return interpreter


_TRIGGERS = (STREAM, QUEUE, CLOCK)


@cache
def memory_mb(function: str) -> int:
    """By its logical id."""
    of_all = template()["Globals"]["Function"]["MemorySize"]
    return int(resources()[function]["Properties"].get("MemorySize", of_all))


def is_traced(function: str) -> bool:
    """Whether a function that nothing traced calls begins a trace."""
    of_all = template()["Globals"]["Function"]["Tracing"]
    return bool(resources()[function]["Properties"].get("Tracing", of_all) == "Active")


def _default(parameter: str) -> Any:
    return template()["Parameters"][parameter]["Default"]

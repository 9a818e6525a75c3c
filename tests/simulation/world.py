"""One story's world: everything that runs, wired as it is deployed, under one seed."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import random as global_random
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from tests.simulation.aws import Aws, Message
from tests.simulation.calls import Calls, Failing
from tests.simulation.deployment import (
    ARN,
    WALLET_SECRET,
    a_shops_store,
    stack_settings,
    tokens_host,
)
from tests.simulation.faults import Fault, Faults
from tests.simulation.front import HOST, Front
from tests.simulation.functions import Functions, period_s, resources, triggered_by
from tests.simulation.hosts import SimulatedCardNetwork, SimulatedHost, SimulatedNetworkFiles
from tests.simulation.merchants import Endpoint
from tests.simulation.providers import (
    ISSUER_HOST,
    WALLET_HOST,
    SimulatedIssuer,
    SimulatedWallet,
    tokens_of,
    wallet_keys,
)
from tests.simulation.scheduler import CooperativeLock, Scheduler, Task
from tests.simulation.web import SimulatedConnection, Web, urlopen
from tests.support.memory import CountingIds
from tidegate.domain.message import AuthorizationRequest
from tidegate.networks.alipayplus.client import AlipayPlus
from tidegate.networks.breaker import Breaker, GuardedNetwork
from tidegate.networks.threeds.directory import HttpDirectoryServers
from tidegate.networks.token_services import HttpTokenServices

BEGINNING = datetime(2026, 3, 4, 2, 0, tzinfo=UTC).timestamp()
"""10:00 in Hong Kong, long before the cut-off."""
STORMS = (
    None,
    None,
    None,
    f"{WALLET_HOST} POST",
    f"{WALLET_HOST} POST",
    f"{ISSUER_HOST} POST",
    f"{HOST} POST",
    "tokens",
    "visa",
)
"""Whom everything goes wrong with more often, by the story."""
SILENT = 0.15
"""How many wallets never tell what became of their orders."""
DELIVERY = (Fault.FAILS_BEFORE, Fault.FAILS_AFTER, Fault.TWICE, Fault.LATE)
CACHED = (
    "tidegate.runtime.bootstrap",
    "tidegate.runtime.wiring_notices",
    "tidegate.runtime.wiring_settlement",
    "tidegate.runtime.wiring_reconciliation",
    "tidegate.runtime.wiring_fx",
    "tidegate.runtime.wiring_orders",
    "tidegate.runtime.wiring_authentication",
)
"""Modules that keep what they made as long as their process lives."""


class NotDelivered(Exception):
    """A trigger did not reach its function."""


NOT_DELIVERED = Failing(refused=NotDelivered, lost=NotDelivered)


class World:
    """Clock, faults, AWS, hosts, merchants' endpoints and the functions between them."""

    def __init__(self, seed: int, rate: float, muted: Collection[int], folder: Path) -> None:
        self.random = Random(f"story {seed}")
        self.scheduler = Scheduler(Random(f"order {seed}"))
        self.faults = Faults(Random(f"faults {seed}"), rate, muted)
        self.functions = Functions(self.scheduler, self.faults)
        self.calls = Calls(
            self.scheduler,
            self.faults,
            Random(f"latency {seed}"),
            self.restart,
            self._jump,
        )
        self.aws = Aws(self.scheduler, Random(f"aws {seed}"), self.calls, self.functions)
        self.aws.stored.append(self._stored)
        self.hosts = {
            name: SimulatedHost(name, folder, self.now_utc) for name in ("visa", "mastercard")
        }
        self.shown: list[AuthorizationRequest] = []
        """Every authorization that was sent to a host."""
        self.networks: dict[str, GuardedNetwork] = {}
        self._connect()
        self.network_files = SimulatedNetworkFiles(self.hosts, self.calls)
        self.front = Front(self.functions)
        self.web = Web(self.calls, {HOST: self.front.serve})
        for name, host in self.hosts.items():
            self.web.servers[tokens_host(name)] = tokens_of(host)
        self.wallet = SimulatedWallet(
            folder,
            lambda: BEGINNING + self.scheduler.now,
            self.scheduler,
            silent=self.random.random() < SILENT,
        )
        self.web.servers[WALLET_HOST] = self._ask_wallet
        self.issuer = SimulatedIssuer(folder)
        self.web.servers[ISSUER_HOST] = self.issuer.serve
        self.aws.secrets[WALLET_SECRET] = wallet_keys()[1]
        self.faults.storm = self.random.choice(STORMS)
        self.endpoint = Endpoint(self.calls)
        self.ids = CountingIds()
        self.skew_s = 0.0
        """How far the clock is off after its jumps."""
        self.log = io.StringIO()
        self.background: list[Task] = []
        """What AWS does by itself: pollers and schedules."""
        self.stores = [a_shops_store("S024116"), a_shops_store("S024117", requests_per_s=1)]

    # -- time --------------------------------------------------------------------------------

    def now(self) -> float:
        """The clock of everything that is ours."""
        return BEGINNING + self.scheduler.now + self.skew_s

    def now_utc(self) -> datetime:
        return datetime.fromtimestamp(BEGINNING + self.scheduler.now, UTC)

    def _jump(self) -> None:
        self.skew_s = self.calls.random.uniform(-20.0, 40.0)

    # -- processes ---------------------------------------------------------------------------

    def restart(self) -> None:
        """Every process ends; what comes next begins with cold ones."""
        self.functions.restart()
        self._connect()
        forget()

    def _connect(self) -> None:
        """Links with circuit breakers that remember nothing yet."""
        for name, host in self.hosts.items():
            link = SimulatedCardNetwork(host, self.calls, self.scheduler, self.shown)
            self.networks[name] = GuardedNetwork(link, lambda: self.scheduler.now)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The real code in this world instead of the real one."""
        CooperativeLock.scheduler = self.scheduler
        forget()
        global_random.seed(self.random.random())
        replacements: dict[str, Any] = {
            "tidegate.adapters.aws.client": self.aws.client,
            "tidegate.adapters.aws.wire": self.aws.wire,
            "time.time": self.now,
            "time.monotonic": lambda: self.scheduler.now,
            "tidegate.adapters.dynamodb.table.connection": self.aws.connection,
            "tidegate.adapters.kms_vault.Lock": CooperativeLock,
            "tidegate.adapters.dynamodb.sequences.Lock": CooperativeLock,
            "tidegate.services.traffic.Lock": CooperativeLock,
            "tidegate.adapters.webhook.HttpWebhooks": lambda *_: self.endpoint,
            "tidegate.runtime.bootstrap.settings": stack_settings,
            "tidegate.runtime.bootstrap.clock": lambda: self,
            "tidegate.runtime.bootstrap.ids": lambda: self.ids,
            "tidegate.runtime.bootstrap.networks": lambda: self.networks,
            "tidegate.networks.token_services.HttpTokenServices": partial(
                HttpTokenServices, now=self.now
            ),
            "tidegate.networks.alipayplus.client.AlipayPlus": partial(AlipayPlus, now=self.now),
            "tidegate.networks.alipayplus.client.Breaker": partial(
                Breaker, now=lambda: self.scheduler.now
            ),
            "tidegate.networks.threeds.directory.HttpDirectoryServers": partial(
                HttpDirectoryServers, now=lambda: self.scheduler.now
            ),
            "http.client.HTTPSConnection": SimulatedConnection,
            "urllib.request.urlopen": urlopen,
            "tidegate.runtime.wiring_settlement.HttpNetworkFiles": lambda _: self.network_files,
            "tidegate.runtime.wiring_reconciliation.HttpNetworkFiles": lambda _: self.network_files,
        }
        with ExitStack() as stack:
            stack.enter_context(patch.dict(os.environ, {"POWERTOOLS_TRACE_DISABLED": "true"}))
            for module in CACHED:  # before time stands still
                import_module(module)
            import_module("tidegate.runtime.observability")
            for name, instead in replacements.items():
                stack.enter_context(patch(name, instead))
            stack.enter_context(self.web.reachable())
            stack.enter_context(_logged(self.log))
            try:
                yield
            finally:
                self.scheduler.close()
                for host in self.hosts.values():
                    host.books.close()
                self.wallet.books.close()
                self.issuer.close()
                forget()

    # -- what AWS does by itself -------------------------------------------------------------

    def begin(self) -> None:
        """Create the stores, and start pollers and schedules."""
        from tidegate.adapters.dynamodb.stores import DynamoStores

        self.faults.active = False
        for store in self.stores:
            DynamoStores("tidegate", "key").put(store)
        self.faults.active = True
        for name, properties in triggered_by("DynamoDB"):
            for shard in range(len(self.aws.database.shards)):
                self._always(f"{name} shard {shard}", _StreamPoller(self, name, shard, properties))
        for name, _ in triggered_by("SQS"):
            self._always(f"{name} queue", partial(self._poll_queue, name))
        for name, properties in triggered_by("Schedule"):
            period = period_s(properties["Schedule"])
            self._always(f"schedule {name}", partial(self._scheduled, name, period), period)
        self._always("wallet", self.wallet.tell)
        self.aws.database.watchers.append(lambda *_: self._nudge("shard"))
        self.aws.queue.changed = lambda: self._nudge("queue")

    def _always(self, name: str, act: Callable[[], float | None], first_s: float = 1.0) -> None:
        """``act`` again and again; it says when it is to be looked at again, None for not before
        something has changed."""

        def go_on() -> None:
            self.scheduler.sleep(first_s * self.random.random())
            while True:
                self.scheduler.rest(act())

        self.background.append(self.scheduler.spawn(name, go_on))

    def _ask_wallet(self, raw: bytes) -> bytes:
        answer = self.wallet.serve(raw)
        self._nudge("wallet")  # it may have something to tell now
        return answer

    def pay_at_wallet(self, path: str, *, pays: bool) -> None:
        """What a payer decides on the wallet's page."""
        self.wallet.decide(path, pays=pays)
        self._nudge("wallet")

    def _nudge(self, what: str) -> None:
        for task in self.background:
            if what in task.name:
                self.scheduler.nudge(task, 0.5)

    def _scheduled(self, name: str, period: float) -> float:
        """Nobody hears what a schedule's invocation came to."""
        self.functions.start(name, {})
        return period

    def _poll_queue(self, name: str) -> float | None:
        queue = resources()["NoticesQueue"]["Properties"]
        visibility_s = float(queue["VisibilityTimeout"])
        limit = int(queue["RedrivePolicy"]["maxReceiveCount"])
        now = self.scheduler.now
        for message in self.aws.queue.receivable(now):
            if message.received >= limit:
                self.aws.queue.give_up(message)
                continue
            message.received += 1
            message.hidden_until = now + visibility_s
            self.scheduler.spawn(f"{name} message", partial(self._receive, name, message))
        return self.aws.queue.next_at(now)

    def _receive(self, name: str, message: Message) -> None:
        event = {"Records": [{"body": message.body}]}
        try:
            self._deliver(name, event)
        except Exception:  # noqa: BLE001  whatever it was, the message comes again
            return
        self.aws.queue.done(message)

    def _deliver(self, name: str, event: Any) -> Any:
        """An invocation by a trigger, which may fail to come, or come twice."""
        return self.calls.make(
            f"trigger {name}",
            lambda: self.functions.invoke(name, event),
            DELIVERY,
            NOT_DELIVERED,
        )

    def _stored(self, key: str) -> None:
        """EventBridge: a network's file at rest starts its reconciliation; perhaps twice."""
        if not key.startswith("network-files/"):
            return
        given = f'{{"detail": {{"object": {{"key": "{key}"}}}}}}'
        machine = f"{ARN}ReconciliationStateMachine"
        times = 2 if self.faults.strike("event of the bucket", (Fault.TWICE,)) else 1
        for _ in range(times):
            number = len(self.aws.executions)
            self.scheduler.spawn(
                "reconciliation", partial(self.aws.start, machine, f"event-{number}", given)
            )


class _StreamPoller:
    """An event source mapping of one shard: batches in order, a failed one again from its first
    failure."""

    def __init__(self, world: World, name: str, shard: int, properties: Any) -> None:
        self._world = world
        self._name = name
        self._records = world.aws.database.shards[shard]
        self._size = int(properties["BatchSize"])
        self._next = 0

    def __call__(self) -> float | None:
        """Seconds until the next look; None when all is read."""
        batch = self._records[self._next : self._next + self._size]
        chosen = [one for one in batch if one["dynamodb"]["NewImage"].get("t") == {"S": "p"}]
        if not chosen:
            self._next += len(batch)
            return None if self._next == len(self._records) else 0.0
        try:
            answer = self._world._deliver(self._name, {"Records": chosen})
        except Exception:  # noqa: BLE001  whatever it was, the batch comes again
            return 1.0
        failures = answer["batchItemFailures"]
        if not failures:
            self._next += len(batch)
            return 0.0
        first = failures[0]["itemIdentifier"]
        numbers = [one["dynamodb"]["SequenceNumber"] for one in batch]
        self._next += numbers.index(first)
        return 1.0


def forget() -> None:
    """What a process keeps in memory is gone."""
    for module in CACHED:
        for made in vars(import_module(module)).values():
            clear = getattr(made, "cache_clear", None)
            if clear is not None:
                clear()


@contextmanager
def _logged(sink: io.StringIO) -> Iterator[None]:
    """What functions log goes to ``sink``."""
    from tidegate.runtime.observability import log

    handlers: list[Any] = [
        one for one in log._logger.handlers if isinstance(one, logging.StreamHandler)
    ]
    before = [one.setStream(sink) for one in handlers]
    with contextlib.redirect_stdout(sink):
        try:
            yield
        finally:
            for handler, stream in zip(handlers, before, strict=True):
                handler.setStream(stream or sys.stdout)

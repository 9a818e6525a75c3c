"""The counting parts of the metered world: its DynamoDB, its state machines, its streams."""

# ruff: noqa: N802  operations are named as AWS names them

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from bench import assumptions
from local.meter import tally
from local.meter.items import checked_units, item_bytes, read_units, write_units
from local.meter.tally import Tally
from tests.simulation.asl import Definition, Interpreter
from tests.simulation.dynamodb import SimulatedWire
from tests.simulation.functions import resources
from tests.simulation.world import World
from tests.support.tables import ROOT, table_definition

INDEXES = [
    tuple(part["AttributeName"] for part in one["KeySchema"])
    for one in table_definition()["GlobalSecondaryIndexes"]
]
INDEXED = {"p", "s", *(name for index in INDEXES for name in index)}
"""All that an index of keys alone holds of an item."""
Item = Mapping[str, Any]
Perform = Callable[[Mapping[str, Any]], dict[str, Any]]


class CountingWire(SimulatedWire):
    """Counts the units of each request at the moment at which it takes effect."""

    tally: Tally

    def _PutItem(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._write(request, [request], super()._PutItem)

    def _UpdateItem(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._write(request, [request], super()._UpdateItem)

    def _TransactWriteItems(self, request: Mapping[str, Any]) -> dict[str, Any]:
        parts = [next(iter(one.values())) for one in request["TransactItems"]]
        return self._write(request, parts, super()._TransactWriteItems, transaction=True)

    def _GetItem(self, request: Mapping[str, Any]) -> dict[str, Any]:
        answer = super()._GetItem(request)
        self._read(request, [answer.get("Item", {})])
        return answer

    def _BatchGetItem(self, request: Mapping[str, Any]) -> dict[str, Any]:
        answer = super()._BatchGetItem(request)
        for table, wanted in request["RequestItems"].items():
            found = answer["Responses"][table]
            self._read(wanted, found + [{}] * (len(wanted["Keys"]) - len(found)))
        return answer

    def _Query(self, request: Mapping[str, Any]) -> dict[str, Any]:
        answer = super()._Query(request)
        found = answer["Items"]
        if "IndexName" in request:
            found = [{name: one[name] for name in INDEXED & one.keys()} for one in found]
        size = sum(map(item_bytes, found))
        self.tally.add(tally.READ_UNITS, read_units(size, consistent=_consistent(request)))
        return answer

    def _read(self, request: Mapping[str, Any], found: list[Item]) -> None:
        for item in found:
            units = read_units(item_bytes(item), consistent=_consistent(request))
            self.tally.add(tally.READ_UNITS, units)

    def _write(
        self,
        request: Mapping[str, Any],
        parts: list[Mapping[str, Any]],
        perform: Perform,
        *,
        transaction: bool = False,
    ) -> dict[str, Any]:
        before = [self._image(part) for part in parts]
        try:
            answer = perform(request)
        except ClientError:
            for old in before:
                self.tally.add(tally.WRITE_UNITS, checked_units(old, transaction=transaction))
            raise
        for part, old in zip(parts, before, strict=True):
            new = self._image(part)
            units = write_units(old, new, INDEXES, transaction=transaction)
            self.tally.add(tally.WRITE_UNITS, units)
            self.tally.largest_item = max(self.tally.largest_item, item_bytes(new))
        return answer

    def _image(self, part: Mapping[str, Any]) -> Item:
        key = part.get("Key") or part["Item"]
        items = self._database.items(part["TableName"])
        return dict(items.get((key["p"]["S"], key["s"]["S"]), {}))


def _consistent(request: Mapping[str, Any]) -> bool:
    return bool(request.get("ConsistentRead"))


class CountingInterpreter(Interpreter):
    """Bills an execution when it has ended: Express by time, Standard by transitions."""

    tally: Tally

    def execute(self, machine: Definition, given: Any) -> Any:
        began = self._scheduler.now
        try:
            return super().execute(machine, given)
        finally:
            if _is_express(machine):
                self.tally.express(self._scheduler.now - began)
            else:
                # Entering the first state counts as well.
                self.tally.add(tally.TRANSITIONS, self.transitions + 1)
                self.tally.add(tally.TRACES, assumptions.SAMPLED)

    def _states(self, machine: Definition, given: Any, context: Mapping[str, Any]) -> Any:
        """The items of a Distributed Map are executions of their own."""
        processor = machine.get("ProcessorConfig", {})
        if processor.get("Mode") != "DISTRIBUTED":
            return super()._states(machine, given, context)
        assert processor["ExecutionType"] == "EXPRESS", "Standard children are not priced here"
        child = Interpreter(self._scheduler, self._random, self._invoke)
        began = self._scheduler.now
        try:
            return child._states({**machine, "ProcessorConfig": {}}, given, context)
        finally:
            self.tally.express(self._scheduler.now - began)


def _is_express(machine: Definition) -> bool:
    for one in resources().values():
        if one["Type"] == "AWS::Serverless::StateMachine":
            properties = one["Properties"]
            if json.loads((ROOT / properties["DefinitionUri"]).read_text()) == machine:
                return bool(properties["Type"] == "EXPRESS")
    raise LookupError("the template has no such state machine")


class WindowedPoller:
    """An event source mapping of one shard, as the template configures it: what its filter takes
    is gathered until the batch is full or its window has passed."""

    def __init__(self, world: World, name: str, shard: int, properties: Mapping[str, Any]) -> None:
        self._world = world
        self._name = name
        self._records = world.aws.database.shards[shard]
        self._size = int(properties["BatchSize"])
        self._window_s = float(properties.get("MaximumBatchingWindowInSeconds", 0))
        (one,) = properties["FilterCriteria"]["Filters"]
        self._pattern = json.loads(one["Pattern"])
        self._next = 0

    def __call__(self) -> float | None:
        """None: look again when something was written."""
        if not self._gathered():
            self._next = len(self._records)
            return None
        ends = self._world.scheduler.now + self._window_s
        while self._world.scheduler.now < ends and len(self._gathered()) < self._size:
            self._world.scheduler.sleep(min(0.25, self._window_s))
        batch = self._gathered()[: self._size]
        self._next = self._records.index(batch[-1]) + 1
        answer = self._world._deliver(self._name, {"Records": batch})
        assert not answer["batchItemFailures"], "nothing fails in a metered world"
        return 0.0

    def _gathered(self) -> list[Any]:
        return [one for one in self._records[self._next :] if matches(self._pattern, one)]


def matches(pattern: Any, value: Any) -> bool:
    """Lambda's event filtering, as far as the template uses it: objects and lists of values."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            matches(part, value.get(name)) for name, part in pattern.items()
        )
    assert all(isinstance(one, str) for one in pattern), "teach it, do not skip it"
    return value in pattern

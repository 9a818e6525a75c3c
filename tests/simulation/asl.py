"""Runs state machine definitions as they are deployed: what this project's use of the Amazon
States Language (JSONata) means, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from jsonata import Jsonata

from tests.simulation.scheduler import Scheduler

Definition = Mapping[str, Any]
Invoke = Callable[[str, Any, float], Any]
"""(function's substitution name, payload, timeout) -> result; raises TaskFailed."""
TASK_TIMEOUT_S = 86_400.0


class TaskFailed(Exception):
    """A task's error, by the name that ``ErrorEquals`` knows."""

    def __init__(self, name: str, cause: str = "") -> None:
        super().__init__(f"{name}: {cause}" if cause else name)
        self.name = name
        self.cause = cause


class NotInterpreted(Exception):
    """Part of the language that the definitions did not use so far: teach it, do not skip it."""


@cache
def definition(path: Path) -> Definition:
    """A state machine as it stands in the repository."""
    found: Definition = json.loads(path.read_text())
    return found


class Interpreter:
    """Executes definitions within a task of the scheduler."""

    def __init__(self, scheduler: Scheduler, random: Random, invoke: Invoke) -> None:
        self._scheduler = scheduler
        self._random = random
        self._invoke = invoke
        self.transitions = 0

    def execute(self, machine: Definition, given: Any) -> Any:
        """The output; raises TaskFailed."""
        return self._states(machine, given, {})

    def _states(self, machine: Definition, given: Any, context: Mapping[str, Any]) -> Any:
        name, value = machine["StartAt"], given
        while True:
            state = machine["States"][name]
            self.transitions += 1
            value, following = self._state(state, value, context)
            if following is None:
                return value
            name = following

    def _state(
        self, state: Definition, given: Any, context: Mapping[str, Any]
    ) -> tuple[Any, str | None]:
        scope = {"input": given, "context": context}
        following = None if state.get("End") else state.get("Next")
        match state["Type"]:
            case "Pass":
                return _output(state, scope, given), following
            case "Wait":
                self._scheduler.sleep(float(_value(state["Seconds"], scope)))
                return _output(state, scope, given), following
            case "Choice":
                for choice in state["Choices"]:
                    if _value(choice["Condition"], scope) is True:
                        return _output(choice, scope, given), choice["Next"]
                return _output(state, scope, given), state["Default"]
            case "Task":
                return self._retried(state, scope, following, self._task)
            case "Map":
                return self._retried(state, scope, following, self._map)
        raise NotInterpreted(state["Type"])

    def _retried(
        self,
        state: Definition,
        scope: dict[str, Any],
        following: str | None,
        perform: Callable[[Definition, dict[str, Any]], Any],
    ) -> tuple[Any, str | None]:
        attempts: dict[int, int] = {}
        while True:
            try:
                result = perform(state, scope)
            except TaskFailed as error:
                wait_s = self._wait_before_retry(state, error, attempts)
                if wait_s is not None:
                    self.transitions += 1
                    self._scheduler.sleep(wait_s)
                    continue
                for catcher in state.get("Catch", ()):
                    if _matches(catcher["ErrorEquals"], error):
                        told = {"Error": error.name, "Cause": error.cause}
                        return (
                            _output(catcher, {**scope, "errorOutput": told}, told),
                            catcher["Next"],
                        )
                raise
            return _output(state, {**scope, "result": result}, result), following

    def _wait_before_retry(
        self, state: Definition, error: TaskFailed, attempts: dict[int, int]
    ) -> float | None:
        for number, retrier in enumerate(state.get("Retry", ())):
            if not _matches(retrier["ErrorEquals"], error):
                continue
            before = attempts.get(number, 0)
            if before >= retrier.get("MaxAttempts", 3):
                return None
            attempts[number] = before + 1
            wait_s = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** before
            wait_s = min(wait_s, retrier.get("MaxDelaySeconds", wait_s))
            if retrier.get("JitterStrategy") == "FULL":
                wait_s *= self._random.random()
            return float(wait_s)
        return None

    def _task(self, state: Definition, scope: dict[str, Any]) -> Any:
        if state["Resource"] != "arn:aws:states:::lambda:invoke":
            raise NotInterpreted(state["Resource"])
        arguments = _value(state["Arguments"], scope)
        timeout_s = float(state.get("TimeoutSeconds", TASK_TIMEOUT_S))
        return {"Payload": self._invoke(arguments["FunctionName"], arguments["Payload"], timeout_s)}

    def _map(self, state: Definition, scope: dict[str, Any]) -> Any:
        """Its items at once, as far as ``MaxConcurrency`` lets them; one that fails fails all."""
        items = _value(state["Items"], scope)
        machine = state["ItemProcessor"]
        waiting = []
        for index, item in enumerate(items):
            context = {"Map": {"Item": {"Index": index, "Value": item}}}
            given = _value(state["ItemSelector"], {**scope, "context": context})
            waiting.append(lambda given=given, context=context: self._states(machine, given, {}))
        at_once = state.get("MaxConcurrency") or len(waiting)
        results = []
        while waiting:
            batch, waiting = waiting[:at_once], waiting[at_once:]
            tasks = [self._scheduler.spawn("map item", call) for call in batch]
            for task in tasks:
                self._scheduler.wait(task)
            results += [task.outcome() for task in tasks]
        return results


def _output(state: Definition, scope: dict[str, Any], otherwise: Any) -> Any:
    return _value(state["Output"], scope) if "Output" in state else otherwise


def _value(template: Any, scope: dict[str, Any]) -> Any:
    """A template with every ``{% … %}`` evaluated."""
    if isinstance(template, dict):
        return {name: _value(part, scope) for name, part in template.items()}
    if isinstance(template, list):
        return [_value(part, scope) for part in template]
    if not (isinstance(template, str) and template.startswith("{%")):
        return template
    expression = _compiled(template[2:-2].strip())
    frame = expression.create_frame()
    frame.bind("states", scope)
    return _plain(expression.evaluate(None, frame))


@cache
def _compiled(expression: str) -> Jsonata:
    return Jsonata(expression)


def _plain(value: Any) -> Any:
    """Without the evaluator's own kinds of lists."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value


def _matches(names: list[str], error: TaskFailed) -> bool:
    if error.name in names or "States.ALL" in names:
        return True
    # A time-out is no failed task to the language; everything else is.
    return "States.TaskFailed" in names and error.name != "States.Timeout"

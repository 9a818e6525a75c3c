"""The functions of template.yaml: their own handlers, invoked as Lambda does."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import CodeType, ModuleType
from typing import Any

import yaml

from tests.simulation.asl import TaskFailed
from tests.simulation.faults import Fault, Faults
from tests.simulation.scheduler import Died, Scheduler, Task
from tests.support.tables import ROOT, CloudFormationLoader

Handler = Callable[[Any, Any], Any]
DEFAULT_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Context:
    """What a handler learns of its invocation."""

    function_name: str
    aws_request_id: str
    scheduler: Scheduler
    ends_at: float

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * (self.ends_at - self.scheduler.now))


class Functions:
    """Invokes functions by their logical id, each invocation a task that may die."""

    def __init__(self, scheduler: Scheduler, faults: Faults) -> None:
        self._scheduler = scheduler
        self._faults = faults
        self._handlers: dict[str, Handler] = {}
        self.running: list[Task] = []
        self.invocations = 0

    def restart(self) -> None:
        """Every process ends where it stands, and what it kept in memory is gone."""
        self._handlers.clear()
        current = self._scheduler.current
        for task in self.running:
            if task is current:
                task.doomed = True
            else:
                self._scheduler.kill(task)

    def invoke(self, name: str, event: Any, timeout_s: float = 900.0) -> Any:
        """What it returns. Raises TaskFailed by the error's name, as Step Functions sees it."""
        fault = self._faults.strike(f"invoke {name}", (Fault.THROTTLED, Fault.LATE, Fault.LATE))
        if fault is Fault.THROTTLED:
            raise TaskFailed("Lambda.TooManyRequestsException")
        self._scheduler.sleep(4.0 if fault is Fault.LATE else 0.01)
        task = self.start(name, event)
        if not self._scheduler.wait(task, timeout_s):
            raise TaskFailed("States.Timeout")  # the function goes on; nobody listens any more
        return _outcome(task)

    def start(self, name: str, event: Any) -> Task:
        """Begin an invocation; it is ended at its own timeout."""
        known = resources()[name]["Properties"]
        own_s = float(known.get("Timeout", DEFAULT_TIMEOUT_S))
        self.invocations += 1
        context = Context(
            name, f"r{self.invocations}", self._scheduler, self._scheduler.now + own_s
        )

        def run() -> Any:
            return self._handler(name)(event, context)

        task = self._scheduler.spawn(name, run, mortal=True)
        self.running = [one for one in self.running if not one.done]
        self.running.append(task)
        self._scheduler.spawn(f"timeout of {name}", lambda: self._scheduler.kill(task), own_s)
        return task

    def _handler(self, name: str) -> Handler:
        handler = self._handlers.get(name)
        if handler is None:
            module = ModuleType(f"simulated_{name}")
            exec(_code(resources()[name]["Properties"]["CodeUri"]), module.__dict__)  # noqa: S102  our own
            handler = self._handlers[name] = module.handler
        return handler


@cache
def resources() -> Mapping[str, Any]:
    """The template's resources, tags read as their values."""
    template = yaml.load((ROOT / "template.yaml").read_text(), CloudFormationLoader)  # noqa: S506
    found: Mapping[str, Any] = template["Resources"]
    return found


def triggered_by(kind: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Functions with an event of this kind, and the event's properties."""
    return [
        (name, event["Properties"])
        for name, one in resources().items()
        if one["Type"] == "AWS::Serverless::Function"
        for event in one["Properties"].get("Events", {}).values()
        if event["Type"] == kind
    ]


def machine_of(arn: str) -> tuple[Any, Mapping[str, str]]:
    """Path of a state machine's definition and the function behind each substitution."""
    properties = resources()[arn.rsplit(":", 1)[-1]]["Properties"]
    functions = {
        f"${{{name}}}": target.removesuffix(".Arn")
        for name, target in properties["DefinitionSubstitutions"].items()
    }
    return ROOT / properties["DefinitionUri"], functions


def period_s(rate: str) -> float:
    """Seconds of ``rate(5 minutes)``."""
    match = re.fullmatch(r"rate\((\d+) (minute|hour)s?\)", rate)
    assert match is not None, rate
    return int(match[1]) * {"minute": 60.0, "hour": 3600.0}[match[2]]


def _outcome(task: Task) -> Any:
    try:
        return task.outcome()
    except Died:
        raise TaskFailed("Lambda.Unknown", "the process ended") from None
    except Exception as error:  # noqa: BLE001  Lambda names any error by its class
        raise TaskFailed(type(error).__name__, str(error)[:200]) from None


@cache
def _code(folder: str) -> CodeType:
    spec = importlib.util.spec_from_file_location("app", ROOT / folder / "app.py")
    assert spec is not None
    assert spec.loader is not None
    return spec.loader.get_code("app")  # type: ignore[attr-defined, no-any-return]

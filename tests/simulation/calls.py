"""The one way in which a simulated part of the world is called: latency, then perhaps a fault."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from tests.simulation.faults import Fault, Faults
from tests.simulation.scheduler import Scheduler

Answer = TypeVar("Answer")
Make = Callable[[], Exception]

DEATHS = (Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.RESTART, Fault.CLOCK_JUMPS)
READ = (Fault.FAILS_BEFORE, Fault.LOST, Fault.LATE, *DEATHS)
WRITE = (Fault.FAILS_BEFORE, Fault.LOST, Fault.FAILS_AFTER, Fault.LATE, Fault.ARRIVES_LATE, *DEATHS)


@dataclass(frozen=True)
class Failing:
    """How a caller learns of what went wrong."""

    refused: Make
    """The call did not get through."""
    lost: Make
    """Its answer did not come back."""
    throttled: Make | None = None
    conflict: Make | None = None


@dataclass
class Calls:
    """Carries calls from tasks to what they call."""

    scheduler: Scheduler
    faults: Faults
    random: Random
    restart: Callable[[], None]
    """Ends every running process."""
    clock_jumps: Callable[[], None]
    made: dict[str, int] = field(default_factory=dict)

    def make(
        self,
        at: str,
        effect: Callable[[], Answer],
        kinds: tuple[Fault, ...],
        failing: Failing,
        *,
        patience_s: float = 3.0,
        lateness_s: float | None = None,
    ) -> Answer:
        """``effect`` happens once, unless a fault has it otherwise. The caller gives up after
        ``patience_s``; what arrives late does so at most ``lateness_s`` after that."""
        self.scheduler.check_alive()
        self.made[at] = self.made.get(at, 0) + 1
        self._pass()
        fault = self.faults.strike(at, kinds)
        if fault is None:
            answer = effect()
            self._pass()
            return answer
        late_s = 7 * patience_s if lateness_s is None else lateness_s
        return self._struck(fault, effect, failing, patience_s, late_s)

    def _struck(
        self,
        fault: Fault,
        effect: Callable[[], Answer],
        failing: Failing,
        patience_s: float,
        late_s: float,
    ) -> Answer:
        mortal = self.scheduler.current is not None and self.scheduler.current.mortal
        match fault:
            case Fault.FAILS_BEFORE:
                raise failing.refused()
            case Fault.THROTTLED:
                raise (failing.throttled or failing.refused)()
            case Fault.CONFLICT:
                raise (failing.conflict or failing.refused)()
            case Fault.LOST:
                self.scheduler.sleep(patience_s)
                raise failing.lost()
            case Fault.FAILS_AFTER:
                self._unheard(effect)
                self.scheduler.sleep(patience_s)
                raise failing.lost()
            case Fault.ARRIVES_LATE:
                wait_s = patience_s + late_s * self.random.random()
                self.scheduler.spawn("late arrival", lambda: self._unheard(effect), wait_s)
                self.scheduler.sleep(patience_s)
                raise failing.lost()
            case Fault.LATE:
                self.scheduler.sleep(0.8 * patience_s * self.random.random())
                answer = effect()
                self.scheduler.sleep(0.19 * patience_s)
                return answer
            case Fault.TWICE:
                self._unheard(effect)
                self._pass()
            case Fault.DIES_BEFORE if mortal:
                raise self.scheduler.doom()
            case Fault.DIES_AFTER if mortal:
                self._unheard(effect)
                raise self.scheduler.doom()
            case Fault.RESTART:
                self._unheard(effect)
                self.restart()
                self.scheduler.check_alive()
                raise failing.lost()
            case Fault.CLOCK_JUMPS:
                self.clock_jumps()
        return effect()

    def _pass(self) -> None:
        self.scheduler.sleep(0.002 + 0.004 * self.random.random())

    @staticmethod
    def _unheard(effect: Callable[[], object]) -> None:
        """It happens; whatever it answers is not heard."""
        with contextlib.suppress(Exception):
            effect()

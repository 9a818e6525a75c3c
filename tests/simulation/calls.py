"""The one way in which a simulated part of the world is called: latency, then perhaps a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from tests.simulation.faults import Fault, Faults
from tests.simulation.scheduler import Scheduler

Answer = TypeVar("Answer")

LOSSES = (Fault.FAILS_BEFORE, Fault.FAILS_AFTER, Fault.LATE)
DEATHS = (Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.RESTART)


@dataclass
class Calls:
    """Carries calls from tasks to what they call."""

    scheduler: Scheduler
    faults: Faults
    random: Random
    restart: Callable[[], None]
    """Ends every running process."""
    clock_jumps: Callable[[], None]
    late_s: float = 6.0

    def make(
        self,
        at: str,
        effect: Callable[[], Answer],
        *,
        kinds: tuple[Fault, ...],
        refused: Callable[[], Exception],
        lost: Callable[[], Exception],
        throttled: Callable[[], Exception] | None = None,
        latency_s: float = 0.004,
    ) -> Answer:
        """``effect`` happens once, unless a fault has it otherwise. ``refused`` makes the error of
        a call that did not get through, ``lost`` that of one whose answer did not come back."""
        self.scheduler.check_alive()
        self._pass(latency_s)
        fault = self.faults.strike(at, kinds)
        if fault is None:
            answer = effect()
            self._pass(latency_s)
            return answer
        return self._struck(fault, effect, refused, lost, throttled or refused)

    def _struck(
        self,
        fault: Fault,
        effect: Callable[[], Answer],
        refused: Callable[[], Exception],
        lost: Callable[[], Exception],
        throttled: Callable[[], Exception],
    ) -> Answer:
        mortal = self.scheduler.current is not None and self.scheduler.current.mortal
        match fault:
            case Fault.FAILS_BEFORE:
                self._pass(0.5)
                raise refused()
            case Fault.THROTTLED:
                raise throttled()
            case Fault.FAILS_AFTER:
                effect()
                self._pass(2.0)
                raise lost()
            case Fault.LATE:
                self._pass(self.late_s)
                answer = effect()
                self._pass(self.late_s)
                return answer
            case Fault.TWICE:
                effect()
            case Fault.DIES_BEFORE if mortal:
                raise self.scheduler.doom()
            case Fault.DIES_AFTER if mortal:
                effect()
                raise self.scheduler.doom()
            case Fault.RESTART:
                effect()
                self.restart()
                self.scheduler.check_alive()
                raise lost()
            case Fault.CLOCK_JUMPS:
                self.clock_jumps()
        return effect()

    def _pass(self, about_s: float) -> None:
        self.scheduler.sleep(about_s * (0.5 + self.random.random()))

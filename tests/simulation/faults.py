"""Which calls go wrong, and how."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """What may strike a call."""

    FAILS_BEFORE = "fails before"
    LOST = "gets lost; its caller waits in vain"
    FAILS_AFTER = "takes effect, and the answer gets lost"
    LATE = "answers late"
    ARRIVES_LATE = "takes effect when its caller has given up"
    TWICE = "takes effect twice"
    THROTTLED = "is throttled"
    CONFLICT = "conflicts with another transaction"
    DIES_BEFORE = "the caller dies before"
    DIES_AFTER = "the caller dies after"
    RESTART = "every process restarts"
    CLOCK_JUMPS = "the clock jumps"


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault of a story."""

    number: int
    """Of all that this story draws."""
    call: int
    at: str
    fault: Fault

    def __str__(self) -> str:
        return f"#{self.number} call {self.call}: {self.at} {self.fault.value}"


STORM = 6
"""How much more often calls to the one that is in a storm go wrong."""


@dataclass
class Faults:
    """Draws for every call whether it goes wrong; the same seed draws the same.

    ``muted`` numbers are drawn but do not strike: a failing story is shrunk by muting as many as
    it can do without.
    """

    random: Random
    rate: float
    muted: Collection[int] = ()
    storm: str | None = None
    """How the names of the calls begin that are worst off in this story."""
    active: bool = True
    calls: int = 0
    drawn: int = 0
    strikes: list[Strike] = field(default_factory=list)

    def strike(self, at: str, kinds: tuple[Fault, ...]) -> Fault | None:
        """What happens to this call; None, mostly."""
        self.calls += 1
        chance, choice = self.random.random(), self.random.random()
        stormy = self.storm is not None and at.startswith(self.storm)
        rate = min(0.5, self.rate * STORM) if stormy else self.rate
        if not self.active or not kinds or chance >= rate:
            return None
        fault = kinds[int(choice * len(kinds))]
        if fault is Fault.RESTART and chance >= rate / 8:
            fault = kinds[0]  # restarts are rarer than everything else
        self.drawn += 1
        if self.drawn in self.muted:
            return None
        self.strikes.append(Strike(self.drawn, self.calls, at, fault))
        return fault

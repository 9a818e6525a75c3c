"""A failing story with as few faults as it can do without."""

from __future__ import annotations

from collections.abc import Callable, Collection

from tests.simulation.story import Told, tell

Tell = Callable[[int, Collection[int]], Told]


def _tell(seed: int, muted: Collection[int]) -> Told:
    return tell(seed, muted=muted)


def shrunk(failed: Told, again: Tell = _tell) -> Told:
    """Mute halves, then quarters, then single faults, as long as a problem remains. Muting a fault
    changes what comes after it, so the story that is left may fail otherwise than the first."""
    muted: set[int] = set()
    best = failed
    size = max(1, len(best.strikes) // 2)
    while True:
        progress = False
        numbers = [strike.number for strike in best.strikes]
        for start in range(0, len(numbers), size):
            attempt = again(failed.seed, muted | set(numbers[start : start + size]))
            if attempt.problems and len(attempt.strikes) < len(best.strikes):
                muted |= set(numbers[start : start + size])
                best, progress = attempt, True
                break
        if progress:
            size = min(size, max(1, len(best.strikes) // 2))
        elif size == 1:
            return best
        else:
            size //= 2

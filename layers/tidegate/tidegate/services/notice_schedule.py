"""When a webhook that was not acknowledged is tried again."""

from __future__ import annotations

WAITS_S = (15, 60, 300, 1_800, 7_200, 21_600, 43_200)
"""Between tries; the last one repeats."""
LIFE_S = 3 * 24 * 3600
"""From a notice's first try to its last."""
JITTER = 0.2
"""Waits differ by so much of their length, so that what failed together does not come together."""


def wait_s(tries: int, since: int, now: int, chance: float) -> int:
    """Seconds until the next try after ``tries`` tries; ``chance`` is between 0 and 1. The last
    try falls on the end of the notice's life."""
    wait = WAITS_S[min(tries, len(WAITS_S)) - 1]
    spread = round(wait * (1 - JITTER + 2 * JITTER * chance))
    return max(1, min(spread, since + LIFE_S - now))


def is_last(since: int, now: int) -> bool:
    """Whether a try that was made at ``now`` was the last."""
    return now >= since + LIFE_S

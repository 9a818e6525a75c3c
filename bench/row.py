"""One line of the bench's table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A figure beside its yardstick of the same run, and whether its goal is held."""

    part: str
    """Which part of the bench measured it."""
    figure: str
    value: float
    """What is compared with the goal: a ratio, or an exact count."""
    goal: float
    at_least: bool = False
    """The goal is a floor; otherwise it is a ceiling."""
    measured: str = ""
    """The figure in its own unit: ``182 ms``."""
    yardstick: str = ""
    """What it is divided by, in its own unit: ``boto3 client 176 ms``."""

    @property
    def held(self) -> bool:
        return self.value >= self.goal if self.at_least else self.value <= self.goal

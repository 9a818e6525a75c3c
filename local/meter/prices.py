"""The price list: one table with a date, in `prices.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.meter.tally import Tally

LIST = Path(__file__).with_name("prices.toml")
MILLION = 1_000_000


@dataclass(frozen=True)
class Prices:
    """Dollars."""

    region: str
    as_of: str
    per_million: Mapping[str, float]
    per_month: Mapping[str, float]
    """Due whether payments come or not."""
    hyperswitch: Mapping[str, float]
    hyperswitch_per_s: float

    @classmethod
    def read(cls, path: Path = LIST) -> Prices:
        """The list as it stands in the repository."""
        table = tomllib.loads(path.read_text())
        rig = dict(table["hyperswitch"])
        return cls(
            region=table["region"],
            as_of=table["as_of"],
            per_million=table["per_million"],
            per_month=table["per_month"],
            hyperswitch_per_s=rig.pop("payments_per_second"),
            hyperswitch=rig,
        )

    def lines(self, tally: Tally) -> dict[str, float]:
        """Dollars for each kind of thing that was billed, in the list's order.

        Raises:
            KeyError: something was counted that has no price.
        """
        unknown = tally.billed.keys() - self.per_million.keys()
        if unknown:
            raise KeyError(f"no price for {', '.join(sorted(unknown))}")
        return {
            name: tally.billed[name] * price / MILLION
            for name, price in self.per_million.items()
            if tally.billed[name]
        }

    def dollars(self, tally: Tally) -> float:
        return sum(self.lines(tally).values())

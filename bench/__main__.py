"""`make bench`, `python -m bench [part ...]`: every figure beside its yardstick of the same run,
and whether its goal is held; 1 if one is not."""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from importlib import import_module

from bench.row import Row
from local.environments import ROOT

PARTS = {
    "counts": "calls and write units of operations",
    "cost": "dollars per million payments",
    "comparison": "the same beside what one would use instead",
    "size": "what a function unpacks and loads",
    "init": "processor time of a cold start, on the artifact",
    "warm": "processor time of a warm function",
    "local": "latency and throughput of the local stack",
    "growth": "requests by the number of stored payments",
}
OUT = ROOT / ".local" / "bench.json"


def main(arguments: list[str]) -> int:
    """Measure the parts that were named, all of them by default."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parts = parser.parse_args(arguments).parts or list(PARTS)
    if unknown := [part for part in parts if part not in PARTS]:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    rows: list[Row] = []
    broken = []
    for part in parts:
        try:
            rows.extend(_measured(part))
        except Exception:  # noqa: BLE001  what the other parts found is worth telling
            traceback.print_exc()
            broken.append(part)
    print(table(rows))
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([{**asdict(row), "held": row.held} for row in rows], indent=1) + "\n")
    missed = [row.figure for row in rows if not row.held]
    print(f"\n{len(rows) - len(missed)} of {len(rows)} held", *missed, sep="\n  not: ")
    print(*[f"  not measured: {part}" for part in broken], sep="\n")
    return int(bool(missed or broken))


def _measured(part: str) -> Iterator[Row]:
    began = time.monotonic()
    print(f"· {part}: {PARTS[part]}", file=sys.stderr, flush=True)
    for row in import_module(f"bench.{part}").measure():
        took = f"{time.monotonic() - began:5.1f} s"
        print(f"  {took}  {row.figure}: {row.value:g}", file=sys.stderr, flush=True)
        yield row


def table(rows: list[Row]) -> str:
    """One line a row, columns as wide as they have to be."""
    lines = [("figure", "measured", "yardstick", "value", "goal", "held")]
    lines += [
        (
            row.figure,
            row.measured,
            row.yardstick,
            f"{row.value:g}",
            f"{'≥' if row.at_least else '≤'} {row.goal:g}",
            "yes" if row.held else "NO",
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    numbers = (3, 4)
    return "\n" + "\n".join(
        "  ".join(
            cell.rjust(width) if number in numbers else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""``make simulate SEEDS=n FROM=k``: tell stories, show progress, replay and shrink what fails."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.shrink import shrunk
from tests.simulation.story import Told, tell


def main() -> int:
    """0 when every story ended well."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many stories")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    if given.seeds == 1:
        return _replay(given.first)
    failed = _all_of(seeds, given.workers)
    for told in failed:
        print(f"\nseed {told.seed}: replay it with `make simulate SEEDS=1 FROM={told.seed}`")
        for problem in told.problems:
            print(f"  {problem}")
    return 1 if failed else 0


def _all_of(seeds: range, workers: int) -> list[Told]:
    began, shown = time.monotonic(), 0.0
    totals: Counter[str] = Counter()
    failed = []
    with ProcessPoolExecutor(workers) as pool:
        for number, told in enumerate(pool.map(tell, seeds, chunksize=4), 1):
            totals.update(payments=told.payments, requests=told.requests, calls=told.calls)
            totals.update(faults=len(told.strikes))
            if told.problems:
                failed.append(told)
            now = time.monotonic() - began
            if now - shown >= 1 or number == len(seeds):
                shown = now
                counts = ", ".join(f"{count:,} {name}" for name, count in totals.items())
                print(
                    f"\r{number:,} of {len(seeds):,} stories: {counts}; {len(failed)} failed ",
                    end="" if sys.stdout.isatty() else "\n",
                    flush=True,
                )
    print()
    return failed


def _replay(seed: int) -> int:
    told = tell(seed)
    print(f"seed {seed}: {told.payments} payments, {told.requests} requests, {told.calls} calls")
    for strike in told.strikes:
        print(f"  {strike}")
    if not told.problems:
        print("It ended well.")
        return 0
    print("Shrinking …")
    least = shrunk(told)
    print(f"{len(least.strikes)} of {len(told.strikes)} faults are enough:")
    for strike in least.strikes:
        print(f"  {strike}")
    for problem in least.problems:
        print(f"  -> {problem}")
    return 1


if __name__ == "__main__":
    sys.exit(main())

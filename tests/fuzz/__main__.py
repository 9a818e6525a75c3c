"""``python -m tests.fuzz [--inputs N] [--target T [--seed N]]``"""

from __future__ import annotations

import argparse
import sys

from tests.fuzz.running import fuzz
from tests.fuzz.target import Failure, attempt, make_input, watched
from tests.fuzz.targets import TARGETS


def main() -> int:
    """Fuzz, or replay one input; 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="over all targets together")
    parser.add_argument("--target", choices=sorted(TARGETS), help="this one alone")
    parser.add_argument("--seed", type=int, help="this input of the target alone")
    options = parser.parse_args()
    if options.seed is not None:
        if options.target is None:
            parser.error("--seed needs --target")
        return _replay(options.target, options.seed)
    names = [options.target] if options.target else list(TARGETS)
    failures = fuzz(options.inputs, names=names)
    for failure in failures:
        print(failure)
    print(f"{len(names)} targets, {len(failures)} kinds of failure")
    return int(bool(failures))


def _replay(name: str, number: int) -> int:
    data = make_input(TARGETS[name], number)
    with watched():
        what = attempt(TARGETS[name], data)
    print(Failure(name, number, data, what or "is taken as it should be"))
    return int(what is not None)


if __name__ == "__main__":
    sys.exit(main())

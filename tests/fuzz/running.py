"""Many inputs, by two workers, with a line that tells how far they are."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO

from tests.fuzz.target import Failure, run
from tests.fuzz.targets import TARGETS

WORKERS = 2
CHUNK = 1000
TELL_S = 15
"""How often a log is told of progress."""
Chunk = tuple[str, int, int]
"""A target's name, the first number and the one behind the last."""


def shared(inputs: int, names: Iterable[str]) -> list[Chunk]:
    """The work for so many inputs altogether, each target by its weight; every target gets one."""
    targets = [TARGETS[name] for name in names]
    weights = sum(target.weight for target in targets)
    chunks: list[Chunk] = []
    done = given = 0
    for target in targets:
        done += target.weight
        count = max(1, inputs * done // weights - given)
        given += count
        chunks += [
            (target.name, first, min(first + CHUNK, count)) for first in range(0, count, CHUNK)
        ]
    return chunks


def fuzz(inputs: int, out: TextIO = sys.stdout, names: Iterable[str] = TARGETS) -> list[Failure]:
    """Feed so many inputs; the failures, each kind of a target once."""
    chunks = shared(inputs, names)
    total = sum(end - first for _, first, end in chunks)
    found: dict[tuple[str, str], Failure] = {}
    began, done, told = time.monotonic(), 0, 0.0
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        for count, failures in pool.imap_unordered(_run_chunk, chunks):
            done += count
            for failure in failures:
                kind = (failure.target, failure.what.partition(": ")[0])
                found[kind] = min(found.get(kind, failure), failure, key=lambda one: one.number)
            elapsed_s = time.monotonic() - began
            if done == total or elapsed_s - told >= (1 if out.isatty() else TELL_S):
                told = elapsed_s
                _progress(out, done, total, elapsed_s, len(found))
    out.write("\n")
    return list(found.values())


def _run_chunk(chunk: Chunk) -> tuple[int, list[Failure]]:
    name, first, end = chunk
    return end - first, list(_first_ones(run(TARGETS[name], range(first, end))))


def _first_ones(failures: Iterator[Failure], most: int = 5) -> Iterator[Failure]:
    """A parser that loops costs time by the input; it need not fail a thousand times."""
    for _, failure in zip(range(most), failures, strict=False):
        yield failure


def _progress(out: TextIO, done: int, total: int, elapsed_s: float, failures: int) -> None:
    line = f"{done:,} of {total:,} inputs, {done / elapsed_s:,.0f} a second, {failures} failures"
    out.write(f"\r{line}" if out.isatty() else f"{line}\n")
    out.flush()

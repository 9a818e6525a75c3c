"""What is fuzzed, and how one input is tried."""

from __future__ import annotations

import re
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType

from tests.fuzz.shapes import Shape

LOOP_S = 20
"""Processor time that one input may take. A loop takes more on any machine, and a busy machine
takes no more than an idle one; what is slow but ends is none of this test's business."""
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Target:
    """One parser."""

    name: str
    parse: Callable[[bytes], object]
    """Read an input. AssertionError is a promise that was not kept."""
    errors: tuple[type[Exception], ...]
    """What the parser may raise."""
    shape: Shape
    seeds: Callable[[], Sequence[bytes]]
    """Valid inputs."""
    weight: int = 10
    """Its part of a run; slow ones take less."""


@dataclass(frozen=True)
class Failure:
    """An input that was not taken as it should be."""

    target: str
    number: int
    data: bytes
    what: str

    def __str__(self) -> str:
        return (
            f"{self.target}, seed {self.number}: {self.what}\n"
            f"    hex: {self.data[:4096].hex()}{'…' if len(self.data) > 4096 else ''}\n"
            f"    again: python -m tests.fuzz --target {self.target} --seed {self.number}"
        )


class Endless(BaseException):
    """A parser took more time than any input is worth. No Exception: no parser may catch it."""


def make_input(target: Target, number: int) -> bytes:
    """The input of a number: the same on every machine and in every run."""
    return target.shape.broken(Random(f"{target.name}/{number}"), _seeds(target))


def run(target: Target, numbers: range) -> Iterator[Failure]:
    """Try these inputs; the failures of each kind, first one only."""
    kinds: set[str] = set()
    with watched():
        for number in numbers:
            data = make_input(target, number)
            what = attempt(target, data)
            if what is not None and (kind := what.partition(": ")[0]) not in kinds:
                kinds.add(kind)
                yield Failure(target.name, number, data, what)


def attempt(target: Target, data: bytes, loop_s: float = LOOP_S) -> str | None:
    """What is wrong with how a target takes an input; None if nothing is. Only within `watched`."""
    signal.setitimer(signal.ITIMER_VIRTUAL, loop_s)
    try:
        target.parse(data)
    except target.errors as error:
        return echo_of(error, data)
    except Endless:
        return f"is still busy after {loop_s} s of processor time"
    except Exception as error:  # noqa: BLE001  this is what is looked for
        return f"raised {type(error).__name__} at {_place(error)}: {error}"[:300]
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return None


@contextmanager
def watched() -> Iterator[None]:
    """Have loops ended by `Endless`."""
    before = signal.signal(signal.SIGVTALRM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGVTALRM, before)


def echo_of(error: BaseException, data: bytes) -> str | None:
    """A sentence if an error, or one that is shown with it, holds digits of the input that may be
    a card number; None if none does."""
    shown: BaseException | None = error
    while shown is not None:
        # What a file's reader has counted itself may look like anything.
        text = _COUNTED.sub("", f"{shown} {shown.args} {getattr(shown, 'field', '')}")
        for digits in _MANY_DIGITS.findall(text):
            if any(digits in spelling for spelling in _spellings(data)):
                return f"repeats {len(digits)} digits of its input in {type(shown).__name__}"
        shown = shown.__cause__ or (None if shown.__suppress_context__ else shown.__context__)
    return None


_MANY_DIGITS = re.compile(r"[1-9][0-9]{11,}")
_COUNTED = re.compile(r"is not '\d+'")


def _spellings(data: bytes) -> tuple[str, ...]:
    """An input as ASCII, EBCDIC and BCD read it."""
    return data.decode("latin-1"), data.decode("cp500"), data.hex()


@cache
def _seeds(target: Target) -> Sequence[bytes]:
    return target.seeds()


def _place(error: Exception) -> str:
    """The innermost line of ours that the error came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if one.filename.startswith((f"{ROOT}/layers", f"{ROOT}/sandbox"))]
    where = (ours or frames)[-1]
    return f"{where.filename.removeprefix(f'{ROOT}/')}:{where.lineno}"


def _end(_number: int, _frame: FrameType | None) -> None:
    raise Endless

"""One thread, one clock, many tasks: who goes on next follows from the seed alone."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from random import Random
from typing import Any

import greenlet


class Died(BaseException):
    """The process of this task is gone: nothing that it does from now on has an effect."""


class Stuck(Exception):
    """A task waits for something that nothing can bring about."""


class Task:
    """Something that goes on by itself."""

    def __init__(
        self, name: str, call: Callable[[], Any], hub: greenlet.greenlet, *, mortal: bool = False
    ) -> None:
        self.name = name
        self.mortal = mortal
        """Whether it is a process of ours, which may die; AWS itself does not."""
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = False
        self.doomed = False
        self.resting = False
        self.wakes = 0
        """How often it was resumed; an alarm set for an earlier wait means nothing any more."""
        self.watchers: list[tuple[Task, int]] = []
        """Who waits for it, and since which of their resumptions."""
        # Whoever begins a task, it is the hub that goes on when it ends.
        self.greenlet = greenlet.greenlet(lambda: self._run(call), hub)

    def _run(self, call: Callable[[], Any]) -> None:
        try:
            if not self.doomed:
                self.result = call()
            else:
                self.error = Died()
        except BaseException as error:  # noqa: BLE001  whoever waits for it is told
            self.error = error

    def outcome(self) -> Any:
        """What it returned; raises what it raised."""
        if self.error is not None:
            raise self.error
        return self.result


class Scheduler:
    """Virtual time; tasks run until they sleep or wait."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = 0.0
        """Seconds since the story began. Never goes back."""
        self.switches = 0
        self._alarms: list[tuple[float, float, int, Task, int]] = []
        self._count = itertools.count()
        self._current: Task | None = None
        self._hub = greenlet.getcurrent()

    @property
    def current(self) -> Task | None:
        """The task that runs; None outside of all."""
        return self._current

    def spawn(
        self, name: str, call: Callable[[], Any], after_s: float = 0.0, *, mortal: bool = False
    ) -> Task:
        """Begin something."""
        task = Task(name, call, self._hub, mortal=mortal)
        self._alarm(task, after_s)
        return task

    def sleep(self, seconds: float) -> None:
        """Let others go on meanwhile. Outside of all tasks no time passes."""
        if self._current is None:
            return
        self._alarm(self._current, seconds)
        self._suspend()

    def rest(self, seconds: float | None) -> None:
        """Let others go on until somebody nudges this task, or so many seconds have passed."""
        me = self._current
        assert me is not None
        me.resting = True
        if seconds is not None:
            self._alarm(me, seconds)
        self._suspend()
        me.resting = False

    def nudge(self, task: Task, in_s: float) -> None:
        """Wake a task that rests; one that works looks again by itself."""
        if task.resting:
            self._alarm(task, in_s)

    def wait(self, task: Task, timeout_s: float | None = None) -> bool:
        """Until a task is done; False if that took too long."""
        me = self._current
        if me is None:
            self.run(until=lambda: task.done)
            return task.done
        if not task.done:
            task.watchers.append((me, me.wakes))
            if timeout_s is not None:
                self._alarm(me, timeout_s)
            self._suspend()
        return task.done

    def kill(self, task: Task) -> None:
        """End a task where it stands: it is resumed once more only to be unwound."""
        if task.done:
            return
        task.doomed = True
        if task is self._current:
            raise Died
        self._alarm(task, 0.0)

    def doom(self) -> Died:
        """The end of the task that runs, to be raised by it."""
        assert self._current is not None
        self._current.doomed = True
        return Died()

    def check_alive(self) -> None:
        """Raises Died in a task that was killed."""
        if self._current is not None and self._current.doomed:
            raise Died

    def run(
        self,
        until: Callable[[], bool] = lambda: False,
        *,
        for_s: float = float("inf"),
        max_switches: int = 2_000_000,
    ) -> None:
        """Let tasks go on. Raises Stuck when nothing is left although ``until`` does not hold."""
        end = self.now + for_s
        limit = self.switches + max_switches
        while not until():
            if not self._alarms:
                if for_s == float("inf"):
                    raise Stuck("nothing goes on any more")
                break
            at, _, _, task, wakes = self._alarms[0]
            if at > end:
                break
            heapq.heappop(self._alarms)
            if task.done or wakes != task.wakes:
                continue
            if self.switches >= limit:
                raise Stuck(f"no end after {max_switches} steps; {task.name} is next")
            self.now = max(self.now, at)
            self._resume(task)
        if for_s != float("inf"):
            self.now = max(self.now, end) if not until() else self.now

    def leap(self, seconds: float) -> None:
        """Let time pass in which nobody does anything: what was due meanwhile is done late."""
        self.now += seconds

    def close(self) -> None:
        """Unwind whatever has not ended."""
        for *_, task, _ in self._alarms:
            task.doomed = True
        while self._alarms:
            *_, task, wakes = heapq.heappop(self._alarms)
            if not task.done and wakes == task.wakes:
                task.doomed = True
                self._resume(task)

    def _alarm(self, task: Task, in_s: float) -> None:
        entry = (self.now + in_s, self.random.random(), next(self._count), task, task.wakes)
        heapq.heappush(self._alarms, entry)

    def _resume(self, task: Task) -> None:
        self.switches += 1
        task.wakes += 1
        self._current = task
        task.greenlet.switch()
        self._current = None
        if task.greenlet.dead:
            task.done = True
            for watcher, wakes in task.watchers:
                if watcher.wakes == wakes:  # else it gave up waiting
                    self._alarm(watcher, 0.0)

    def _suspend(self) -> None:
        # A switch of greenlets keeps the handled exception of each to itself.
        self._hub.switch()
        self.check_alive()


class CooperativeLock:
    """``threading.Lock`` for tasks: whoever finds it taken lets others go on."""

    scheduler: Scheduler
    """Of the story that is running."""

    def __init__(self) -> None:
        self._taken = False

    def __enter__(self) -> None:
        while self._taken:
            self.scheduler.sleep(0.001)
        self._taken = True

    def __exit__(self, *_: object) -> None:
        self._taken = False

"""The clock and the threads of a simulation: one greenlet runs at a time, chosen by the seed.

A greenlet gives way only where it waits, so the same seed gives the same history. Time passes only
while nothing can run.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from typing import Any

from greenlet import getcurrent, greenlet

MAX_SWITCHES = 60_000  # of one history; more means that it goes round in circles
START = 1_790_000_000.0  # the time at which each history begins, in seconds since 1970


class Crash(BaseException):
    """The simulated process is dead; nothing that its code still does has an effect."""


class Signal:
    """Something that tasks wait for. Once it is set, waiting for it ends at once."""

    def __init__(self) -> None:
        self.is_set = False
        self._waiting: list[Task] = []

    def set(self) -> None:
        self.is_set = True
        for task in self._waiting:
            task.wake()
        self._waiting.clear()

    def clear(self) -> None:
        self.is_set = False

    def add(self, task: Task) -> None:
        self._waiting.append(task)


class Task:
    """One simulated thread. ``owner`` is the process that it belongs to, None for a client."""

    def __init__(self, scheduler: Scheduler, owner: Any, run: Callable[[], object]) -> None:
        self.owner = owner
        self.wait_number = 0  # of its current wait, so that an old timer does not end a later one
        self.is_ready = True
        self.greenlet = greenlet(self._run, scheduler.main)
        self._scheduler = scheduler
        self._call = run

    def _run(self) -> None:
        try:
            self._call()
        except Crash:
            pass

    def wake(self) -> None:
        if not self.is_ready and not self.greenlet.dead:
            self.is_ready = True
            self._scheduler.ready.append(self)


class Scheduler:
    """Runs tasks one at a time. ``random`` decides everything that threads would leave open."""

    def __init__(self, random_source: random.Random) -> None:
        self.random = random_source
        self.main = getcurrent()
        self.elapsed = 0.0  # seconds of the monotonic clock
        self.wall_offset = START  # a jump of the clock changes it
        self.ready: list[Task] = []
        self.tasks: dict[greenlet, Task] = {}
        self.switches = 0
        self.after_switch: Callable[[], None] = lambda: None
        self._timers: list[tuple[float, int, Task, int]] = []
        self._sequence = itertools.count()

    @property
    def wall(self) -> float:
        return self.wall_offset + self.elapsed

    @property
    def current(self) -> Task | None:
        return self.tasks.get(getcurrent())

    def spawn(self, owner: Any, run: Callable[[], object], *, delay: float = 0.0) -> Task:
        """Start a task after ``delay`` seconds."""
        task = Task(self, owner, run)
        self.tasks[task.greenlet] = task
        if delay:
            task.is_ready = False
            self._set_timer(task, delay)
        else:
            self.ready.append(task)
        return task

    # --- for the running task ---

    def sleep(self, seconds: float) -> None:
        self.wait(None, seconds)

    def wait(self, signal: Signal | None, seconds: float | None) -> bool:
        """Wait for ``signal``, ``seconds`` at most (None: for ever); whether it is set."""
        task = self.current
        if task is None:
            raise RuntimeError("only tasks may wait")
        if task.owner is not None and task.owner.is_dead:
            raise Crash
        if signal is not None and signal.is_set:
            return True
        task.wait_number += 1
        task.is_ready = False
        if signal is not None:
            signal.add(task)
        if seconds is not None:
            self._set_timer(task, max(0.0, seconds))
        self.main.switch()
        return signal is not None and signal.is_set

    def _set_timer(self, task: Task, seconds: float) -> None:
        entry = (self.elapsed + seconds, next(self._sequence), task, task.wait_number)
        heapq.heappush(self._timers, entry)

    # --- for the driver ---

    def run(self, until: float) -> None:
        """Run everything that happens before ``until``, in seconds of the monotonic clock."""
        while True:
            if self.ready:
                self._switch(self.ready.pop(self.random.randrange(len(self.ready))))
            elif self._timers and self._timers[0][0] <= until:
                moment, _, task, number = heapq.heappop(self._timers)
                self.elapsed = max(self.elapsed, moment)
                if task.wait_number == number:
                    task.wake()
            else:
                self.elapsed = max(self.elapsed, until)
                return

    def _switch(self, task: Task) -> None:
        self.switches += 1
        if self.switches > MAX_SWITCHES:
            raise AssertionError("the history does not come to rest")
        if not task.greenlet.dead:
            task.greenlet.switch()
        self._forget_if_dead(task)
        self.after_switch()

    def kill(self, owner: Any) -> None:
        """End all tasks of a process that is dead."""
        for task in [task for task in self.tasks.values() if task.owner is owner]:
            if not task.greenlet:  # it has not started
                task.is_ready = True
                self.tasks.pop(task.greenlet, None)
                task.wait_number += 1
                continue
            while not task.greenlet.dead:
                task.greenlet.throw(Crash)
            self._forget_if_dead(task)
        self.ready = [task for task in self.ready if task.owner is not owner]

    def _forget_if_dead(self, task: Task) -> None:
        if task.greenlet.dead:
            task.wait_number += 1
            self.tasks.pop(task.greenlet, None)

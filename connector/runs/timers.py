"""Calls at a given moment, for many waiters at once: one thread for the clock, a few for calls."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_CALLER_THREADS = 8


class Timer:
    """A call at a moment (``time.monotonic()`` seconds), unless it is cancelled before."""

    __slots__ = ("call", "moment")

    def __init__(self, moment: float, call: Callable[[], object]) -> None:
        self.moment = moment
        self.call: Callable[[], object] | None = call

    def cancel(self) -> None:
        """Drop the call, and at once everything that it references."""
        self.call = None


class Timers:
    """Thread-safe. The threads start with the first timer, so it may be created before a fork."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._changed = threading.Condition()
        self._sequence = itertools.count()  # orders timers of the same moment
        self._callers: ThreadPoolExecutor | None = None

    def schedule(self, moment: float, call: Callable[[], object]) -> Timer:
        """Make ``call`` at ``moment`` or shortly after it, in a thread of its own."""
        timer = Timer(moment, call)
        with self._changed:
            if self._callers is None:
                self._callers = ThreadPoolExecutor(_CALLER_THREADS, thread_name_prefix="timer")
                threading.Thread(target=self._run, name="timers", daemon=True).start()
            is_earliest = not self._heap or moment < self._heap[0][0]
            heapq.heappush(self._heap, (moment, next(self._sequence), timer))
            if is_earliest:
                self._changed.notify()
        return timer

    def _run(self) -> None:
        while True:
            timer = self._next_due()
            if (call := timer.call) and self._callers:
                self._callers.submit(call)

    def _next_due(self) -> Timer:
        with self._changed:
            while not self._heap or self._heap[0][0] > time.monotonic():
                seconds = self._heap[0][0] - time.monotonic() if self._heap else None
                self._changed.wait(seconds)
            _, _, timer = heapq.heappop(self._heap)
            return timer

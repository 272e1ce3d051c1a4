"""Calls made at a moment, for many that wait at once: one thread looks at the clock, a few make the calls."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_CALLERS = 8


class Alarm:
    """A call to be made at a moment (``time.monotonic()`` seconds), unless it is cancelled before."""

    __slots__ = ("call", "moment")

    def __init__(self, moment: float, call: Callable[[], object]) -> None:
        self.moment = moment
        self.call: Callable[[], object] | None = call

    def cancel(self) -> None:
        """Nothing is called; what the call would have needed is let go at once."""
        self.call = None


class Alarms:
    """Thread-safe. Its threads begin with the first alarm, so it may be made before a fork."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, Alarm]] = []
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._callers: ThreadPoolExecutor | None = None

    def at(self, moment: float, call: Callable[[], object]) -> Alarm:
        """``call`` is made at ``moment`` or soon after it, in a thread of its own."""
        alarm = Alarm(moment, call)
        with self._changed:
            if self._callers is None:
                self._callers = ThreadPoolExecutor(_CALLERS, thread_name_prefix="alarm")
                threading.Thread(target=self._watch, name="alarms", daemon=True).start()
            earliest = not self._waiting or moment < self._waiting[0][0]
            heapq.heappush(self._waiting, (moment, next(self._numbers), alarm))
            if earliest:
                self._changed.notify()
        return alarm

    def _watch(self) -> None:
        while True:
            with self._changed:
                while not self._waiting or self._waiting[0][0] > time.monotonic():
                    self._changed.wait(self._waiting[0][0] - time.monotonic() if self._waiting else None)
                _, _, alarm = heapq.heappop(self._waiting)
            if (call := alarm.call) and self._callers:
                self._callers.submit(call)

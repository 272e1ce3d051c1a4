"""The threads that requests are answered in.

A thousand callers at once need a thousand threads, and a minute later three do the work. The standard library's pool keeps the thousand
and gives each the next request in turn, so that every call runs on a stack that has left the cache long ago; a service was a third
slower after a burst than before it. Here the thread that was used last is used first, and those that nobody needs end.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

log = logging.getLogger("formcall")

_IDLE_SECONDS = 10.0


class Work:
    """A call that a thread makes: as much of a ``concurrent.futures.Future`` as gunicorn asks for."""

    def __init__(self, call: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._call, self._args = call, args
        self._callbacks: list[Callable[[Work], object]] = []
        self._is_done = False
        self._result: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._result = self._call(*self._args)
        except BaseException as error:
            self._error = error
        del self._call, self._args
        self._is_done = True
        self._tell()

    def add_done_callback(self, callback: Callable[[Work], object]) -> None:
        """Call ``callback`` with this once the call has ended, at once if it has."""
        self._callbacks.append(callback)
        if self._is_done:
            self._tell()

    def result(self) -> Any:
        """What the call gave; it must have ended."""
        if self._error:
            raise self._error
        return self._result

    def cancelled(self) -> bool:
        return False

    def _tell(self) -> None:
        while self._callbacks:
            try:
                callback = self._callbacks.pop()
            except IndexError:  # the other side took it: taking one out of a list is one step for all threads
                return
            try:
                callback(self)
            except Exception as error:
                log.error("what follows a request failed", exc_info=error)


class Threads:
    """Makes calls in at most ``most`` threads; more calls than that wait their turn."""

    def __init__(self, most: int, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._most, self._idle_seconds = most, idle_seconds
        self._lock = threading.Lock()
        self._idle: list[_Thread] = []  # the one that was used last is the last
        self._waiting: deque[Work] = deque()
        self._count = 0
        self._is_closed = False

    @property
    def count(self) -> int:
        """How many threads there are."""
        return self._count

    def submit(self, call: Callable[..., Any], *args: Any) -> Work:
        """Have a thread call ``call(*args)``; ``RuntimeError`` after ``shutdown``."""
        work = Work(call, args)
        with self._lock:
            if self._is_closed:
                raise RuntimeError("no more calls are taken")
            if self._idle:
                self._idle.pop().give(work)
            elif self._count < self._most:
                self._begin(work)
            else:
                self._waiting.append(work)
        return work

    def _begin(self, work: Work) -> None:
        thread = _Thread(self, work)
        try:
            thread.start()
        except RuntimeError:  # the machine has no more threads; those there are will do it
            if not self._count:
                raise
            self._waiting.append(work)
        else:
            self._count += 1

    def shutdown(self, wait: bool = True) -> None:
        """Take no more calls; those that were taken are made. The process ends after its last thread, so nobody ``wait``s here."""
        with self._lock:
            self._is_closed = True
            self._count -= len(self._idle)
            for thread in self._idle:
                thread.give(None)
            self._idle.clear()

    def next(self, thread: _Thread) -> Work | None:
        """The next call of a thread that has made its last one, or None: it is to end."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            if self._is_closed:
                self._count -= 1
                return None
            self._idle.append(thread)
        return thread.wait(self._idle_seconds)

    def leave(self, thread: _Thread) -> bool:
        """Whether a thread that nobody needed may end; else it is being given a call at this moment."""
        with self._lock:
            if thread not in self._idle:
                return False
            self._idle.remove(thread)
            self._count -= 1
            return True


class _Thread(threading.Thread):
    """A thread of ``Threads``; ``give`` and ``wait`` hand it a call over a lock, the cheapest thing that wakes one thread alone."""

    def __init__(self, pool: Threads, work: Work | None) -> None:
        super().__init__(name="request")
        self._pool, self._work = pool, work
        self._given = threading.Lock()
        self._given.acquire()

    def run(self) -> None:
        while (work := self._work) is not None:
            self._work = None
            work.run()
            del work  # an idle thread holds nothing of its last call
            self._work = self._pool.next(self)

    def give(self, work: Work | None) -> None:
        self._work = work
        self._given.release()

    def wait(self, seconds: float) -> Work | None:
        if not self._given.acquire(timeout=seconds) and not self._pool.leave(self):
            self._given.acquire()
        return self._work

"""Stand-ins for what threads wait with, on the clock of a simulation.

They have the methods of their namesakes in ``threading`` and ``concurrent.futures`` that the
service uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from types import SimpleNamespace
from typing import Any

from tests.simulation.scheduler import Scheduler, Signal


class SimulatedEvent:
    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._signal = Signal()

    def set(self) -> None:
        self._signal.set()

    def clear(self) -> None:
        self._signal.clear()

    def is_set(self) -> bool:
        return self._signal.is_set

    def wait(self, timeout: float | None = None) -> bool:
        return self._scheduler.wait(self._signal, timeout)


class SimulatedLock:
    """A lock that one task acquires and another releases."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._free = Signal()
        self._free.set()

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        while not self._free.is_set:
            if not blocking or not self._scheduler.wait(self._free, timeout):
                return False
        self._free.clear()
        return True

    def release(self) -> None:
        self._free.set()


class SimulatedCondition:
    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._signal = Signal()

    def __enter__(self) -> SimulatedCondition:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def wait(self, timeout: float | None = None) -> bool:
        return self._scheduler.wait(self._signal, timeout)

    def notify_all(self) -> None:
        signal, self._signal = self._signal, Signal()
        signal.set()


class SimulatedFuture(Future[Any]):
    """A future of which a task waits for the result."""

    scheduler: Scheduler  # of the running simulation

    def result(self, timeout: float | None = None) -> Any:
        if not self.done():
            signal = Signal()
            self.add_done_callback(lambda _: signal.set())
            if not self.scheduler.wait(signal, timeout):
                raise FutureTimeout
        return super().result(0)


def wait_for_futures(
    futures: Iterable[SimulatedFuture], timeout: float | None = None
) -> SimpleNamespace:
    """``concurrent.futures.wait`` for one future; ``done`` has it if it has ended."""
    (future,) = futures
    try:
        future.result(timeout)
    except Exception:
        pass
    return SimpleNamespace(done={future} if future.done() else set())


class SimulatedPool:
    """A pool of threads without a limit; ``owner`` is the process."""

    def __init__(self, scheduler: Scheduler, owner: Any) -> None:
        self._scheduler = scheduler
        self._owner = owner

    def submit(self, run: Callable[..., Any], *args: Any) -> SimulatedFuture:
        future = SimulatedFuture()

        def execute() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(run(*args))
            except BaseException as error:
                future.set_exception(error)

        self._scheduler.spawn(self._owner, execute)
        return future

    def shutdown(self, **_: object) -> None:
        pass


class SimulatedToolPool:
    """The pool of ``engine/tool_calls``: a call's thread belongs to the process that makes it."""

    def submit(self, run: Callable[..., Any], *args: Any) -> SimulatedFuture:
        scheduler = SimulatedFuture.scheduler
        task = scheduler.current
        return SimulatedPool(scheduler, task.owner if task else None).submit(run, *args)


class SimulatedTimers:
    def __init__(self, scheduler: Scheduler, owner: Any) -> None:
        self._scheduler = scheduler
        self._owner = owner

    def schedule(self, moment: float, call: Callable[[], object]) -> SimulatedTimer:
        timer = SimulatedTimer(call)
        delay = max(0.0, moment - self._scheduler.elapsed)
        self._scheduler.spawn(self._owner, timer.run, delay=delay)
        return timer


class SimulatedTimer:
    def __init__(self, call: Callable[[], object]) -> None:
        self._call: Callable[[], object] | None = call

    def cancel(self) -> None:
        self._call = None

    def run(self) -> None:
        """Make the call; its errors are its own, as those of a thread in a pool."""
        try:
            if self._call:
                self._call()
        except Exception:
            pass

"""Guards against a hang: they fail a test instead of letting it run for ever.

No test asserts how long something takes on an idle machine. The limits here are far above that, so
a busy machine passes, and far below what a hang or an algorithm of quadratic time needs.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def cpu_limit(seconds: float = 30.0) -> Iterator[None]:
    """Fail when the block uses more CPU time than this; for algorithms that must stay linear."""
    with _alarm(signal.SIGPROF, signal.ITIMER_PROF, seconds, "of CPU time"):
        yield


@contextmanager
def hang_guard(seconds: float = 60.0) -> Iterator[None]:
    """Fail when the block has not ended after this time; for what must not wait for ever."""
    with _alarm(signal.SIGALRM, signal.ITIMER_REAL, seconds, ""):
        yield


@contextmanager
def _alarm(number: signal.Signals, timer: int, seconds: float, unit: str) -> Iterator[None]:
    def expired(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"not finished after {seconds:g} seconds {unit}".rstrip())

    previous = signal.signal(number, expired)
    signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(number, previous)

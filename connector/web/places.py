"""Places for requests that keep a thread waiting for their caller: few in all, fewer for one key.

Without a bound some hundred of them, each allowed, would leave no thread for anybody else.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

# callers who wait for the end of a run that they did not start with this request
MAX_WAITING_CALLERS = 64
_WAITING_CALLERS_OF_ONE_KEY = 32
# bodies that are too large to be gathered before they get a thread
_MAX_LARGE_BODIES = 32
_LARGE_BODIES_OF_ONE_KEY = 8


class Places:
    """``total`` places, of which one key can have ``of_one_key``. Thread-safe."""

    def __init__(self, total: int, of_one_key: int) -> None:
        self._total = total
        self._of_one_key = of_one_key
        self._changed = threading.Condition()
        self._taken: Counter[str] = Counter()
        self._asking: Counter[str] = Counter()

    @contextmanager
    def take(self, key_id: str, *, seconds: float = 0.0) -> Iterator[bool]:
        """Whether there is a place for ``key_id``, which is taken during the block.

        Another request's place is waited for up to ``seconds``, by as many as one key can have.
        """
        with self._changed:
            has_place = self._wait(key_id, seconds)
            self._taken[key_id] += has_place
        try:
            yield has_place
        finally:
            with self._changed:
                _subtract(self._taken, key_id, has_place)
                self._changed.notify_all()

    def _wait(self, key_id: str, seconds: float) -> bool:
        def is_free() -> bool:
            return self._taken.total() < self._total and self._taken[key_id] < self._of_one_key

        if is_free() or not seconds or self._asking[key_id] >= self._of_one_key:
            return is_free()
        self._asking[key_id] += 1
        try:
            return self._changed.wait_for(is_free, seconds)
        finally:
            _subtract(self._asking, key_id, 1)


def _subtract(counts: Counter[str], key_id: str, count: int) -> None:
    counts[key_id] -= count
    if not counts[key_id]:
        del counts[key_id]


def waiting_callers() -> Places:
    """The places of callers who wait for the end of a run; who has none is answered at once."""
    return Places(MAX_WAITING_CALLERS, _WAITING_CALLERS_OF_ONE_KEY)


def large_bodies() -> Places:
    """The places of requests with large bodies, while these arrive."""
    return Places(_MAX_LARGE_BODIES, _LARGE_BODIES_OF_ONE_KEY)

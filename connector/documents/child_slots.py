"""How many child processes read files at once: each uses a whole core while it works.

One key gets as many as there are cores. Some more are left for others, so that the files of one
key, which may be made to take long, do not make them wait.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CORES = max(2, os.cpu_count() or 1)
_owner: ContextVar[str] = ContextVar("owner", default="")


@contextmanager
def children_of(key_id: str) -> Iterator[None]:
    """Count the children that this context starts as those of a key."""
    token = _owner.set(key_id)
    try:
        yield
    finally:
        _owner.reset(token)


class ChildSlots:
    """At most ``total`` children at once, ``of_one_key`` of them for one key. Thread-safe."""

    def __init__(self, of_one_key: int, total: int) -> None:
        self._of_one_key = of_one_key
        self._total = total
        self._changed = threading.Condition()
        self._running: Counter[str] = Counter()

    @contextmanager
    def take(self, deadline: float) -> Iterator[bool]:
        """Whether a slot was free before ``deadline``; it is taken during the block."""
        owner = _owner.get()

        def is_free() -> bool:
            return self._running.total() < self._total and self._running[owner] < self._of_one_key

        with self._changed:
            has_slot = self._changed.wait_for(is_free, max(0.0, deadline - time.monotonic()))
            self._running[owner] += has_slot
        try:
            yield has_slot
        finally:
            with self._changed:
                self._running[owner] -= has_slot
                if not self._running[owner]:
                    del self._running[owner]
                self._changed.notify_all()


CHILD_SLOTS = ChildSlots(_CORES, _CORES + max(1, _CORES // 2))

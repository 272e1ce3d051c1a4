"""Fair sharing of sender threads, so that slow or unavailable receivers do not delay the others."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["quick", "new", "slow", "silent"]

# The kind of a receiver is that of its last response: quick, slow or silent (no response); new has
# none yet. A kind and the kinds after it together have at most this share of all threads.
_SHARES: dict[Kind, float] = {"quick": 1.0, "new": 0.75, "slow": 0.5, "silent": 0.25}
# the threads that one receiver may have
_MAX_PER_RECEIVER: dict[Kind, int] = {"quick": 4, "new": 1, "slow": 4, "silent": 1}
_MAX_REMEMBERED = 10_000


@dataclass(frozen=True)
class _Receiver:
    kind: Kind = "new"
    paused_until: float = 0.0  # time.monotonic()


_NEW = _Receiver()


class FairScheduler:
    """Shares ``threads`` among receivers. Thread-safe; the history is lost with the process."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._in_progress: Counter[str] = Counter()
        self._receivers: dict[str, _Receiver] = {}

    @property
    def has_free_thread(self) -> bool:
        """Whether any thread is free."""
        with self._lock:
            return self._in_progress.total() < self._threads

    def allocate(self, receivers: Iterable[str]) -> dict[str, int]:
        """{receiver: messages that may be sent to it now}; earlier receivers are served first."""
        allocation: dict[str, int] = {}
        with self._lock:
            used = self._used_threads()
            for name in receivers:
                if used.total() >= self._threads:
                    break
                receiver = self._receivers.get(name, _NEW)
                per_receiver = _MAX_PER_RECEIVER[receiver.kind] - self._in_progress[name]
                free = min(self._free_threads(receiver.kind, used), per_receiver)
                if free > 0 and receiver.paused_until <= time.monotonic():
                    allocation[name] = free
                    used[receiver.kind] += free
        return allocation

    def start(self, receiver: str) -> None:
        """An attempt to send a message to the receiver starts."""
        with self._lock:
            self._in_progress[receiver] += 1

    def finish(self, receiver: str, kind: Kind, *, pause: float = 0.0) -> None:
        """The attempt has ended; nothing is sent to the receiver for ``pause`` seconds."""
        with self._lock:
            self._in_progress[receiver] -= 1
            if not self._in_progress[receiver]:
                del self._in_progress[receiver]
            self._receivers.pop(receiver, None)  # to keep the most recent last
            self._receivers[receiver] = _Receiver(kind, time.monotonic() + pause)
            if len(self._receivers) > _MAX_REMEMBERED:
                del self._receivers[next(iter(self._receivers))]

    def _used_threads(self) -> Counter[Kind]:
        used: Counter[Kind] = Counter()
        for name, count in self._in_progress.items():
            used[self._receivers.get(name, _NEW).kind] += count
        return used

    def _free_threads(self, kind: Kind, used: Mapping[Kind, int]) -> int:
        """The threads left for a kind, within its own share and that of each kind before it."""
        free = self._threads
        for share in _SHARES.values():
            if share >= _SHARES[kind]:
                in_use = sum(used[other] for other in used if _SHARES[other] <= share)
                free = min(free, int(self._threads * share) - in_use)
        return free

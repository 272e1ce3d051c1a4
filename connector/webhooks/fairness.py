"""Whose turn it is among receivers, so that those that are down or slow do not hold up the others."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["quick", "new", "slow", "silent"]

# a receiver that answered quickly the last time, one that nothing was sent to yet, one that was slow, and one that did not answer: each
# kind may have this share of all threads, together with the kinds after it, and each receiver of it so many
_SHARES: dict[Kind, float] = {"quick": 1.0, "new": 0.75, "slow": 0.5, "silent": 0.25}
_AT_ONCE: dict[Kind, int] = {"quick": 4, "new": 1, "slow": 4, "silent": 1}
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class _Known:
    kind: Kind = "new"
    paused_until: float = 0.0  # time.monotonic()


_NEW = _Known()


class Turns:
    """Who may have how many of ``threads``. Thread-safe. What is known of receivers is forgotten with the process."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()
        self._known: dict[str, _Known] = {}

    @property
    def is_free(self) -> bool:
        """Whether any thread is."""
        with self._lock:
            return self._under_way.total() < self._threads

    def free(self, receivers: Iterable[str]) -> dict[str, int]:
        """How many messages each of ``receivers`` may be sent now; those that come first are served first."""
        found: dict[str, int] = {}
        with self._lock:
            taken = self._taken()
            for receiver in receivers:
                if taken.total() >= self._threads:
                    break
                known = self._known.get(receiver, _NEW)
                room = min(self._room(known.kind, taken), _AT_ONCE[known.kind] - self._under_way[receiver])
                if room > 0 and known.paused_until <= time.monotonic():
                    found[receiver] = room
                    taken[known.kind] += room
        return found

    def begin(self, receiver: str) -> None:
        """A message is sent to it."""
        with self._lock:
            self._under_way[receiver] += 1

    def end(self, receiver: str, kind: Kind, *, pause: float = 0.0) -> None:
        """The try has ended and shown what kind of receiver it is; with ``pause`` it is left alone for so many seconds."""
        with self._lock:
            self._under_way[receiver] -= 1
            if not self._under_way[receiver]:
                del self._under_way[receiver]
            self._known.pop(receiver, None)  # so that it is the last to be forgotten
            self._known[receiver] = _Known(kind, time.monotonic() + pause)
            if len(self._known) > _MOST_REMEMBERED:
                del self._known[next(iter(self._known))]

    def _taken(self) -> Counter[Kind]:
        """How many threads each kind has now."""
        taken: Counter[Kind] = Counter()
        for receiver, count in self._under_way.items():
            taken[self._known.get(receiver, _NEW).kind] += count
        return taken

    def _room(self, kind: Kind, taken: Mapping[Kind, int]) -> int:
        """How many threads more a kind may have, within its own share and within that of each better kind."""
        wider = [share for share in _SHARES.values() if share >= _SHARES[kind]]
        used = {share: sum(taken[other] for other in taken if _SHARES[other] <= share) for share in wider}
        return min(int(self._threads * share) - used[share] for share in wider)

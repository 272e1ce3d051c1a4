"""Rate-limit counters in PostgreSQL, for several processes or machines without Redis.

A process takes calls from the database in slices, so that most calls cost no statement. All slices
of a window together are never more than the limit. A slice is a call at first and doubles up to a
hundredth of the limit, so a process that stops calling has left unused no more calls than it has
made, and never more than a hundredth. Below 200 calls a minute each call is counted by itself.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field

from sqlalchemy import Engine, text

# the database's clock, since those of machines differ; the first call after a window starts a new
# one
_NOW = "(extract(epoch FROM statement_timestamp()) * 1000)::bigint"
_COUNT = text(
    f"INSERT INTO rates (name, expires_ms, calls) VALUES (:name, {_NOW} + :length_ms, :calls) "  # noqa: S608  only our own words
    "ON CONFLICT (name) DO UPDATE SET "
    f"calls = CASE WHEN rates.expires_ms <= {_NOW} THEN excluded.calls "
    "ELSE rates.calls + excluded.calls END, "
    f"expires_ms = CASE WHEN rates.expires_ms <= {_NOW} THEN excluded.expires_ms "
    "ELSE rates.expires_ms END "
    f"RETURNING calls, expires_ms - {_NOW}"
)
_SLICES = 100  # the least number of slices in a window
_MAX_NAMES = 10_000


@dataclass
class _Slice:
    """What this process may still use of a window, until a moment of ``time.monotonic()``."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    free: int = 0
    size: int = 1  # of the next slice
    until: float = 0.0


class RateSlices:
    """Counts calls by name in the table ``rates``. Thread-safe; one per process."""

    def __init__(self, database: Engine) -> None:
        self._database = database.execution_options(isolation_level="AUTOCOMMIT")
        self._lock = threading.Lock()
        self._slices: dict[str, _Slice] = {}

    def hit(self, name: str, limit: int, seconds: int) -> int:
        """Count a call: 0 when it is allowed, else the seconds until the next window.

        ``limit`` is for a window of ``seconds``. Errors of the database are raised.
        """
        own = self._slice(name)
        with own.lock:  # one thread takes a slice for all
            if time.monotonic() >= own.until:
                own.free = 0
                own.size = 1
            if not own.free:
                left = self._take(own, name, limit, seconds)
                if not own.free:
                    return max(1, math.ceil(left))
            own.free -= 1
        return 0

    def _slice(self, name: str) -> _Slice:
        with self._lock:
            if len(self._slices) > _MAX_NAMES:
                now = time.monotonic()
                self._slices = {key: one for key, one in self._slices.items() if one.until > now}
            return self._slices.setdefault(name, _Slice())

    def _take(self, own: _Slice, name: str, limit: int, seconds: int) -> float:
        """Take the next slice, which may be empty; returns the seconds that its window lasts."""
        started = time.monotonic()
        values = {"name": name, "length_ms": seconds * 1000, "calls": own.size}
        with self._database.connect() as connection:
            calls, left_ms = connection.execute(_COUNT, values).one()
        own.free = max(0, min(own.size, limit - (calls - own.size)))
        own.until = started + left_ms / 1000
        own.size = min(2 * own.size, max(1, limit // _SLICES))
        return float(left_ms) / 1000

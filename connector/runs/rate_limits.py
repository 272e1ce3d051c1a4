"""Rate limits of keys: calls per minute, in fixed windows that start with a key's first call.

One process counts in memory, several count in a Redis (FORMCALL_LIMITS_URL) or else, in slices, in
the PostgreSQL that they share. While the counter does not respond, calls are allowed: spending is
limited by budgets, which are exact, and a service must not stop because its counter has.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import Engine

from connector.errors import FormcallError, SettingsError
from connector.settings import Settings
from connector.store.keys import Key
from connector.store.rates import RateSlices

if TYPE_CHECKING:
    from limits.storage import Storage
    from limits.strategies import FixedWindowRateLimiter

log = logging.getLogger("formcall")

_WINDOW_SECONDS = 60
_REDIS_TIMEOUT_SECONDS = 0.25  # for one try, of which there are two
_BACK_OFF_SECONDS = 5.0  # after a failure, during which the counter is not called
_WARNING_SECONDS = 60.0  # between two warnings
_SCHEMES = ("redis", "rediss", "redis+unix")
_INVALID_URL = (
    "FORMCALL_LIMITS_URL must be the address of a Redis, such as redis://127.0.0.1:6379/0."
)


class RateLimits:
    """Counts the calls of keys that have a rate. Thread-safe; one per process.

    ``SettingsError`` for a FORMCALL_LIMITS_URL that is not the address of a Redis.
    """

    def __init__(self, settings: Settings, database: Engine) -> None:
        self._url = settings.limits_url
        self._lock = threading.Lock()  # over making the limiter
        self._limiter: FixedWindowRateLimiter | None = None
        self._slices: RateSlices | None = None
        if not self._url and database.dialect.name == "postgresql":
            self._slices = RateSlices(database)
        # moments of time.monotonic()
        self._backs_off_until = 0.0
        self._next_warning = 0.0
        if self._url:
            self._limiter = self._make()

    def check(self, key: Key) -> None:
        """Count a call of ``key``; ``FormcallError`` (rate_limited) when it has made its number.

        A key without a rate is not counted.
        """
        rate = key.limits.rate_per_minute
        if rate is None or time.monotonic() < self._backs_off_until:
            return
        try:
            seconds = self._seconds_to_wait(key.id, rate)
        except Exception as error:  # each client of a counter has exceptions of its own
            self._back_off(error)
            return
        if seconds:
            calls = "one call" if rate == 1 else f"{rate} calls"
            detail = (
                f"This API key may make {calls} a minute and has made them. Try again in "
                f"{seconds} seconds."
            )
            raise FormcallError("rate_limited", detail, retry_after=seconds)

    def _seconds_to_wait(self, key_id: str, rate: int) -> int:
        """Count a call: 0 when it is allowed, else the seconds until the next window."""
        if self._slices:
            return self._slices.hit(f"{key_id}/{rate}", rate, _WINDOW_SECONDS)
        from limits import RateLimitItemPerMinute  # see _get_limiter

        limiter = self._get_limiter()
        item = RateLimitItemPerMinute(rate)
        if limiter.hit(item, key_id):
            return 0
        return max(1, math.ceil(limiter.get_window_stats(item, key_id).reset_time - time.time()))

    def _get_limiter(self) -> FixedWindowRateLimiter:
        # made, and its package imported, when first needed: most services have no key with a rate
        if self._limiter is None:
            with self._lock:
                self._limiter = self._limiter or self._make()
        return self._limiter

    def _make(self) -> FixedWindowRateLimiter:
        from limits.strategies import FixedWindowRateLimiter

        return FixedWindowRateLimiter(self._storage())

    def _storage(self) -> Storage:
        if self._url:
            return _redis(self._url)
        from limits.storage import MemoryStorage

        return MemoryStorage()

    def _back_off(self, error: Exception) -> None:
        now = time.monotonic()
        self._backs_off_until = now + _BACK_OFF_SECONDS
        if now > self._next_warning:
            self._next_warning = now + _WARNING_SECONDS
            log.warning(
                "calls cannot be counted (%s); the rates of keys are not enforced meanwhile",
                type(error).__name__,
            )


def _redis(url: str) -> Storage:
    if urlsplit(url).scheme not in _SCHEMES:
        raise SettingsError(_INVALID_URL)
    try:
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ModuleNotFoundError:
        raise SettingsError(
            'FORMCALL_LIMITS_URL needs the package redis: pip install "formcall[redis]".'
        ) from None
    from limits.storage import RedisStorage

    # one retry: a connection that the other side has closed is opened again
    options: dict[str, Any] = {
        "retry": Retry(NoBackoff(), 1),
        "socket_timeout": _REDIS_TIMEOUT_SECONDS,
        "socket_connect_timeout": _REDIS_TIMEOUT_SECONDS,
    }
    try:
        return RedisStorage(url, key_prefix="formcall", **options)
    except ValueError:  # its text quotes the address, which may contain a password
        raise SettingsError(_INVALID_URL) from None

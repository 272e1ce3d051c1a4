"""How many calls a minute a key may make, counted in windows that begin with a key's first call.

One process counts in its memory, several in a Redis (FORMCALL_LIMITS_URL) or else in the PostgreSQL they share. Where the count cannot
be asked, calls are let through: money is kept by budgets, which are exact, and a service must not stop because its counter has.
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

if TYPE_CHECKING:
    from limits.storage import Storage
    from limits.strategies import FixedWindowRateLimiter

log = logging.getLogger("formcall")

_REDIS_SECONDS = 0.25  # for one try, of which there are two
_REST_SECONDS = 5.0  # after a failure nobody waits for the counter for so long
_WARN_SECONDS = 60.0
_SCHEMES = ("redis", "rediss", "redis+unix")
_NOT_A_REDIS = "FORMCALL_LIMITS_URL must be the address of a Redis, such as redis://127.0.0.1:6379/0."


class Rates:
    """Counts the calls of keys that have a rate. Thread-safe; one for a process. ``SettingsError`` for an address that is no Redis."""

    def __init__(self, settings: Settings, database: Engine) -> None:
        self._url, self._database = settings.limits_url, database
        self._making = threading.Lock()
        self._limiter: FixedWindowRateLimiter | None = None
        self._rests_until = self._silent_until = 0.0
        if self._url:
            self._limiter = self._make()

    def check(self, key: Key) -> None:
        """Count a call of ``key``; ``FormcallError`` when it has made as many as it may. Keys without a rate cost nothing."""
        rate = key.allowance.rate_per_minute
        if rate is None or time.monotonic() < self._rests_until:
            return
        try:
            seconds = self._seconds_to_wait(key.id, rate)
        except Exception as error:  # of whatever kind the store's client has
            self._rest(error)
            return
        if seconds:
            times = "one call" if rate == 1 else f"{rate} calls"
            words = f"This API key may make {times} a minute and has made them. Try again in {seconds} seconds."
            raise FormcallError("rate_limited", words, retry_after=seconds)

    def _seconds_to_wait(self, key_id: str, rate: int) -> int:
        from limits import RateLimitItemPerMinute

        limiter, item = self._counting(), RateLimitItemPerMinute(rate)
        if limiter.hit(item, key_id):
            return 0
        return max(1, math.ceil(limiter.get_window_stats(item, key_id).reset_time - time.time()))

    def _counting(self) -> FixedWindowRateLimiter:
        if self._limiter is None:  # made when first needed: most services have no key with a rate
            with self._making:
                self._limiter = self._limiter or self._make()
        return self._limiter

    def _make(self) -> FixedWindowRateLimiter:
        from limits.strategies import FixedWindowRateLimiter

        return FixedWindowRateLimiter(self._storage())

    def _storage(self) -> Storage:
        if self._url:
            return _redis(self._url)
        if self._database.dialect.name == "postgresql":
            from connector.store.rates import SqlStorage

            return SqlStorage(self._database)
        from limits.storage import MemoryStorage

        return MemoryStorage()

    def _rest(self, error: Exception) -> None:
        now = time.monotonic()
        self._rests_until = now + _REST_SECONDS
        if now > self._silent_until:
            self._silent_until = now + _WARN_SECONDS
            log.warning("calls cannot be counted (%s); keys with a rate are let through meanwhile", type(error).__name__)


def _redis(url: str) -> Storage:
    if urlsplit(url).scheme not in _SCHEMES:
        raise SettingsError(_NOT_A_REDIS)
    try:
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ModuleNotFoundError:
        raise SettingsError('FORMCALL_LIMITS_URL needs the package redis: pip install "formcall[redis]".') from None
    from limits.storage import RedisStorage

    # a connection that the other side has closed meanwhile is opened again
    options: dict[str, Any] = {"retry": Retry(NoBackoff(), 1), "socket_timeout": _REDIS_SECONDS, "socket_connect_timeout": _REDIS_SECONDS}
    try:
        return RedisStorage(url, key_prefix="formcall", **options)
    except ValueError:  # its words quote the address, which may hold a password
        raise SettingsError(_NOT_A_REDIS) from None

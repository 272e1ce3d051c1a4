"""Ids and times as the tables store them."""

from __future__ import annotations

import datetime as dt
import secrets
import time


def new_id(prefix: str) -> str:
    """A new id such as run_0123..., which cannot be guessed.

    It starts with the time, so that tables grow at their end. With a prefix of 5 letters it has the
    40 characters of the tables' columns.
    """
    return f"{prefix}_{now_ms():012x}{secrets.token_hex(11)}"


def lowest_id(prefix: str, ms: int) -> str:
    """A lower bound of all ids of ``prefix`` made at ``ms`` or later, above all earlier ones."""
    return f"{prefix}_{max(0, ms):012x}"


def now_ms() -> int:
    """The current time, in whole milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def today() -> str:
    """The current day in UTC, such as 2026-01-31; spending is counted by it."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def iso_time(ms: int | None) -> str | None:
    """A stored time as responses show it: ISO 8601 in UTC."""
    if ms is None:
        return None
    text = dt.datetime.fromtimestamp(ms / 1000, dt.UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")

"""Ids and moments, as the tables keep them."""

from __future__ import annotations

import datetime as dt
import secrets
import time


def new_id(prefix: str) -> str:
    """A new id such as run_0123..., which nobody can guess. It begins with the time, so that tables grow at their end."""
    return f"{prefix}_{now_ms():012x}{secrets.token_hex(12)}"


def now_ms() -> int:
    """The moment, in whole milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def today() -> str:
    """The day in UTC, such as 2026-01-31: what is spent is counted by it."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def moment(ms: int | None) -> str | None:
    """A kept moment as an answer carries it: ISO 8601 in UTC."""
    return None if ms is None else dt.datetime.fromtimestamp(ms / 1000, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

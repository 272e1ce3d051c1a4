"""Ids and moments, as the tables keep them."""

from __future__ import annotations

import datetime as dt
import secrets
import time


def new_id(prefix: str) -> str:
    """A new id such as run_0123..., which nobody can guess. It begins with the time, so that tables grow at their end.

    With a prefix of 5 letters it has the 40 characters that the tables have room for.
    """
    return f"{prefix}_{now_ms():012x}{secrets.token_hex(11)}"


def id_from(prefix: str, ms: int) -> str:
    """What ids of ``prefix`` that were made at ``ms`` or later are above, and earlier ones below."""
    return f"{prefix}_{max(0, ms):012x}"


def now_ms() -> int:
    """The moment, in whole milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def today() -> str:
    """The day in UTC, such as 2026-01-31: what is spent is counted by it."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def moment(ms: int | None) -> str | None:
    """A kept moment as an answer carries it: ISO 8601 in UTC."""
    return None if ms is None else dt.datetime.fromtimestamp(ms / 1000, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""Counts for metrics; each reads only rows that an index leads to."""

from __future__ import annotations

from sqlalchemy import Engine, func, select

from connector.store.ids import lowest_id, now_ms
from connector.store.tables import IS_WAITING, deliveries

_HOUR_MS = 3_600_000


def count_waiting_deliveries(database: Engine) -> int:
    """The number of messages that are still to be sent."""
    query = select(func.count()).select_from(deliveries).where(IS_WAITING)
    with database.connect() as connection:
        return int(connection.execute(query).scalar_one())


def count_recent_deliveries(database: Engine) -> dict[str, int]:
    """The messages of the last hour, counted by state."""
    is_recent = deliveries.c.id > lowest_id("msg", now_ms() - _HOUR_MS)
    query = select(deliveries.c.state, func.count()).where(is_recent).group_by(deliveries.c.state)
    with database.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}

"""Counts of what lies in the tables, for those who watch over the service. Each looks only at rows that an index leads to."""

from __future__ import annotations

from sqlalchemy import Engine, func, select

from connector.store.ids import id_from, now_ms
from connector.store.tables import IS_WAITING, deliveries

_HOUR_MS = 3_600_000


def waiting_deliveries(database: Engine) -> int:
    """How many messages wait to be sent, or to be tried again."""
    with database.connect() as connection:
        found: int = connection.execute(select(func.count()).select_from(deliveries).where(IS_WAITING)).scalar_one()
        return found


def recent_deliveries(database: Engine) -> dict[str, int]:
    """What became of the messages of the last hour: how many there are in each state."""
    recent = deliveries.c.id > id_from("msg", now_ms() - _HOUR_MS)
    with database.connect() as connection:
        rows = connection.execute(select(deliveries.c.state, func.count()).where(recent).group_by(deliveries.c.state))
        return {row[0]: row[1] for row in rows}

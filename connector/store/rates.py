"""Calls counted in the database, where several machines share one and no Redis: the storage that the package `limits` lacks."""

from __future__ import annotations

import time
from typing import Any

from limits.storage import Storage
from sqlalchemy import Engine, delete, text
from sqlalchemy.exc import DBAPIError

from connector.store.tables import rates

# by the clock of the database, since those of machines differ; a window that is over begins anew with the call that finds it so
_NOW = "(extract(epoch FROM statement_timestamp()) * 1000)::bigint"
_COUNT = text(
    f"INSERT INTO rates (name, expires_ms, calls) VALUES (:name, {_NOW} + :length_ms, :calls) "  # noqa: S608  only our own words
    "ON CONFLICT (name) DO UPDATE SET "
    f"calls = CASE WHEN rates.expires_ms <= {_NOW} THEN excluded.calls ELSE rates.calls + excluded.calls END, "
    f"expires_ms = CASE WHEN rates.expires_ms <= {_NOW} THEN excluded.expires_ms ELSE rates.expires_ms END "
    "RETURNING calls"
)
_LOOK = text(f"SELECT calls, expires_ms - {_NOW} AS left_ms FROM rates WHERE name = :name")  # noqa: S608
_ASK = text("SELECT 1")


class SqlStorage(Storage):
    """Counts in the table ``rates`` of a PostgreSQL; each call is one statement, so processes count together and exactly."""

    STORAGE_SCHEME = None

    def __init__(self, database: Engine) -> None:
        super().__init__()
        self._database = database.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def base_exceptions(self) -> type[Exception]:
        return DBAPIError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count ``amount`` calls in the window ``key`` of ``expiry`` seconds; how many there are in it now."""
        with self._database.connect() as connection:
            found = connection.execute(_COUNT, {"name": key, "length_ms": expiry * 1000, "calls": amount})
            return int(found.scalar_one())

    def get(self, key: str) -> int:
        row = self._row(key)
        return int(row.calls) if row and row.left_ms > 0 else 0

    def get_expiry(self, key: str) -> float:
        """The end of the window, in seconds since 1970 by the clock of this machine."""
        row = self._row(key)
        return time.time() + (max(0, row.left_ms) / 1000 if row else 0)

    def check(self) -> bool:
        try:
            with self._database.connect() as connection:
                connection.execute(_ASK)
        except DBAPIError:
            return False
        return True

    def reset(self) -> int:
        with self._database.connect() as connection:
            return int(connection.execute(delete(rates)).rowcount)

    def clear(self, key: str) -> None:
        with self._database.connect() as connection:
            connection.execute(delete(rates).where(rates.c.name == key))

    def _row(self, key: str) -> Any:
        with self._database.connect() as connection:
            return connection.execute(_LOOK, {"name": key}).first()

"""The processes that serve or work, and their heartbeats by the clock of the database.

The clocks of hosts need not agree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Engine,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from connector.store.tables import hosts

_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(4627719)"
# a frozen leader loses the lock after this time; so does a slow one, and then two processes may
# lead at once, which does no harm
_LOCK_TIMEOUT = "SET LOCAL idle_in_transaction_session_timeout = '10s'"


class StoredHosts:
    """The table of hosts."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._is_sqlite = database.dialect.name == "sqlite"

    def beat(self, host: str, role: str) -> bool:
        """Record a heartbeat of ``host``; False when it is new, or was removed as dead."""
        values = {"role": role, "seen_at": func.now()}
        change = update(hosts).where(hosts.c.id == host).values(values)
        with self._autocommit() as connection:
            if connection.execute(change).rowcount:
                return True
            try:
                connection.execute(hosts.insert().values(id=host, **values))
            except IntegrityError:  # two heartbeats at the same moment
                return True
        return False

    def _autocommit(self) -> Connection:
        """A connection without transactions, so that a frozen process holds no locks."""
        return self._database.connect().execution_options(isolation_level="AUTOCOMMIT")

    def known(self) -> set[str]:
        """All hosts in the table."""
        with self._database.connect() as connection:
            return set(connection.execute(select(hosts.c.id)).scalars())

    def workers(self) -> set[str]:
        """The hosts of role "worker", also those that are silent and not removed yet."""
        with self._database.connect() as connection:
            query = select(hosts.c.id).where(hosts.c.role == "worker")
            return set(connection.execute(query).scalars())

    def dead(self, silent_seconds: float) -> list[str]:
        """The hosts without a heartbeat for ``silent_seconds``, the longest silent first."""
        is_silent = hosts.c.seen_at < self._time_ago(silent_seconds)
        query = select(hosts.c.id).where(is_silent).order_by(hosts.c.seen_at)
        with self._database.connect() as connection:
            return list(connection.execute(query).scalars())

    def _time_ago(self, seconds: float) -> ColumnElement[dt.datetime]:
        if self._is_sqlite:
            return func.datetime("now", f"-{seconds} seconds", type_=DateTime())
        return func.now() - dt.timedelta(seconds=seconds)

    def remove(self, host: str) -> None:
        """Remove ``host``: it has ended, or its work was recovered."""
        with self._autocommit() as connection:
            connection.execute(delete(hosts).where(hosts.c.id == host))

    @contextmanager
    def try_lead(self) -> Iterator[bool]:
        """Whether this process leads during the block; one does at a time.

        An SQLite database has one process, which always leads.
        """
        if self._is_sqlite:
            yield True
            return
        with self._database.connect() as connection:
            connection.execute(text(_LOCK_TIMEOUT))
            try:
                yield bool(connection.execute(text(_TRY_LOCK)).scalar())
            finally:
                _release(connection)


def _release(connection: Connection) -> None:
    try:
        connection.rollback()
    except DBAPIError:  # the server has closed the session
        connection.invalidate()

"""Who serves and works, and when each was last heard of, by the clock of the database: the clocks of hosts need not agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import ColumnElement, Connection, DateTime, Engine, delete, func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from connector.store.tables import hosts

_LEAD = "SELECT pg_try_advisory_xact_lock(4627719)"
# a leader that is frozen loses the lock after a while; so does one that is slow, and then two may lead, which does no harm
_FROZEN = "SET LOCAL idle_in_transaction_session_timeout = '10s'"


class StoredHosts:
    """The table of hosts in ``database``."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._sqlite = database.dialect.name == "sqlite"

    def beat(self, host: str, role: str) -> bool:
        """``host`` is alive; False when it was not in the table: it is new, or was thought dead and forgotten."""
        seen = {"role": role, "seen_at": func.now()}
        with self._at_once() as connection:
            if connection.execute(update(hosts).where(hosts.c.id == host).values(seen)).rowcount:
                return True
            try:
                connection.execute(hosts.insert().values(id=host, **seen))
            except IntegrityError:  # it beat twice at the same moment
                return True
        return False

    def _at_once(self) -> Connection:
        """A connection whose statements are each a transaction: a process that is frozen between two holds up nobody."""
        return self._database.connect().execution_options(isolation_level="AUTOCOMMIT")

    def known(self) -> set[str]:
        """All hosts in the table."""
        with self._database.connect() as connection:
            return set(connection.execute(select(hosts.c.id)).scalars())

    def dead(self, silent_seconds: float) -> list[str]:
        """The hosts that were not heard of for ``silent_seconds``."""
        silent = select(hosts.c.id).where(hosts.c.seen_at < self._ago(silent_seconds)).order_by(hosts.c.seen_at)
        with self._database.connect() as connection:
            return list(connection.execute(silent).scalars())

    def _ago(self, seconds: float) -> ColumnElement[dt.datetime]:
        if self._sqlite:
            return func.datetime("now", f"-{seconds} seconds", type_=DateTime())
        return func.now() - dt.timedelta(seconds=seconds)

    def forget(self, host: str) -> None:
        """Take ``host`` out of the table: it has ended, or what it left has been seen to."""
        with self._at_once() as connection:
            connection.execute(delete(hosts).where(hosts.c.id == host))

    @contextmanager
    def lead(self) -> Iterator[bool]:
        """Whether this process leads while the block lasts; one does at a time. SQLite has one process anyway."""
        if self._sqlite:
            yield True
            return
        with self._database.connect() as connection:
            connection.execute(text(_FROZEN))
            try:
                yield bool(connection.execute(text(_LEAD)).scalar())
            finally:
                _let_go(connection)


def _let_go(connection: Connection) -> None:
    try:
        connection.rollback()
    except DBAPIError:  # the server has ended the session
        connection.invalidate()

"""Who serves and works, and when each was last heard of, by the clock of the database: the clocks of hosts need not agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import ColumnElement, DateTime, Engine, delete, func, select, text, update
from sqlalchemy.exc import IntegrityError

from connector.store.tables import hosts

_LEAD = "SELECT pg_try_advisory_xact_lock(4627719)"
# a leader that is frozen loses the lock; this is longer than any sweep of a living one
_FROZEN = "SET LOCAL idle_in_transaction_session_timeout = '120s'"


class StoredHosts:
    """The table of hosts in ``database``. Times are seconds."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._sqlite = database.dialect.name == "sqlite"

    def beat(self, host: str, role: str) -> bool:
        """``host`` is alive; False when it was not in the table: it is new, or was thought dead and forgotten."""
        seen = update(hosts).where(hosts.c.id == host).values(seen_at=func.now(), role=role)
        with self._database.begin() as connection:
            if connection.execute(seen).rowcount:
                return True
        try:
            with self._database.begin() as connection:
                connection.execute(hosts.insert().values(id=host, role=role, seen_at=func.now()))
        except IntegrityError:  # two threads of the host beat for the first time
            return True
        return False

    def known(self) -> set[str]:
        """All hosts in the table."""
        with self._database.connect() as connection:
            return set(connection.execute(select(hosts.c.id)).scalars())

    def dead(self, silent_seconds: float) -> list[str]:
        """The hosts that were not heard of for so long."""
        silent = select(hosts.c.id).where(hosts.c.seen_at < self._ago(silent_seconds)).order_by(hosts.c.seen_at)
        with self._database.connect() as connection:
            return list(connection.execute(silent).scalars())

    def _ago(self, seconds: float) -> ColumnElement[dt.datetime]:
        if self._sqlite:
            return func.datetime("now", f"-{seconds} seconds", type_=DateTime())
        return func.now() - dt.timedelta(seconds=seconds)

    def forget(self, host: str) -> None:
        """Take ``host`` out of the table: it has ended, or what it left has been seen to."""
        with self._database.begin() as connection:
            connection.execute(delete(hosts).where(hosts.c.id == host))

    @contextmanager
    def lead(self) -> Iterator[bool]:
        """Whether this process leads while the block lasts; at most one does. SQLite has one process anyway."""
        if self._sqlite:
            yield True
            return
        with self._database.connect() as connection:
            connection.execute(text(_FROZEN))
            yield bool(connection.execute(text(_LEAD)).scalar())

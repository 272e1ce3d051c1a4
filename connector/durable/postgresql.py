"""Connections to PostgreSQL on which no wait lasts for ever.

A server that is cut off, frozen or overloaded does not answer, and the driver would wait for as
long as the network does. Here each wait of a connection ends, new connections are not tried by all
threads at once while the server is away, and the server itself ends what a frozen process left.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine, create_engine, event

if TYPE_CHECKING:
    from psycopg.abc import PQGen

STATEMENT_SECONDS = 8.0
# of each further statement after one that was not answered, and the least of any
_SUSPECT_SECONDS = 2.0
_CONNECT_SECONDS = 3
_PAUSE_SECONDS = 1.0  # between two tries to connect to a server that is away
_POOL_SECONDS = 5.0  # for a connection of the pool
_KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# set after the connection was made, since a pooler refuses them as options of its start
_SERVER_LIMITS = """
    SET statement_timeout = '60s';
    SET lock_timeout = '6s';
    SET idle_in_transaction_session_timeout = '15s'
"""


def create_bounded_engine(
    url: URL, *, statement_seconds: float = STATEMENT_SECONDS, **options: Any
) -> Engine:
    """An SQLAlchemy engine whose connections raise ``OperationalError`` instead of waiting."""
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_timeout=_POOL_SECONDS,
        **{"hide_parameters": True, **options},
    )
    server = _Server(statement_seconds)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, args: Any, given: dict[str, Any]) -> Any:
        seconds = math.ceil(_bounded(_CONNECT_SECONDS))
        return server.connect(*args, **{"connect_timeout": seconds, **_KEEPALIVE, **given})

    dialect: Any = engine.dialect
    dialect.do_ping = partial(_ping, dialect.do_ping)
    return engine


def _ping(ping: Callable[[Any], bool], connection: Any) -> bool:
    """Whether a connection of the pool is alive, which takes no time where it is."""
    with answered_by(time.monotonic()):
        return ping(connection)


@contextmanager
def long_statements(connection: Any) -> Iterator[None]:
    """Let the statements of an SQLAlchemy connection take any time, as those of a migration do."""
    driver = connection.connection.dbapi_connection
    if not hasattr(driver, "may_take_long"):  # another database
        yield
        return
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
    driver.may_take_long = True
    try:
        yield
    finally:
        driver.may_take_long = False


@contextmanager
def answered_by(moment: float) -> Iterator[None]:
    """In this thread, wait for a server until a moment of ``time.monotonic()``, or two seconds.

    A caller with little time is told in time that the database does not respond.
    """
    _current.deadline = moment
    try:
        yield
    finally:
        _current.deadline = math.inf


class _Current(threading.local):
    deadline = math.inf  # of this thread


_current = _Current()


def _bounded(seconds: float) -> float:
    """``seconds``, or those that remain for this thread's caller."""
    return min(seconds, max(_current.deadline - time.monotonic(), _SUSPECT_SECONDS))


class _Server:
    """What the connections of one engine know of their server. Thread-safe."""

    def __init__(self, statement_seconds: float) -> None:
        self._statement_seconds = statement_seconds
        self._lock = threading.Lock()
        self._is_suspect = False  # the last wait was in vain
        self._is_trying = False  # a thread connects, while others need not
        self._next_try = 0.0
        self._connection_class: Any = None

    @property
    def patience(self) -> float:
        """The seconds that a statement may take now."""
        return _bounded(_SUSPECT_SECONDS if self._is_suspect else self._statement_seconds)

    def report(self, *, answered: bool) -> None:
        self._is_suspect = not answered

    def connect(self, *args: Any, **options: Any) -> Any:
        """A new connection. While the server is away, one thread tries, once a second."""
        is_probe = self._begin_try()
        try:
            connection = self._get_class().connect(*args, **options)
            connection.server = self
            connection.autocommit = True
            connection.execute(_SERVER_LIMITS)
            connection.autocommit = False
        except BaseException:
            self.report(answered=False)
            self._next_try = time.monotonic() + _PAUSE_SECONDS
            raise
        finally:
            if is_probe:
                self._is_trying = False
        return connection

    def _begin_try(self) -> bool:
        with self._lock:
            if not self._is_suspect:
                return False
            if self._is_trying or time.monotonic() < self._next_try:
                raise _error("The database did not respond a moment ago.")
            self._is_trying = True
            return True

    def _get_class(self) -> Any:
        if self._connection_class is None:
            self._connection_class = _connection_class()
        return self._connection_class


def _error(message: str) -> Exception:
    from psycopg import OperationalError

    return OperationalError(message)


def _connection_class() -> Any:
    """A class of connections with bounded waits; the driver is optional, so imported here."""
    import psycopg
    from psycopg import errors

    class BoundedConnection(psycopg.Connection[Any]):
        server: _Server | None = None
        may_take_long = False

        def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
            server = self.server
            if server is None or self.may_take_long or timeout is not None:
                return super().wait(gen, interval, timeout)
            try:
                result = super().wait(gen, interval, server.patience)
            except errors._WaitTimeout:
                server.report(answered=False)
                self.pgconn.finish()  # its answer may still come, so it is of no use any more
                raise _error("The database does not respond.") from None
            server.report(answered=True)
            return result

    return BoundedConnection

"""A database that accepts connections and never answers: who has little time is told in time.

The ordinary limit of a statement is an hour in these tests, so that only the bound that is tested
can end a wait.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import DBAPIError

from connector.durable import postgresql
from connector.durable.postgresql import answered_by, create_bounded_engine
from connector.settings import Settings
from connector.store.database import open_database
from connector.store.ledger.changes import CreateRun
from connector.store.ledger.group_commit import Ledger
from connector.store.ledger.records import Reservation, StoreUnavailable
from tests.support.databases import SERVER, database_url
from tests.support.guards import hang_guard
from tests.support.ledger_asserts import run_values
from tests.support.service_harness import wait_until
from tests.support.tcp_proxy import TcpProxy, tcp_proxy

pytestmark = pytest.mark.slow
_HOUR = 3_600.0


@dataclass
class Hole:
    """A migrated PostgreSQL behind a proxy that can become a black hole."""

    engine: Engine
    proxy: TcpProxy


@pytest.fixture
def hole(tmp_path: Path) -> Iterator[Hole]:
    with database_url("postgresql") as address, tcp_proxy(5432) as proxy:
        open_database(Settings(data_dir=tmp_path, database_url=address)).dispose()
        proxied = address.replace(SERVER, f"postgres@127.0.0.1:{proxy.port}")
        engine = create_bounded_engine(make_url(proxied), statement_seconds=_HOUR)
        yield Hole(engine, proxy)
        proxy.cut()
        engine.dispose()


def test_a_socket_that_never_answers() -> None:
    """A new connection to a listening socket that never answers is given up."""
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL is installed")
    with socket.create_server(("127.0.0.1", 0)) as listener, hang_guard():
        url = make_url(f"postgresql+psycopg://x@127.0.0.1:{listener.getsockname()[1]}/x")
        engine = create_bounded_engine(url, statement_seconds=_HOUR)
        with answered_by(time.monotonic()), pytest.raises(DBAPIError):
            engine.connect()


def test_a_connection_of_the_pool_is_checked_in_time(hole: Hole) -> None:
    """A connection of the pool that no longer answers is noticed before it is used."""
    with hole.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    hole.proxy.hold()
    with hang_guard(), pytest.raises(DBAPIError):
        hole.engine.connect()


def test_a_change_whose_caller_has_little_time(hole: Hole) -> None:
    """The caller of a change that cannot be written is told so at the end of its time, whether its
    thread writes or waits for the thread that does; the change of a caller with more time is
    written when the database answers again."""
    ledger = Ledger(hole.engine)
    assert isinstance(ledger.write(CreateRun(run_values())), Reservation)
    hole.proxy.hold()
    with hang_guard(), pytest.raises(StoreUnavailable):
        ledger.write(_hurried())
    hole.proxy.mend()
    wait_until(lambda: _is_written(ledger))
    hole.proxy.hold()
    patient = CreateRun(run_values())
    with hang_guard(), ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(ledger.write, patient)
        wait_until(lambda: ledger._has_leader and not ledger._queue)
        with pytest.raises(StoreUnavailable):
            ledger.write(_hurried())
        assert not waiting.done()
        hole.proxy.mend()
        assert isinstance(waiting.result(), Reservation)
    ledger.close()


def _hurried() -> CreateRun:
    change = CreateRun(run_values())
    change.until = time.monotonic()
    return change


def _is_written(ledger: Ledger) -> bool:
    try:
        ledger.write(CreateRun(run_values()))
    except StoreUnavailable:
        return False
    return True


def test_how_long_a_statement_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement may take what remains for the caller of its thread, but two seconds in any case
    and never more than usual; other threads are not bounded by it."""
    server = postgresql._Server(8.0)
    monkeypatch.setattr(postgresql, "time", _Clock(100.0))
    for remaining, patience in ((-5.0, 2.0), (1.0, 2.0), (5.0, 5.0), (60.0, 8.0)):
        elsewhere: list[float] = []
        with answered_by(100.0 + remaining):
            assert server.patience == patience
            thread = threading.Thread(target=lambda: elsewhere.append(server.patience))  # noqa: B023
            thread.start()
            thread.join()
        assert (elsewhere, server.patience) == ([8.0], 8.0)
    server.report(answered=False)
    assert server.patience == 2.0


@dataclass
class _Clock:
    now: float

    def monotonic(self) -> float:
        return self.now

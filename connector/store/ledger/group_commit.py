"""The ledger's writer: each change of a run and of its key's spending, in one transaction.

A budget is enforced by reserving the most that a call can cost before it is made, and booking its
actual cost after it. Both happen here only, together with the run's record, so the two always
agree.

Threads that write at the same moment share a transaction (group commit): one becomes the leader and
writes all waiting changes, the others find theirs done. One call alone is one small transaction; a
hundred at once are a few larger ones, at an eighth to a third of the CPU time.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from connector.durable.postgresql import answered_by
from connector.errors import FormcallError
from connector.store.ledger.changes import Change, FinishRun, ReserveNextCall, T, apply_changes
from connector.store.ledger.control_changes import SettleReservation
from connector.store.ledger.records import StoreUnavailable
from connector.store.ledger.statements import Statements
from connector.store.ledger.transaction import Transaction

_MAX_GROUP = 200
# how long to retry while the database is unavailable or locked; callers may retry for longer
_RETRY_SECONDS = 2.0
_FIRST_PAUSE_SECONDS = 0.05
_MAX_CONFLICTS = 3
_LEAST_WAIT_SECONDS = 2.0  # for another thread's transaction


class Ledger:
    """Writes changes; thread-safe, one for each process. Several processes may share a database."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._queue: deque[Change[Any]] = deque()
        self._mutex = threading.Lock()
        self._has_leader = False  # a thread is writing, and will wake the next leader
        self._connection: Any = None
        self._statements = Statements(database.dialect)
        # False from a failed change to the next one that is written, here or by the heartbeat
        self.is_available = True
        driver: Any = database.dialect.loaded_dbapi
        # the database is unavailable or locked, or there was a deadlock
        self._transient: tuple[type[Exception], ...] = (
            driver.OperationalError,
            driver.InterfaceError,
            DBAPIError,
            PoolTimeout,
        )
        # two processes inserted the same key
        self._conflict: type[Exception] = driver.IntegrityError
        # called with the number of changes in each committed transaction
        self.on_commit: Callable[[int], object] = lambda count: None
        # notified when reserved money may be free again
        self.budget_freed = threading.Condition()
        # set when there are messages to send; the sender clears it
        self.messages_ready = threading.Event()

    def write(self, change: Change[T]) -> T:
        """Write ``change`` and return its outcome.

        Raises its ``FormcallError``, or ``StoreUnavailable``, also when the change has a moment
        ``until`` which its caller waits, and the database does not respond by then.
        """
        change.is_leader, change.error, change.committed = False, None, False
        change.wake.acquire(blocking=False)
        try:
            with self._mutex:
                self._queue.append(change)
                change.is_leader, self._has_leader = not self._has_leader, True
            if not change.is_leader:
                _wait_for_leader(change)
            if change.is_leader:
                self._lead(change)
        except BaseException:  # such as a signal
            self._withdraw(change)
            raise
        if change.error:
            raise change.error
        return cast(T, change.outcome)

    def mark_available(self) -> None:
        """A change outside of the ledger was written."""
        self.is_available = True

    def close(self) -> None:
        """Close the connection."""
        with self._mutex:
            self._drop_connection()

    # --- the leader ---

    def _lead(self, own: Change[Any]) -> None:
        """Write the queued changes, then pass the lead to the next waiting thread."""
        with self._mutex:
            count = min(len(self._queue), _MAX_GROUP)
            changes = [self._queue.popleft() for _ in range(count)]
        try:
            self._write_all(changes)
            self._notify_freed(changes)
        except BaseException:
            self._drop_connection()
            for change in changes:
                change.error = change.error if change.committed else StoreUnavailable()
            raise
        finally:
            for change in changes:
                if change is not own:
                    change.wake.release()
            with self._mutex:
                own.is_leader = False
                self._pass_lead()

    def _pass_lead(self) -> None:
        """Make the oldest waiting thread the leader. Called with the mutex held."""
        successor = self._queue[0] if self._queue else None
        self._has_leader = successor is not None
        if successor:
            successor.is_leader = True
            successor.wake.release()

    def _withdraw(self, change: Change[Any]) -> None:
        """The thread of ``change`` stops waiting for it."""
        with self._mutex:
            self._queue = deque(other for other in self._queue if other is not change)
            if change.is_leader:
                change.is_leader = False
                self._pass_lead()

    def _notify_freed(self, changes: list[Change[Any]]) -> None:
        freeing = FinishRun | ReserveNextCall | SettleReservation
        if any(isinstance(change, freeing) for change in changes):
            with self.budget_freed:
                self.budget_freed.notify_all()

    # --- transactions ---

    def _write_all(self, changes: list[Change[Any]]) -> None:
        """Write ``changes`` together; if that fails, one by one, so only the faulty one fails."""
        try:
            self._write_with_retries(changes)
        except self._transient:
            for change in changes:
                change.error = StoreUnavailable()
        except Exception:
            for change in changes:
                self._write_alone(change)

    def _write_alone(self, change: Change[Any]) -> None:
        for _ in range(_MAX_CONFLICTS):
            try:
                self._write_with_retries([change])
            except self._conflict:  # the other process's row is visible at the next try
                change.error = _conflict()
                continue
            except self._transient:
                change.error = StoreUnavailable()
            except Exception as error:
                change.error = error
            return

    def _write_with_retries(self, changes: list[Change[Any]]) -> None:
        """Write ``changes`` in one transaction, retrying transient failures for a short time."""
        until = max(change.until for change in changes)
        deadline = min(until, time.monotonic() + _RETRY_SECONDS)
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                with answered_by(until):
                    return self._write_once(changes)
            except self._transient:
                self.is_available = False
                self._drop_connection()
                if not self._statements.is_sqlite:
                    self._database.dispose()  # the pool's idle connections may be broken as well
                if time.monotonic() + pause > deadline:
                    raise
            except BaseException:
                self._drop_connection()
                raise
            time.sleep(pause)
            pause *= 2

    def _write_once(self, changes: list[Change[Any]]) -> None:
        if self._connection is None:
            self._connection = self._database.raw_connection()
        cursor = self._connection.cursor()
        if self._statements.is_sqlite:
            # SQLite may refuse to turn a reader into a writer, so begin as a writer
            cursor.execute("BEGIN IMMEDIATE")
        transaction = Transaction(cursor, self._statements)
        apply_changes(transaction, changes)
        self._commit(changes)
        self.is_available = True
        for change in changes:
            change.commit_count += 1
            change.committed, change.maybe_written = True, False
        cursor.close()
        if transaction.has_deliveries:
            self.messages_ready.set()
        self.on_commit(len(changes))

    def _commit(self, changes: list[Change[Any]]) -> None:
        try:
            self._connection.commit()
        except BaseException:
            for change in changes:
                change.mark_uncertain()
            raise

    def _drop_connection(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with suppress(Exception):
                # a closed SQLite connection keeps its lock while a cursor of it exists
                connection.rollback()
            connection.invalidate()


def _wait_for_leader(change: Change[Any]) -> None:
    """Wait until a change is written, or its thread is the next leader.

    ``StoreUnavailable`` when its caller does not wait as long; it may be written later.
    """
    if change.until == math.inf:
        change.wake.acquire()
        return
    seconds = max(change.until - time.monotonic(), _LEAST_WAIT_SECONDS)
    if not change.wake.acquire(timeout=seconds):
        raise StoreUnavailable


def _conflict() -> FormcallError:
    return FormcallError(
        "busy",
        "The same request is being accepted at this moment. Try again in a second.",
        retry_after=1,
    )

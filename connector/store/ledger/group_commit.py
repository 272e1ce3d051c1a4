"""The journal: every change of a run's record and of what its key has spent, each in one transaction, many at a time.

A budget is kept by reserving the most a call can cost before it is made and by booking what it did cost after it. Both happen
here and nowhere else, together with the run's own record, so that the two can never disagree.

Threads that write at the same moment share a transaction: whoever gets the turn writes what all have brought, the others find
theirs done. One call alone is one small transaction; a hundred at once are a few larger ones.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from connector.errors import FormcallError
from connector.store.group import Group
from connector.store.notes import End, More, Note, SettleRest, Unwritten
from connector.store.prepared import Statements

_MOST_TOGETHER = 200
_PATIENCE = 2.0  # seconds for a database that is away or busy; who must not give up writes again
_FIRST_PAUSE = 0.05
_CLASHES = 3

class Journal:
    """Writes notes; thread-safe, one for a process. Several processes may write to one database."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._waiting: deque[Note] = deque()
        self._door = threading.Lock()
        self._is_led = False  # some thread is writing; it will wake the next one
        self._connection: Any = None
        self._statements = Statements(database.dialect)
        driver: Any = database.dialect.loaded_dbapi
        # what may pass by itself: a database that is away or busy, a deadlock; and two that write the same at once
        self._passing: tuple[type[Exception], ...] = (driver.OperationalError, driver.InterfaceError, DBAPIError, NoConnection)
        self._clash: type[Exception] = driver.IntegrityError
        self.on_group: Callable[[int], object] = lambda together: None  # hears how many notes shared a transaction
        self.freed = threading.Condition()  # notified when money that was reserved may be free again
        self.told = threading.Event()  # set when there are messages to send; whoever sends them clears it

    def write(self, note: Note) -> Any:
        """What came of ``note``; raises its ``FormcallError``, or ``Unwritten``."""
        note.leads, note.error, note.written = False, None, False
        note.wake.acquire(blocking=False)
        try:
            with self._door:
                self._waiting.append(note)
                note.leads, self._is_led = not self._is_led, True
            if not note.leads:
                note.wake.acquire()  # it is written, or it is this thread's turn to write
            if note.leads:
                self._lead(note)
        except BaseException:  # a signal, say
            self._leave(note)
            raise
        if note.error:
            raise note.error
        return note.outcome

    def close(self) -> None:
        """Give up the connection."""
        with self._door:
            self._drop()

    def _lead(self, mine: Note) -> None:
        """Write all that wait, then leave the turn to whoever came meanwhile."""
        with self._door:
            notes = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_TOGETHER))]
        try:
            self._write_all(notes)
            self._tell_freed(notes)
        except BaseException:
            self._drop()
            for note in notes:
                note.error = note.error if note.written else Unwritten()
            raise
        finally:
            for note in notes:
                if note is not mine:
                    note.wake.release()
            with self._door:
                mine.leads = False
                self._pass_on()

    def _pass_on(self) -> None:
        """Whoever waits the longest writes next. The door is held."""
        following = self._waiting[0] if self._waiting else None
        self._is_led = following is not None
        if following:
            following.leads = True
            following.wake.release()

    def _leave(self, note: Note) -> None:
        """The thread that brought ``note`` does not wait for it any more."""
        with self._door:
            self._waiting = deque(one for one in self._waiting if one is not note)
            if note.leads:
                note.leads = False
                self._pass_on()

    def _tell_freed(self, notes: list[Note]) -> None:
        if any(isinstance(note, End | More | SettleRest) for note in notes):
            with self.freed:
                self.freed.notify_all()

    def _write_all(self, notes: list[Note]) -> None:
        """Write ``notes`` together, or else one by one: what cannot be written must not take the others along."""
        try:
            self._insist(notes)
        except self._passing:
            for note in notes:
                note.error = Unwritten()
        except Exception:
            for note in notes:
                self._write_alone(note)

    def _write_alone(self, note: Note) -> None:
        for _ in range(_CLASHES):
            try:
                self._insist([note])
            except self._clash:  # the same was written by somebody else at this moment, and can now be seen
                note.error = _clash()
                continue
            except self._passing:
                note.error = Unwritten()
            except Exception as error:
                note.error = error
            return

    def _insist(self, notes: list[Note]) -> None:
        """Write ``notes`` in one transaction; what may pass by itself gets a little time to do so."""
        until, pause = time.monotonic() + _PATIENCE, _FIRST_PAUSE
        while True:
            try:
                return self._try(notes)
            except self._passing:
                self._drop()
                if not self._statements.is_sqlite:
                    self._database.dispose()  # those that wait in the pool may be as broken
                if time.monotonic() + pause > until:
                    raise
            except BaseException:
                self._drop()
                raise
            time.sleep(pause)
            pause *= 2

    def _try(self, notes: list[Note]) -> None:
        connection = self._connection = self._connection or self._database.raw_connection()
        cursor = connection.cursor()
        if self._statements.is_sqlite:
            cursor.execute("BEGIN IMMEDIATE")  # a reader that becomes a writer may find that it is too late
        group = Group(cursor, self._statements, notes)
        group.write()
        self._commit(notes)
        for note in notes:
            note.commits += 1
            note.written, note.unsure = True, False
        cursor.close()
        if group.has_messages:
            self.told.set()
        self.on_group(len(notes))

    def _commit(self, notes: list[Note]) -> None:
        try:
            self._connection.commit()
        except BaseException:
            for note in notes:
                note.broke_off()
            raise

    def _drop(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with suppress(Exception):
                connection.rollback()  # a closed SQLite connection keeps its lock for as long as somebody holds a cursor of it
            connection.invalidate()


def _clash() -> FormcallError:
    return FormcallError("busy", "The same request is being taken in at this moment. Try again in a second.", retry_after=1)

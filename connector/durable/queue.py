"""Durable work: functions that are carried out to their end, whatever happens to the process."""

from __future__ import annotations

import datetime as dt
import logging
import os
import secrets
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sqlalchemy import URL
from sqlalchemy.engine import make_url

from connector.errors import FormcallError
from connector.jobs import machinery
from connector.jobs.jobsfile import hold, prepare
from connector.jobs.machinery import Queue
from connector.jobs.records import Load, Records
from connector.jobs.steps import Steps, places, plain

if TYPE_CHECKING:
    from dbos import DBOSClient

Role = Literal["all", "web", "worker"]
Work = Callable[..., Any]  # work(steps, *args); its arguments and its result are plain JSON

log = logging.getLogger("formcall")

_HOST_LENGTH = 60
_LAUNCH_SECONDS = 30.0
_NO_KEY = "-"  # all work without a key takes turns as if it had one


def host_name(address: str, role: Role) -> str:
    """The name under which this process holds work. Alone on a file it is always the same, so that a restart finds its work."""
    if role == "all" and make_url(address).get_backend_name() == "sqlite":
        return "local"
    return f"{socket.gethostname()[:_HOST_LENGTH]}-{os.getpid()}-{secrets.token_hex(6)}"


class Durable:
    """Work that outlives its process, in the database at ``address``: an SQLite file of its own, or PostgreSQL beside our tables.

    Declare what there is to do (``register``) and each ``queue``, then ``launch``, after any fork; then ``enqueue`` or ``start``. A
    process of role "web" carries out nothing. ``host`` names this process, see ``host_name``. At most ``threads`` pieces of work that
    were started, and not enqueued, go on at the same time; more of them wait for a thread.
    """

    _of_process: ClassVar[Durable | None] = None  # the engine can be there once in a process

    def __init__(self, address: str, *, role: Role, host: str, threads: int) -> None:
        self.role, self.host = role, host
        self._address, self._threads = _with_driver(make_url(address)), threads
        self._works: dict[str, Callable[..., Any]] = {}
        self._instead: dict[str, str] = {}
        self._queues: dict[str, Queue] = {}
        self._stopping, self._counting = threading.Event(), threading.Lock()
        self._going_on = self._process = 0
        self._wake: Callable[[], None] | None = None  # launches, when there is first something to do
        self._waking, self._is_waking = threading.Condition(), False
        self._lock: sqlite3.Connection | None = None
        self._records: Records
        self._client: DBOSClient

    @property
    def executes(self) -> bool:
        """Whether this process carries out work."""
        return self.role != "web"

    @property
    def is_alone(self) -> bool:
        """Whether no other process can carry out work of this database."""
        return self._address.get_backend_name() == "sqlite"

    # --- before the launch ---

    def register(self, name: str, work: Work, *, queue: str = "") -> None:
        """Make ``work`` known as ``name``; ``queue`` is where ``start`` puts it on a process that carries out nothing."""
        self._before_launch()
        self._works[name] = self._body(work)
        self._instead[name] = queue

    def queue(self, name: str, *, at_once: int, per_key: int | None = None, everywhere: int | None = None, look: float = 0.25) -> None:
        """Declare a queue, of which this process carries out ``at_once`` at the same time, and ``per_key`` of the same key.

        Keys take turns at each free place, so that many of one cannot hold up few of another. ``everywhere`` bounds all processes
        together. ``look`` are the seconds between looks for work, each of which takes about 2 ms of a processor.
        """
        self._before_launch()
        at_once = min(at_once, everywhere or at_once)
        self._queues[name] = Queue(at_once, min(per_key or at_once, at_once), everywhere, look)

    def _before_launch(self) -> None:
        if self._process:
            raise RuntimeError("Work and queues are declared before the launch.")

    def _body(self, work: Work) -> Callable[..., Any]:
        def body(*args: Any) -> Any:
            with self._counted():
                return _carried_out(work, Steps(machinery.current(), self._records, self._stopping), args)

        return body

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._counting:
            self._going_on += 1
        try:
            yield
        finally:
            with self._counting:
                self._going_on -= 1

    # --- launch and stop ---

    def launch(self) -> None:
        """Open the database, make what is missing in it, and begin to carry out what there is; a second call changes nothing."""
        if self._process == os.getpid():
            return
        if self._process or Durable._of_process:
            raise RuntimeError("Jobs are launched once in a process, and after it was forked.")
        with ExitStack() as undo:
            if lock := self._file_lock():
                undo.callback(lock.close)
            self._lock, self._records = lock, Records(self._address)
            self._client = machinery.client(self._address, web=not self.executes)
            if self.executes:  # from here on work goes on, and may enqueue other work
                undo.callback(machinery.end, 0)
                machinery.begin(self._address, self.host, self._works, self._queues, self._most_threads())
            undo.pop_all()
        Durable._of_process, self._process = self, os.getpid()

    def _most_threads(self) -> int:
        # so many that a queue always finds its threads; what was started comes twice, since a restart takes it up beside what is new
        return 2 * self._threads + sum(queue.at_once for queue in self._queues.values())

    def launch_when_needed(self, launch: Callable[[], None]) -> None:
        """Wait with the launch, which ``launch`` will make, until there is first something to do.

        The engine takes memory, threads and looks at its database all the time, and many a service never needs it. What is started or
        enqueued meanwhile is handed to it once it is there; whoever asks keeps record of it, so nothing is lost if the process dies first.
        """
        self._wake = launch

    def _need(self) -> None:
        """The engine is there after this; the first to need it waits a moment. ``FormcallError`` when it does not come up."""
        if self._process or self._wake is None:
            return
        with self._waking:
            if not self._is_waking:
                self._is_waking = True
                threading.Thread(target=self._launch_now, name="launch", daemon=True).start()
            self._waking.wait_for(lambda: not self._is_waking, timeout=_LAUNCH_SECONDS)
        if not self._process:
            raise FormcallError("busy", "The service is only starting. Try again in a few seconds.", retry_after=3)

    def _launch_now(self) -> None:
        try:
            if self._wake:
                self._wake()
        finally:
            with self._waking:
                self._is_waking = False
                self._waking.notify_all()

    def _file_lock(self) -> sqlite3.Connection | None:
        if self._address.get_backend_name() != "sqlite":
            return None
        path = Path(self._address.database or "")
        prepare(path)
        return hold(path) if self.executes else None

    def stop(self, seconds: float) -> bool:
        """Take up no more work, and end after what goes on has finished its step, at the latest after ``seconds``.

        False when a step was still going on. It goes on then, and is done again elsewhere or after a restart; the process ends by
        itself only after it. All work that was left is taken up again from its last finished step.
        """
        if not self._process:
            return True
        self._stopping.set()
        if self.executes:
            machinery.end(seconds if self._going_on else 0)
        self._client.destroy()
        self._records.close()
        Durable._of_process, self._process = None, 0
        if self._lock and not self._going_on:
            self._lock.close()
        return not self._going_on

    # --- work ---

    def start(self, name: str, id: str, *args: Any) -> None:
        """Carry out the work called ``name`` now, in this process. The same ``id`` a second time changes nothing."""
        self._need()
        if not self.executes:
            self.enqueue(self._instead[name], name, id, *args)
        else:
            machinery.start(self._works[name], id, plain(args))

    def enqueue(self, queue: str, name: str, id: str, *args: Any, key: str | None = None, delay: float = 0) -> None:
        """Put work into a queue, for any process, to be begun after ``delay`` seconds. The same ``id`` twice changes nothing."""
        if queue not in self._queues or name not in self._works:
            raise LookupError(f"There is no queue {queue!r}, or no work {name!r}.")
        self._need()
        machinery.enqueue(self._client, queue, name, id, plain(args), key=key or _NO_KEY, delay=delay)

    def status(self, id: str) -> str | None:
        """queued, running, done, failed or cancelled; None for an id that is not known, or whose work was pruned."""
        return self._records.states([id]).get(id) if self._process else None

    def cancel(self, *ids: str) -> None:
        """End work that has not ended. A step that is going on is finished; its work does nothing after it."""
        if self._process:
            self._client.cancel_workflows(list(ids))

    def prune(self, older_than: dt.datetime) -> int:
        """Delete what is known of work that ended before a moment; how many pieces that was."""
        pruned = 0
        while self._process and (ids := self._records.ended(older_than)):
            self._client.delete_workflows(ids)
            pruned += len(ids)
        return pruned

    def counts(self) -> dict[str, Load]:
        """What waits and runs, in all processes, by queue; what was started without a queue is under ""."""
        return {**dict.fromkeys(self._queues, Load()), **(self._records.loads() if self._process else {})}

    # --- for the watch over other processes ---

    def holders(self) -> set[str]:
        """The hosts that hold work."""
        return self._records.holders(machinery.VERSION) if self._process else set()

    def take_over(self, host: str) -> int:
        """Put what a dead host was carrying out back into its queues; how many pieces of work that was."""
        return machinery.take_over(host)


def _carried_out(work: Work, steps: Steps, args: tuple[Any, ...]) -> Any:
    try:
        return plain(work(steps, *args))
    except FormcallError:
        raise
    except Exception as error:
        log.error("work %s failed\n%s", steps.id, places(error))
        raise FormcallError("internal", "Something went wrong on our side.") from None


def _with_driver(address: URL) -> URL:
    return address.set(drivername="postgresql+psycopg") if address.get_backend_name() == "postgresql" else address

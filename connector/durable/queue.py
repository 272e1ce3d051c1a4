"""Durable jobs: functions that run to their end even if the process dies."""

from __future__ import annotations

import datetime as dt
import logging
import os
import secrets
import socket
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sqlalchemy import URL
from sqlalchemy.engine import make_url

from connector.durable import dbos_adapter
from connector.durable.dbos_adapter import QueueLimits
from connector.durable.sqlite_file import acquire_lock, enable_wal
from connector.durable.steps import Steps, json_copy, traceback_without_message
from connector.durable.workflow_table import QueueDepth, WorkflowTable
from connector.errors import FormcallError

if TYPE_CHECKING:
    from dbos import DBOSClient

Role = Literal["all", "web", "worker"]
Job = Callable[..., Any]  # job(steps, *args); its arguments and its result are plain JSON

log = logging.getLogger("formcall")

_HOST_LENGTH = 60
_LAUNCH_SECONDS = 30.0
_NO_KEY = "-"  # jobs without a key share this one


def host_name(address: str, role: Role) -> str:
    """The name under which this process owns jobs.

    A process alone on an SQLite file always has the same name, so that a restart finds its jobs.
    """
    if role == "all" and make_url(address).get_backend_name() == "sqlite":
        return "local"
    own = f"{os.getppid()}-{os.getpid()}-{secrets.token_hex(6)}"
    return f"{socket.gethostname()[:_HOST_LENGTH]}-{own}"


def supervised_by(host: str) -> str:
    """What the name of a process shares with those that are started in its place.

    That is its machine, and the process there which starts it again when it has ended.
    """
    return host.rsplit("-", 2)[0]


def elsewhere(host: str, workers: Iterable[str]) -> set[str]:
    """Those of ``workers`` that no supervisor of ``host`` has started."""
    return {worker for worker in workers if supervised_by(worker) != supervised_by(host)}


class JobQueue:
    """Jobs that survive their process, stored in the database at ``address``.

    That is an SQLite file of its own, or PostgreSQL beside our tables. Declare each job
    (``register``) and each ``queue``, then ``launch``, after any fork; then ``enqueue`` or
    ``start``. A process of role "web" runs no jobs. ``host`` names this process, see ``host_name``.
    At most ``threads`` started (not enqueued) jobs run at once; others wait for a thread.
    """

    _launched: ClassVar[JobQueue | None] = None  # a process can have the engine once

    def __init__(self, address: str, *, role: Role, host: str, threads: int) -> None:
        self.role = role
        self.host = host
        self._address = _with_driver(make_url(address))
        self._threads = threads
        self._jobs: dict[str, Callable[..., Any]] = {}
        self._queues_of_jobs: dict[str, str] = {}
        self._max_recoveries: dict[str, int] = {}
        self._queues: dict[str, QueueLimits] = {}
        self._stopping = threading.Event()
        self._running = 0
        self._running_lock = threading.Lock()
        self._process = 0  # the id of the process that launched it
        self._launch_on_demand: Callable[[], None] | None = None
        self._is_launching = False
        self._launching = threading.Condition()
        self._lock: sqlite3.Connection | None = None
        self._table: WorkflowTable
        self._client: DBOSClient

    @property
    def executes(self) -> bool:
        """Whether this process runs jobs."""
        return self.role != "web"

    @property
    def is_launched(self) -> bool:
        """Whether this process runs jobs, or can enqueue them."""
        return self._process == os.getpid()

    @property
    def is_single_process(self) -> bool:
        """Whether no other process can run jobs of this database."""
        return self._address.get_backend_name() == "sqlite"

    # --- before the launch ---

    def register(
        self,
        name: str,
        job: Job,
        *,
        queue: str = "",
        max_recoveries: int = dbos_adapter.MAX_RECOVERIES,
    ) -> None:
        """Declare ``job``; ``queue`` is where ``start`` puts it on a process that runs none.

        It has failed when its process has died more than ``max_recoveries`` times.
        """
        self._require_not_launched()
        self._jobs[name] = self._wrapped(job)
        self._max_recoveries[name] = max_recoveries
        self._queues_of_jobs[name] = queue

    def queue(
        self,
        name: str,
        *,
        concurrency: int,
        per_key: int | None = None,
        global_concurrency: int | None = None,
        poll_seconds: float = 0.25,
    ) -> None:
        """Declare a queue: this process runs ``concurrency`` of its jobs, ``per_key`` of each key.

        Keys take turns, so that many jobs of one cannot hold up few of another.
        ``global_concurrency`` limits all processes together. A poll takes about 2 ms of CPU time.
        """
        self._require_not_launched()
        concurrency = min(concurrency, global_concurrency or concurrency)
        self._queues[name] = QueueLimits(
            concurrency=concurrency,
            per_key=min(per_key or concurrency, concurrency),
            global_concurrency=global_concurrency,
            poll_seconds=poll_seconds,
        )

    def _require_not_launched(self) -> None:
        if self._process:
            raise RuntimeError("Jobs and queues are declared before the launch.")

    def _wrapped(self, job: Job) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            steps = Steps(dbos_adapter.current_workflow_id(), self._table, self._stopping)
            with self._counted():
                return _run(job, steps, args)

        return run

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._running_lock:
            self._running += 1
        try:
            yield
        finally:
            with self._running_lock:
                self._running -= 1

    # --- launch and stop ---

    def launch(self) -> None:
        """Open the database, create missing tables, and start to run jobs; once in a process."""
        if self._process == os.getpid():
            return
        if self._process or JobQueue._launched:
            raise RuntimeError("Jobs are launched once in a process, and after it was forked.")
        with ExitStack() as undo:
            self._lock = self._file_lock()
            if self._lock:
                undo.callback(self._lock.close)
            self._table = WorkflowTable(self._address)
            self._client = dbos_adapter.client(self._address, web=not self.executes)
            if self.executes:
                # from here on jobs run, and may enqueue others
                undo.callback(dbos_adapter.shutdown, 0)
                threads = self._max_threads()
                jobs = {
                    name: dbos_adapter.RecoverableJob(job, self._max_recoveries[name])
                    for name, job in self._jobs.items()
                }
                dbos_adapter.launch(self._address, self.host, jobs, self._queues, threads)
            undo.pop_all()
        JobQueue._launched = self
        self._process = os.getpid()

    def _max_threads(self) -> int:
        """Enough that each queue always finds its threads.

        Started jobs count twice: after a restart the recovered ones run beside the new ones.
        """
        queued = sum(queue.concurrency for queue in self._queues.values())
        return 2 * self._threads + queued

    def launch_on_demand(self, launch: Callable[[], None]) -> None:
        """Call ``launch`` when there is first something to do, instead of now.

        The engine takes memory, threads and polls all the time, and many a service never needs it.
        Jobs of callers in the meantime are in their own records, so none is lost if the process
        dies before the launch.
        """
        self._launch_on_demand = launch

    def _require_launched(self) -> None:
        """Launch if that was deferred, and wait for it; ``FormcallError`` when it fails."""
        if self._process or self._launch_on_demand is None:
            return
        with self._launching:
            if self._stopping.is_set():
                raise FormcallError("busy", "The service is stopping. Try again.", retry_after=3)
            if not self._is_launching:
                self._is_launching = True
                threading.Thread(target=self._launch_now, name="launch", daemon=True).start()
            self._launching.wait_for(lambda: not self._is_launching, timeout=_LAUNCH_SECONDS)
        if not self._process:
            raise FormcallError(
                "busy", "The service is still starting. Try again in a few seconds.", retry_after=3
            )

    def _launch_now(self) -> None:
        try:
            if self._launch_on_demand:
                self._launch_on_demand()
        except Exception as error:  # such as a database that is away; the next job tries again
            log.warning("the durable jobs did not start", exc_info=error)
        finally:
            with self._launching:
                self._is_launching = False
                self._launching.notify_all()

    def _file_lock(self) -> sqlite3.Connection | None:
        if not self.is_single_process:
            return None
        path = Path(self._address.database or "")
        enable_wal(path)
        return acquire_lock(path) if self.executes else None

    def stop(self, seconds: float) -> bool:
        """Start no more jobs, and stop when the running ones end a step, or after ``seconds``.

        False when a step is still running. It continues, is run again elsewhere or after a restart,
        and the process can end only after it. All unfinished jobs continue later from their last
        finished step.
        """
        with self._launching:
            self._stopping.set()  # from here on no launch on demand begins
            self._launching.wait_for(lambda: not self._is_launching, timeout=_LAUNCH_SECONDS)
        if not self._process:
            return True
        if self.executes:
            dbos_adapter.shutdown(seconds if self._running else 0)
        self._client.destroy()
        self._table.close()
        JobQueue._launched = None
        self._process = 0
        is_idle = not self._running
        if self._lock and is_idle:
            self._lock.close()
        return is_idle

    # --- jobs ---

    def start(self, name: str, id: str, *args: Any) -> None:
        """Run the job ``name`` now, in this process, unless ``id`` exists already."""
        self._require_launched()
        if self.executes:
            dbos_adapter.start(self._jobs[name], id, json_copy(args))
        else:
            self.enqueue(self._queues_of_jobs[name], name, id, *args)

    def enqueue(
        self, queue: str, name: str, id: str, *args: Any, key: str | None = None, delay: float = 0
    ) -> None:
        """Queue the job ``name`` for any process, unless ``id`` exists already.

        It starts after ``delay`` seconds.
        """
        if queue not in self._queues or name not in self._jobs:
            raise LookupError(f"There is no queue {queue!r}, or no job {name!r}.")
        self._require_launched()
        arguments = json_copy(args)
        dbos_adapter.enqueue(
            self._client, queue, name, id, arguments, key=key or _NO_KEY, delay=delay
        )

    def status(self, id: str) -> str | None:
        """queued, running, done, failed or cancelled; None for an unknown or pruned id."""
        return self.statuses([id]).get(id)

    def statuses(self, ids: Collection[str]) -> dict[str, str]:
        """The same of several jobs, without those that are unknown."""
        return self._table.states(list(ids)) if self._process else {}

    def cancel(self, *ids: str) -> None:
        """Cancel jobs that have not ended; a running one ends after its current step."""
        if self._process:
            self._client.cancel_workflows(list(ids))

    def prune(self, older_than: dt.datetime) -> int:
        """Delete the records of jobs that ended before a time; returns their number."""
        pruned = 0
        while self._process and (ids := self._table.finished_before(older_than)):
            self._client.delete_workflows(ids)
            pruned += len(ids)
        return pruned

    def depths(self) -> dict[str, QueueDepth]:
        """The depths of all queues, in all processes; jobs started without one are under ""."""
        depths = dict.fromkeys(self._queues, QueueDepth())
        if self._process:
            depths |= self._table.depths()
        return depths

    # --- for the recovery of other processes ---

    def holders(self) -> set[str]:
        """The hosts that own running jobs."""
        return self._table.holders(dbos_adapter.VERSION) if self._process else set()

    def recover_host(self, host: str) -> int:
        """Queue the running jobs of a dead host again; returns their number."""
        return dbos_adapter.recover_host(host)


def _run(job: Job, steps: Steps, args: tuple[Any, ...]) -> Any:
    try:
        return json_copy(job(steps, *args))
    except FormcallError:
        raise
    except Exception as error:
        log.error("job %s failed\n%s", steps.id, traceback_without_message(error))
        raise FormcallError("internal", "Something went wrong on our side.") from None


def _with_driver(address: URL) -> URL:
    if address.get_backend_name() == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    return address

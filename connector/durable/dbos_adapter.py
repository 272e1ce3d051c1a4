"""DBOS as we use it: what is switched off, what is bounded, and the one call of its that is not public."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL

from connector.jobs.records import SCHEMA

if TYPE_CHECKING:
    from dbos import DBOSClient

VERSION = "1"  # of the jobs: a process takes up work of its own version only, so jobs with another order of steps get another one
BEGINNINGS = 25  # work that was begun more often and never ended is given up as failed: it may be what kills the process
_APPLICATION = "formcall"
_AGAIN_SECONDS = 30.0
_CONNECTIONS, _CLIENT_CONNECTIONS = 10, 5


class Left(BaseException):
    """This process leaves a piece of work without an outcome: it was cancelled, is another process's now, or the process stops.

    Not an ``Exception``, so that no function takes it for a failure of its own.
    """


@dataclass(frozen=True)
class Queue:
    """The limits of a queue: in this process, in this process for one key, in all processes; and the seconds between looks."""

    at_once: int
    per_key: int
    everywhere: int | None
    look: float


class _Discreet(logging.Filter):
    """Keeps tracebacks and the words of failed work out of the log, since they may quote a caller, and says the same thing less often.

    What fails in work of ours is logged where it happens; a database that is away would be told of at every look.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.msg == "Exception encountered in background workflow:":
            return False
        record.msg, record.args = record.getMessage().partition("\n")[0], ()
        record.exc_info = record.exc_text = None
        place = (record.pathname, record.lineno)
        if record.created - self._said.get(place, 0.0) < _AGAIN_SECONDS:
            return False
        self._said[place] = record.created
        return True


_DISCREET = _Discreet()


def _quiet() -> None:
    """Its messages go where all messages go, and not to the console by themselves."""
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    logger.addFilter(_DISCREET)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _text(address: URL) -> str:
    return address.render_as_string(hide_password=False)


def begin(address: URL, host: str, works: Mapping[str, Callable[..., Any]], queues: Mapping[str, Queue], threads: int) -> None:
    """Start carrying out ``works`` here, what this host left unfinished first; the tables are made when they are missing."""
    from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

    _quiet()
    config: DBOSConfig = {
        "name": _APPLICATION,
        "application_version": VERSION,
        "executor_id": host,
        "system_database_url": _text(address),
        "dbos_system_schema": SCHEMA,
        "sys_db_pool_size": _CONNECTIONS,
        "db_engine_kwargs": {"hide_parameters": True, "pool_pre_ping": address.get_backend_name() != "sqlite"},
        "serializer": DBOSPortableJSONSerializer(),
        "max_executor_threads": threads,
        "use_listen_notify": False,  # we send no messages; without them it needs neither a connection nor a thread for that
        "scheduler_polling_interval_sec": 3600.0,  # we have no schedules
        "enable_otlp": False,
        "log_level": "WARNING",
    }
    DBOS(config=config)
    for name, work in works.items():
        DBOS.workflow(name=name, max_recovery_attempts=BEGINNINGS)(work)
    DBOS.listen_queues(list(queues))  # not those that an older release has left in the table
    DBOS.launch()
    for name, queue in queues.items():
        DBOS.register_queue(
            name,
            worker_concurrency=queue.at_once,
            partition_worker_concurrency=queue.per_key,
            global_concurrency=queue.everywhere,
            polling_interval_sec=queue.look,
        )


def end(seconds: float) -> None:
    """Take up no more, and wait up to ``seconds`` for what is going on."""
    from dbos import DBOS

    DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=math.ceil(seconds))


def client(address: URL, *, web: bool) -> DBOSClient:
    """A way to put work into queues, which carries out none. On a ``web`` process it makes the tables, and does not wait for a
    database that is away; elsewhere ``begin`` makes them, and work that is carried out waits."""
    from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

    _quiet()
    if web:
        DBOS.migrate(_text(address), schema=SCHEMA)
    return DBOSClient(
        system_database_url=_text(address),
        dbos_system_schema=SCHEMA,
        serializer=DBOSPortableJSONSerializer(),
        system_database_pool_size=_CLIENT_CONNECTIONS,
        application_name=_APPLICATION,
        retry_connection_errors=not web,
        lazy=not web,
    )


def start(work: Callable[..., Any], id: str, args: tuple[Any, ...]) -> None:
    """Carry out ``work`` in a thread of this process, unless ``id`` has been given before."""
    from dbos import DBOS, SetWorkflowID

    with SetWorkflowID(id):
        DBOS.start_workflow(work, *args)


def current() -> str:
    """The id of the work that this thread carries out."""
    from dbos import DBOS

    return DBOS.workflow_id or ""


def step(name: str, function: Callable[[], Any], stopping: threading.Event) -> Any:
    """What ``function`` gives, or gave before in the same place of the same work."""
    from dbos import DBOS, error

    try:
        return DBOS.run_step({"name": name}, function)
    except error.DBOSBaseException:  # cancelled, or given to another process while this one was thought dead
        raise Left from None
    except error.DBOSException:
        if stopping.is_set():  # the step outlasted the stop, and there is nothing left to write its result with
            raise Left from None
        raise


def take_over(host: str) -> int:
    """Give back what a dead process was carrying out, so that any process takes it up; how many pieces of work that was.

    Who does that is left to the operator of DBOS, but the only call for it that can be given a host has no public name.
    """
    from dbos import DBOS

    return len(DBOS._recover_pending_workflows([host]))


def enqueue(client: DBOSClient, queue: str, name: str, id: str, args: list[Any], *, key: str, delay: float) -> None:
    """Put work into a queue. Every piece has a key, since the engine passes over work without one where keys take turns."""
    from dbos import EnqueueOptions

    options: EnqueueOptions = {
        "queue_name": queue,
        "workflow_name": name,
        "workflow_id": id,
        "app_version": VERSION,
        "queue_partition_key": key,
    }
    if delay > 0:
        options["delay_seconds"] = delay
    client.enqueue(options, *args)

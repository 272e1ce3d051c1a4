"""The adapter to DBOS: its configuration, its limits, and its one private call that is used."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine

from connector.durable.postgresql import create_bounded_engine
from connector.durable.workflow_table import SCHEMA

if TYPE_CHECKING:
    from dbos import DBOSClient

# of the jobs: a process runs jobs of its own version only, so change it with the order of the steps
VERSION = "1"
# a job that was started more often and never ended has failed: it may be what kills the process
MAX_RECOVERIES = 25
_APPLICATION = "formcall"
_LOG_REPEAT_SECONDS = 30.0
_POOL_SIZE = 10
_CLIENT_POOL_SIZE = 5
_STATEMENT_SECONDS = 30.0  # it deletes many old jobs at once
_engines: list[Engine] = []  # of this process


class StepAborted(BaseException):
    """This process leaves a job without a result.

    The job was cancelled or belongs to another process now, or this process stops. Not an
    ``Exception``, so that no job takes it for a failure of its own.
    """


@dataclass(frozen=True)
class QueueLimits:
    """The limits of a queue: jobs in this process, of one key in it, and in all processes."""

    concurrency: int
    per_key: int
    global_concurrency: int | None
    poll_seconds: float


@dataclass(frozen=True)
class RecoverableJob:
    """A job, and how often it is started again after its process died."""

    function: Callable[..., Any]
    max_recoveries: int


class _RedactingFilter(logging.Filter):
    """Shortens the engine's log: no tracebacks, no texts of callers, and few repeats.

    Failures of jobs are logged where they happen; an unavailable database would be logged at every
    poll.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last_logged: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.msg == "Exception encountered in background workflow:":
            return False
        record.msg = record.getMessage().partition("\n")[0]
        record.args = ()
        record.exc_info = None
        record.exc_text = None
        source = (record.pathname, record.lineno)
        if record.created - self._last_logged.get(source, 0.0) < _LOG_REPEAT_SECONDS:
            return False
        self._last_logged[source] = record.created
        return True


_FILTER = _RedactingFilter()


def _configure_logging() -> None:
    """Send the engine's log to our handlers, instead of straight to the console."""
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    logger.addFilter(_FILTER)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _url_text(address: URL) -> str:
    return address.render_as_string(hide_password=False)


def _engine(address: URL, size: int) -> Engine | None:
    """The connections of the job engine to a PostgreSQL; None: it makes its own."""
    if address.get_backend_name() != "postgresql":
        return None
    engine = create_bounded_engine(
        address, statement_seconds=_STATEMENT_SECONDS, pool_size=size, max_overflow=0
    )
    _engines.append(engine)
    return engine


def launch(
    address: URL,
    host: str,
    jobs: Mapping[str, RecoverableJob],
    queues: Mapping[str, QueueLimits],
    threads: int,
) -> None:
    """Create missing tables and start to run ``jobs`` here, first those this host left open."""
    # DBOS is imported in each function, since a process that runs no jobs does without its memory
    from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

    _configure_logging()
    config: DBOSConfig = {
        "name": _APPLICATION,
        "application_version": VERSION,
        "executor_id": host,
        "system_database_url": _url_text(address),
        "dbos_system_schema": SCHEMA,
        "sys_db_pool_size": _POOL_SIZE,
        "system_database_engine": _engine(address, _POOL_SIZE),
        "db_engine_kwargs": {"hide_parameters": True},
        "serializer": DBOSPortableJSONSerializer(),
        "max_executor_threads": threads,
        # no messages are sent, so no connection and no thread is needed for them
        "use_listen_notify": False,
        "scheduler_polling_interval_sec": 3600.0,  # there are no schedules
        "enable_otlp": False,
        "log_level": "WARNING",
    }
    DBOS(config=config)
    for name, job in jobs.items():
        DBOS.workflow(name=name, max_recovery_attempts=job.max_recoveries)(job.function)
    DBOS.listen_queues(list(queues))  # without those that an older release left in the table
    DBOS.launch()
    for name, queue in queues.items():
        DBOS.register_queue(
            name,
            worker_concurrency=queue.concurrency,
            partition_worker_concurrency=queue.per_key,
            global_concurrency=queue.global_concurrency,
            polling_interval_sec=queue.poll_seconds,
        )


def shutdown(seconds: float) -> None:
    """Start no more jobs, and wait up to ``seconds`` for the running ones."""
    from dbos import DBOS

    DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=math.ceil(seconds))
    while _engines:  # the engine does not dispose of what it was given
        _engines.pop().dispose()


def client(address: URL, *, web: bool) -> DBOSClient:
    """A client that enqueues jobs and runs none.

    On a ``web`` process it creates the tables, elsewhere ``launch`` does. It does not wait for an
    unavailable database.
    """
    from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

    _configure_logging()
    if web:
        DBOS.migrate(_url_text(address), schema=SCHEMA)
    return DBOSClient(
        system_database_url=_url_text(address),
        dbos_system_schema=SCHEMA,
        serializer=DBOSPortableJSONSerializer(),
        system_database_engine=_engine(address, _CLIENT_POOL_SIZE),
        system_database_pool_size=_CLIENT_POOL_SIZE,
        application_name=_APPLICATION,
        # a caller waits for it; what is not enqueued is in our records, and recovery enqueues it
        retry_connection_errors=False,
        lazy=not web,
    )


def start(job: Callable[..., Any], id: str, args: tuple[Any, ...]) -> None:
    """Run ``job`` in a thread of this process, unless ``id`` exists already."""
    from dbos import DBOS, SetWorkflowID

    with SetWorkflowID(id):
        DBOS.start_workflow(job, *args)


def current_workflow_id() -> str:
    """The id of the job that this thread runs, "" outside a job."""
    from dbos import DBOS

    return DBOS.workflow_id or ""


def run_step(name: str, function: Callable[[], Any], stopping: threading.Event) -> Any:
    """The result of ``function``, or the stored one of the same step of the same job."""
    from dbos import DBOS, error

    try:
        return DBOS.run_step({"name": name}, function)
    except error.DBOSBaseException:
        # the job was cancelled, or given to another process while this one was taken for dead
        raise StepAborted from None
    except error.DBOSException:
        if stopping.is_set():
            # the step took longer than the shutdown, and its result cannot be stored any more
            raise StepAborted from None
        raise


def recover_host(host: str) -> int:
    """Queue the jobs of a dead process again, for any process; returns their number.

    DBOS leaves recovery to its operator, but its only call for it that takes a host is private.
    """
    from dbos import DBOS

    return len(DBOS._recover_pending_workflows([host]))


def enqueue(
    client: DBOSClient, queue: str, name: str, id: str, args: list[Any], *, key: str, delay: float
) -> None:
    """Put a job into a queue. Each needs a key: a partitioned queue ignores jobs without one."""
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

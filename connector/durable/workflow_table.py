"""Reads the job engine's table of workflows: states, queue depths, and the owners of jobs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, column, create_engine, func, literal_column, select, table

from connector.durable.postgresql import create_bounded_engine

SCHEMA = "formcall_jobs"  # of the engine's tables in a PostgreSQL database that it shares with ours
ENDED = ("done", "failed", "cancelled")
_STATES = {
    "ENQUEUED": "queued",
    "DELAYED": "queued",
    "PENDING": "running",
    "SUCCESS": "done",
    "ERROR": "failed",
    # started so often without an end that it may be what kills the process
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
    "CANCELLED": "cancelled",
}
_CHUNK = 500  # ids in one statement
_COLUMNS = (
    "workflow_uuid",
    "status",
    "queue_name",
    "executor_id",
    "application_version",
    "completed_at",
)


@dataclass(frozen=True)
class QueueDepth:
    """The numbers of queued and running jobs of a queue, in all processes."""

    queued: int = 0
    running: int = 0


class WorkflowTable:
    """Reads of the engine's records at ``address``; changes go through the engine itself."""

    def __init__(self, address: URL) -> None:
        is_sqlite = address.get_backend_name() == "sqlite"
        create = create_engine if is_sqlite else create_bounded_engine
        self._engine = create(address, pool_size=2, max_overflow=6, hide_parameters=True)
        columns: list[Any] = [column(name) for name in _COLUMNS]
        self._table = table("workflow_status", *columns, schema=None if is_sqlite else SCHEMA)

    def states(self, ids: Iterable[str]) -> dict[str, str]:
        """The states of those of ``ids`` that exist: queued, running, done, failed, cancelled."""
        workflow = self._table.c
        all_ids = list(ids)
        states: dict[str, str] = {}
        with self._engine.connect() as connection:
            for start in range(0, len(all_ids), _CHUNK):
                chunk = workflow.workflow_uuid.in_(all_ids[start : start + _CHUNK])
                query = select(workflow.workflow_uuid, workflow.status).where(chunk)
                for id_, status in connection.execute(query):
                    states[id_] = _STATES[status]
        return states

    def depths(self) -> dict[str, QueueDepth]:
        """Queued and running jobs by queue; jobs started without a queue are under ""."""
        counts: dict[str, dict[str, int]] = {}
        # two conditions, each that of a partial index of the engine
        for statuses in ("('ENQUEUED', 'PENDING')", "('DELAYED')"):
            for queue, status, count in self._count(statuses):
                # the engine's own queues, for jobs without one, start with "_"
                name = "" if queue.startswith("_") else queue
                states = counts.setdefault(name, {})
                states[_STATES[status]] = states.get(_STATES[status], 0) + count
        return {queue: QueueDepth(**states) for queue, states in counts.items()}

    def _count(self, statuses: str) -> list[tuple[str, str, int]]:
        workflow = self._table.c
        queue = func.coalesce(workflow.queue_name, "")
        # literals, since only then the partial indexes are used
        is_open: Any = literal_column(f"status IN {statuses}")
        query = select(queue, workflow.status, func.count()).where(is_open)
        with self._engine.connect() as connection:
            rows = connection.execute(query.group_by(queue, workflow.status))
            return [(row[0], row[1], row[2]) for row in rows]

    def holders(self, version: str) -> set[str]:
        """The hosts that own running jobs of this version."""
        workflow = self._table.c
        is_pending: Any = literal_column("status = 'PENDING'")
        of_version = workflow.application_version == version
        query = select(workflow.executor_id).where(is_pending, of_version).distinct()
        with self._engine.connect() as connection:
            return set(connection.execute(query).scalars()) - {None}

    def finished_before(self, time: dt.datetime) -> list[str]:
        """The ids of up to 500 jobs that ended before ``time``."""
        workflow = self._table.c
        is_old = workflow.completed_at < int(time.timestamp() * 1000)
        query = select(workflow.workflow_uuid).where(is_old).limit(_CHUNK)
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def close(self) -> None:
        self._engine.dispose()

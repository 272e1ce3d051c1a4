"""What the job engine has written down, read straight from its table of workflows: states, queues, who holds what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, column, create_engine, func, literal_column, select, table

SCHEMA = "formcall_jobs"  # of the engine's tables in a PostgreSQL database that is also ours
ENDED = ("done", "failed", "cancelled")
_STATES = {
    "ENQUEUED": "queued",
    "DELAYED": "queued",
    "PENDING": "running",
    "SUCCESS": "done",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",  # begun so often without an end that it may be what kills the process
    "CANCELLED": "cancelled",
}
_AT_ONCE = 500  # ids in one statement
_COLUMNS = ("workflow_uuid", "status", "queue_name", "executor_id", "application_version", "completed_at")


@dataclass(frozen=True)
class Load:
    """How many pieces of work wait in a queue, and how many of it are being carried out anywhere."""

    queued: int = 0
    running: int = 0


class Records:
    """Reads of the engine's records at ``address``; what changes them goes through the engine."""

    def __init__(self, address: URL) -> None:
        sqlite = address.get_backend_name() == "sqlite"
        self._engine = create_engine(address, pool_size=2, max_overflow=6, hide_parameters=True, pool_pre_ping=not sqlite)
        self._table = table("workflow_status", *map(column, _COLUMNS), schema=None if sqlite else SCHEMA)

    def states(self, ids: Iterable[str]) -> dict[str, str]:
        """The state of each of ``ids`` that is known: queued, running, done, failed or cancelled."""
        work, asked = self._table.c, list(ids)
        found: dict[str, str] = {}
        with self._engine.connect() as connection:
            for start in range(0, len(asked), _AT_ONCE):
                some = work.workflow_uuid.in_(asked[start : start + _AT_ONCE])
                rows = connection.execute(select(work.workflow_uuid, work.status).where(some))
                found.update({row.workflow_uuid: _STATES[row.status] for row in rows})
        return found

    def loads(self) -> dict[str, Load]:
        """What waits and runs, by queue; what was started without one is under the name ""."""
        work = self._table.c
        counts: dict[str, dict[str, int]] = {}
        name = func.coalesce(work.queue_name, "")
        # the words stand in the statement itself, since only then are the partial indexes used
        for statuses in ("('ENQUEUED', 'PENDING')", "('DELAYED')"):
            open_work: Any = literal_column(f"status IN {statuses}")
            with self._engine.connect() as connection:
                rows = connection.execute(select(name, work.status, func.count()).where(open_work).group_by(name, work.status))
                for queue, status, count in rows:
                    states = counts.setdefault("" if queue.startswith("_") else queue, {})
                    states[_STATES[status]] = states.get(_STATES[status], 0) + count
        return {queue: Load(**states) for queue, states in counts.items()}

    def holders(self, version: str) -> set[str]:
        """The processes that work of this job version is with."""
        work = self._table.c
        held: Any = (literal_column("status = 'PENDING'"), work.application_version == version)
        with self._engine.connect() as connection:
            return set(connection.execute(select(work.executor_id).where(*held).distinct()).scalars()) - {None}

    def ended(self, before: dt.datetime) -> list[str]:
        """The ids of some pieces of work that ended before a moment."""
        work = self._table.c
        old = work.completed_at < int(before.timestamp() * 1000)
        with self._engine.connect() as connection:
            return list(connection.execute(select(work.workflow_uuid).where(old).limit(_AT_ONCE)).scalars())

    def close(self) -> None:
        self._engine.dispose()

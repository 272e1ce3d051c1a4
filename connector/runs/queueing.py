"""The durable jobs of runs: the queue of runs, and the follow-up of a run in progress.

A queued run is executed by any process that takes its job from the queue. A run in progress whose
caller no longer waits gets a follow-up job: it waits for the run's attempt in this process and,
after a crash, executes the next one.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any, Protocol

log = logging.getLogger("formcall")

# both names are stored in the database of the jobs
QUEUE = "runs"
JOB = "carry_out"
_WITHOUT_RESULT = {"failed", "cancelled"}  # states of a job that nothing continues


class JobStarter(Protocol):
    """The part of the job queue that runs need: durable jobs, each under an id of its own."""

    def start(self, name: str, id: str, *args: Any) -> None: ...

    def enqueue(
        self, queue: str, name: str, id: str, *args: Any, key: str | None = None
    ) -> None: ...

    def status(self, id: str) -> str | None: ...

    def statuses(self, ids: Collection[str]) -> dict[str, str]: ...


class RunQueue:
    """Starts the durable jobs of runs.

    Before ``jobs`` is set, at the launch, nothing is started: the records of the runs state what
    is due, and recovery starts their jobs after the launch.
    """

    def __init__(self) -> None:
        self.jobs: JobStarter | None = None

    def start_follow_up(self, run_id: str, attempt: int) -> None:
        """Start the follow-up job of a durable run's ``attempt``; a second one changes nothing."""
        if self.jobs:
            self.jobs.start(JOB, _follow_up_id(run_id, attempt), run_id, attempt)

    def enqueue(self, run_id: str, attempt: int, key_id: str) -> None:
        """Put a run into the queue; where that fails, the next round of recovery does it."""
        try:
            self._enqueue(run_id, attempt, key_id)
        except Exception as error:
            log.warning("a run is not in the queue yet", extra={"run_id": run_id}, exc_info=error)

    def enqueue_missing(self, run_id: str, attempt: int, key_id: str) -> bool:
        """Enqueue a queued run unless its job is there; False when that job failed for good."""
        if self.jobs is None:
            return True
        state = self.jobs.status(_queued_job_id(run_id, attempt))
        if state is None:
            self._enqueue(run_id, attempt, key_id)
        return state not in _WITHOUT_RESULT

    def abandoned(self, attempts: Mapping[str, int]) -> set[str]:
        """Of runs in progress, by id with their attempt, those whose follow-up job failed for good.

        Its processes died too often, before the run itself could be taken over.
        """
        if self.jobs is None or not attempts:
            return set()
        run_ids = {_follow_up_id(run_id, attempt): run_id for run_id, attempt in attempts.items()}
        states = self.jobs.statuses(run_ids)
        return {run_ids[job] for job, state in states.items() if state in _WITHOUT_RESULT}

    def _enqueue(self, run_id: str, attempt: int, key_id: str) -> None:
        if self.jobs:
            job_id = _queued_job_id(run_id, attempt)
            self.jobs.enqueue(QUEUE, JOB, job_id, run_id, attempt, key=key_id)


def _follow_up_id(run_id: str, attempt: int) -> str:
    return f"{run_id}.{attempt}"


def _queued_job_id(run_id: str, attempt: int) -> str:
    return f"{run_id}.q{attempt}"

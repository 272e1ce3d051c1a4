"""Recovery of the runs of a process that has stopped.

Durable runs continue in another process, the others are marked as interrupted.

A call whose reply was never received may have been billed, so it is charged at its maximum
possible cost. An interrupted run keeps its reservation for an hour, or until it is run again; then
the reservation is booked in full, marked as estimated.
"""

from __future__ import annotations

import logging

from connector.errors import FormcallError
from connector.runs.deaths import gave_up
from connector.runs.responses import FAILED, event_json, problem_json
from connector.runs.runner import Runner
from connector.store.ids import now_ms
from connector.store.ledger.control_changes import MarkInterrupted, SettleReservation
from connector.store.ledger.group_commit import Ledger
from connector.store.rows import OpenRunRow

log = logging.getLogger("formcall")

SETTLE_MS = 3_600_000


class Recovery:
    """Recovers runs that no process executes. Each method may be called any number of times."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._records = runner.records
        self._ledger = runner.ledger

    def recover_host(self, host: str) -> None:
        """Recover the runs of a process that has stopped; what it has kept on disk comes first."""
        self._runner.write_kept_ends()
        for row in self._inactive_runs(host):
            if row.durable:
                self._runner.queue.start_follow_up(row.id, row.attempt)
            elif row.status == "running":
                mark_interrupted(self._ledger, row.id)

    def recover_own(self, host: str) -> None:
        """Mark runs of this process that it does not execute, such as after a failed write."""
        for row in self._inactive_runs(host):
            if row.status == "running" and not row.durable:
                mark_interrupted(self._ledger, row.id)

    def enqueue_missing(self) -> None:
        """Enqueue queued runs without a job: their process stopped before, or it failed to.

        Runs whose job was given up have failed (gave_up).
        """
        for row in self._inactive_runs(""):
            if row.status == "queued":
                self._runner.enqueue_missing(row)
        self._fail_abandoned()

    def _fail_abandoned(self) -> None:
        """End promised runs whose job was given up, since nothing else continues them."""
        promised = {
            row.id: row for row in self._inactive_runs() if row.status == "running" and row.durable
        }
        attempts = {run_id: row.attempt for run_id, row in promised.items()}
        for run_id in self._runner.queue.abandoned(attempts):
            self._runner.fail(promised[run_id], gave_up("before it could continue"))

    def settle_expired(self) -> int:
        """Book what runs that were interrupted an hour ago have reserved; the number of runs."""
        settled = 0
        for run_id in self._records.unsettled(now_ms() - SETTLE_MS):
            settled += self._ledger.write(SettleReservation(run_id))
        return settled

    def _inactive_runs(self, host: str | None = None) -> list[OpenRunRow]:
        """Open runs of ``host`` ("": of none, None: of all) that this process does not execute.

        Rows of batches are left out: their batch recovers them.
        """
        return [
            row
            for row in self._records.list_open(host)
            if not row.batch_id and not self._runner.is_active(row.id)
        ]


def mark_interrupted(ledger: Ledger, run_id: str) -> bool:
    """Record that the process of a running run is dead; False when the run is not running."""
    detail = (
        "The service stopped while this run was in progress, and it is not known whether its "
        "last call was billed. Send the request again with the same idempotency key, or retry "
        "the run."
    )
    body = problem_json(FormcallError("interrupted", detail), run_id, "interrupted")
    is_marked = ledger.write(MarkInterrupted(run_id, body, FAILED, event_json(FAILED, body)))
    if is_marked:
        log.warning("run was interrupted", extra={"run_id": run_id})
    return is_marked

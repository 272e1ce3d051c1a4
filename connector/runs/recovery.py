"""What a process that is gone has left: runs that say so, runs that go on elsewhere, and money that is settled in the end.

The one rule for money: a call whose end nobody saw may have been billed, so it counts as if it was, at the most it can have cost. A
run that was cut off keeps its reservation for an hour, or until it is run again; then it is booked in full, marked as estimated.
"""

from __future__ import annotations

import logging
from typing import Any

from connector.errors import FormcallError
from connector.jobs.runner import Runner
from connector.jobs.telling import FAILED, event_text, problem_text
from connector.store.ids import now_ms
from connector.store.notes import CutOff, SettleRest

log = logging.getLogger("formcall")

SETTLE_MS = 3_600_000


class Recovery:
    """Sees to what processes have left. It may be asked again and again: nothing is done twice."""

    def __init__(self, runner: Runner) -> None:
        self._runner, self._records, self._journal = runner, runner.records, runner.journal

    def left_by(self, host: str) -> None:
        """See to the runs of a process that is gone: those that were promised go on, the others say that they were cut off."""
        for row in self._open(host):
            if row.durable:
                self._runner.go_on(row.id, row.attempt)
            elif row.status == "running":
                self._cut_off(row.id)

    def left_here(self, host: str) -> None:
        """Runs of this process that it does not carry out, as when it could not write that they had begun, say that they were cut off."""
        for row in self._open(host):
            if row.status == "running" and not row.durable:
                self._cut_off(row.id)

    def queued(self) -> None:
        """Queued runs without a place in the queue, since their process died before, or could not reach it: they take it now."""
        for row in self._open(""):
            if row.status == "queued":
                self._runner.queue(row)

    def _open(self, host: str) -> list[Any]:
        """Runs of a process that is not carrying them out; a batch sees to its own rows."""
        return [row for row in self._records.open(host) if not row.batch_id and not self._runner.is_live(row.id)]

    def settle(self) -> int:
        """Book what runs that were cut off an hour ago still have reserved; how many they were."""
        ids = self._records.unsettled(now_ms() - SETTLE_MS)
        return sum(bool(self._journal.write(SettleRest(run_id))) for run_id in ids)

    def _cut_off(self, run_id: str) -> None:
        words = (
            "The service stopped while this run was under way, and nobody knows whether its last call was billed. "
            "Send the request again with the same idempotency key, or retry the run."
        )
        body = problem_text(FormcallError("interrupted", words), run_id, "interrupted")
        if self._journal.write(CutOff(run_id, body, FAILED, event_text(FAILED, body))):
            log.warning("run was cut off", extra={"run_id": run_id})

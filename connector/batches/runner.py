"""Batches: rows are validated and stored together, then run as durable jobs.

    BatchRunner.add(key, request) -> Progress      all rows are stored; from now on none is lost

One durable job coordinates a batch (``coordinate``): it splits the open rows into chunks of up to
40, enqueues a job for each chunk (``run_rows``), waits for them, and ends the batch. All state is
in the records of the rows, so every job can be repeated after a crash: finished rows are skipped,
and interrupted rows start a new attempt.

Pausing, cancelling and resuming need no message to the jobs: the transaction that starts a row
checks the status of its batch.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from connector.batches.progress import batch_view
from connector.batches.request import BatchRequest
from connector.batches.row_runner import RowRunner, wait_for_database
from connector.batches.validator import BatchValidator
from connector.durable.queue import JobQueue
from connector.durable.steps import Steps, traceback_without_message
from connector.errors import FieldError, FormcallError, InvalidInput
from connector.json_types import Json
from connector.runs.recovery import mark_interrupted
from connector.runs.responses import event_json, to_json
from connector.runs.runner import Runner
from connector.store.batches import COMPLETED, Batches, Progress
from connector.store.hosts import StoredHosts
from connector.store.ids import now_ms
from connector.store.keys import Key
from connector.store.ledger.control_changes import SettleReservation
from connector.store.ledger.money import to_nano, to_usd
from connector.store.rows import BatchRow

log = logging.getLogger("formcall")

SAME_KEY_MS = 24 * 3_600_000  # how long an idempotency key refers to the same batch
_MAX_CHUNK_ROWS = 40
_MIN_CHUNK_ROWS = 4
# seconds before rows with a transient error are tried a second and a third time
_RETRY_DELAYS = (10.0, 60.0)
# jobs that are waited for together: they end about in the order they were enqueued, so waiting for
# a few at a time checks few statuses repeatedly
_WAIT_GROUP = 25
_MAX_BATCHES = 200  # batches coordinated at the same time in one process


class ProviderBatches(Protocol):
    """Runs batches at half the price, through the provider's batch API."""

    def check(self) -> None: ...

    def start(self, batch_id: str, generation: int) -> None: ...

    def cancel(self, batch_id: str) -> None: ...


class BatchRunner:
    """Accepts and runs batches. Thread-safe; one per process; ``stopping`` is set at shutdown."""

    def __init__(
        self,
        runner: Runner,
        batches: Batches,
        hosts: StoredHosts,
        queue: JobQueue,
        stopping: threading.Event,
    ) -> None:
        self.batches = batches
        self.provider_batches: ProviderBatches
        self._validator = BatchValidator(runner)
        self._rows = RowRunner(runner, batches, hosts, stopping)
        self._runner = runner
        self._queue = queue
        self._stopping = stopping
        self._settings = runner.engine.settings

    def declare(self) -> None:
        """Register the jobs and queues of batches; call this before the queue is launched."""
        self._queue.register("batch", self.coordinate, queue="batches")
        self._queue.register("rows", self.run_rows, queue="rows")
        self._queue.queue("batches", concurrency=_MAX_BATCHES, poll_seconds=0.5)
        self._queue.queue("rows", concurrency=self._settings.rows_at_once, poll_seconds=0.1)

    # --- adding a batch ---

    def add(self, key: Key, request: BatchRequest) -> Progress:
        """Store and start a new batch, or return the one with the same idempotency key.

        Raises ``FormcallError`` if the batch is invalid or may not be run.
        """
        if self._runner.queue.jobs is None:
            raise FormcallError(
                "busy", "The service is still starting. Try again in a few seconds.", retry_after=3
            )
        if request.economy:
            self.provider_batches.check()
        batch, rows = self._validator.records(key, request)
        while existing := self.batches.add(batch, rows):
            if not existing.ended_ms or existing.created_ms > now_ms() - SAME_KEY_MS:
                return self._existing(existing, batch)
            self.batches.release_idempotency_key(existing.id)
        self._start(batch["id"], 1, key.id, economy=request.economy)
        return self.batches.progress(batch["id"])

    def _existing(self, existing: BatchRow, batch: Json) -> Progress:
        if existing.digest != batch["digest"]:
            raise FormcallError(
                "idempotency_mismatch",
                "This idempotency key was used for another batch. Use a new key for a new "
                "batch, or send the same one.",
            )
        return replace(self.batches.progress(existing.id), is_replay=True)

    # --- operations of the batch's owner ---

    def cancel(self, batch_id: str) -> Progress:
        """Start no more rows of a batch; an ended batch is left unchanged."""
        if self.batches.cancel(
            batch_id, "The batch was cancelled: running rows finish, no others are started."
        ):
            if self.batches.get(batch_id).economy:
                self.provider_batches.cancel(batch_id)
            self.finish(batch_id)  # if rows are still running, the coordinator finishes it later
        return self.batches.progress(batch_id)

    def resume(self, batch_id: str, *, budget_usd: float | None = None) -> Progress:
        """Resume a paused batch, with a new budget if one is given.

        Raises ``FormcallError`` (conflict) if the batch is not paused.
        """
        progress = self.batches.progress(batch_id)
        budget = None if budget_usd is None else to_nano(budget_usd)
        if budget is not None and budget <= (progress.cost_nusd or 0):
            message = (
                f'"budget_usd" must be more than the {to_usd(progress.cost_nusd)} US dollars '
                "that the batch has cost so far."
            )
            raise InvalidInput([FieldError("budget_usd", "out_of_range", message)])
        if not self.batches.resume(batch_id, progress.batch.generation, budget_nusd=budget):
            raise FormcallError(
                "conflict",
                f"Only a batch that is paused can be resumed; this one is {progress.batch.status}.",
            )
        return self._start_next_generation(progress.batch)

    def retry(self, batch_id: str) -> Progress:
        """Run the failed rows again.

        Raises ``FormcallError`` (conflict) if the batch is running or no row can be retried.
        """
        batch = self.batches.get(batch_id)
        if batch.status not in {"paused", "failed", "done"}:
            raise FormcallError(
                "conflict",
                "Only a batch that is done, failed or paused can be retried; this one is "
                f"{batch.status}.",
            )
        if not self.batches.retry_failed(batch_id, batch.generation):
            raise FormcallError(
                "conflict",
                "No row of this batch can be retried: no row has failed, the failed rows are "
                "invalid, or their input was not stored (FORMCALL_STORE_TEXT).",
            )
        return self._start_next_generation(batch)

    def _start_next_generation(self, batch: BatchRow) -> Progress:
        self._start(batch.id, batch.generation + 1, batch.key_id, economy=batch.economy)
        return self.batches.progress(batch.id)

    def _start(self, batch_id: str, generation: int, key_id: str, *, economy: bool) -> None:
        try:
            if economy:
                self.provider_batches.start(batch_id, generation)
            else:
                self._queue.enqueue(
                    "batches",
                    "batch",
                    _coordinator_id(batch_id, generation),
                    batch_id,
                    generation,
                    key=key_id,
                )
        # the batch is stored, so the caller must not add it again; ``recover`` starts it later
        except Exception as error:
            log.warning(
                "batch %s could not be enqueued yet\n%s",
                batch_id,
                traceback_without_message(error),
            )

    def recover(self) -> None:
        """Handle running batches without a coordinator.

        A batch that was stored but never enqueued is started; one whose coordinator failed is
        paused, so that its owner decides. A cancelled one ends, whose rows were left running.
        """
        for batch in self.batches.list_running():
            if batch.economy:
                continue
            state = self._queue.status(_coordinator_id(batch.id, batch.generation))
            if state is None:
                self._start(batch.id, batch.generation, batch.key_id, economy=False)
            elif state in {"failed", "cancelled"}:
                self.batches.pause(
                    batch.id,
                    "internal",
                    "Something went wrong on our side. "
                    "Resume the batch; finished rows keep their results.",
                )

        for batch in self.batches.list_cancelled():
            if not batch.economy:
                self._end_cancelled(batch)

    def _end_cancelled(self, batch: BatchRow) -> None:
        """End a cancelled batch: rows whose process has died have no other end."""
        for row in self.batches.open_rows(batch.id, 0, batch.total):
            if row.status == "running" and not self._rows.is_active(row):
                mark_interrupted(self._runner.ledger, row.id)
                self._runner.ledger.write(SettleReservation(row.id))  # it is not run again
        self.finish(batch.id)

    # --- the coordinating job ---

    def coordinate(self, steps: Steps, batch_id: str, generation: int) -> bool:
        """The durable job of one batch: run its rows until all have ended, or it is stopped.

        The names of the steps are stored in the database of jobs, so they do not change.
        """
        if generation > 1:  # rows of the previous generation may still be running
            steps.wait([_coordinator_id(batch_id, generation - 1)])
        for number in range(len(_RETRY_DELAYS) + 1):
            chunks = self._step(steps, "plan", self._plan_chunks, batch_id, generation)
            if not chunks:
                break
            if number:
                steps.sleep(_RETRY_DELAYS[number - 1])
            self._run_chunks(steps, batch_id, number, chunks)
        return bool(self._step(steps, "finish", self._close, batch_id, generation))

    def _step(self, steps: Steps, name: str, function: Callable[..., Any], *args: Any) -> Any:
        return steps.run(name, wait_for_database, self._stopping, function, *args)

    def _plan_chunks(self, batch_id: str, generation: int) -> list[tuple[int, int]]:
        numbers = self.batches.open_row_numbers(batch_id, generation)
        return split_into_chunks(numbers, self._settings.rows_at_once)

    def _run_chunks(
        self, steps: Steps, batch_id: str, number: int, chunks: list[tuple[int, int]]
    ) -> None:
        """Enqueue a job for each chunk and wait until all of them have ended."""
        ids = [f"{steps.id}.{number}.{count}" for count in range(len(chunks))]
        jobs = list(zip(ids, chunks, strict=True))
        is_last = number == len(_RETRY_DELAYS)
        self._step(steps, "hand out", self._enqueue_chunks, batch_id, jobs, is_last)
        while ids:
            for start in range(0, len(ids), _WAIT_GROUP):
                steps.wait(ids[start : start + _WAIT_GROUP])
            ids = self._step(steps, "look on", self._continuations, ids)

    def _enqueue_chunks(
        self, batch_id: str, jobs: list[tuple[str, tuple[int, int]]], is_last: bool
    ) -> None:
        key_id = self.batches.get(batch_id).key_id
        for job_id, (first, last) in jobs:
            self._queue.enqueue("rows", "rows", job_id, batch_id, first, last, is_last, key=key_id)

    def _continuations(self, ids: list[str]) -> list[str]:
        """The jobs that continue those of ``ids`` whose time was over before their last row."""
        continuations = [_continuation_id(job_id) for job_id in ids]
        return [job_id for job_id in continuations if self._queue.status(job_id)]

    def _close(self, batch_id: str, generation: int) -> bool:
        batch = self.batches.get(batch_id)
        if batch.generation != generation:
            return False  # it was resumed meanwhile and has another coordinator
        if batch.status == "running":
            error = FormcallError(
                "internal",
                "The row could not be run in three attempts. Retry the batch's failed rows.",
            )
            for row in self.batches.open_rows(batch_id, 0, batch.total):
                if not self._rows.is_active(row):
                    self._runner.fail(row, error)
        return self.finish(batch_id)

    def finish(self, batch_id: str) -> bool:
        """End a batch; False while it has open rows, and if it has already ended."""
        return self.batches.finish(
            batch_id, lambda progress: event_json(COMPLETED, to_json(batch_view(progress)))
        )

    # --- the job of a chunk ---

    def run_rows(self, steps: Steps, batch_id: str, first: int, last: int, is_last: bool) -> None:
        """The durable job of one chunk of rows.

        When its time is over, the rest is enqueued behind the jobs that wait.
        """
        rest = self._step(steps, "rows", self._rows.run_chunk, batch_id, first, last, is_last)
        if rest is not None:
            jobs = [(_continuation_id(steps.id), (rest, last))]
            self._step(steps, "rest", self._enqueue_chunks, batch_id, jobs, is_last)


def split_into_chunks(numbers: list[int], concurrency: int) -> list[tuple[int, int]]:
    """(first, last) row numbers of chunks; they get smaller, so that all workers end together."""
    chunks: list[tuple[int, int]] = []
    start = 0
    smallest = min(_MIN_CHUNK_ROWS, math.ceil(len(numbers) / concurrency))
    while start < len(numbers):
        fair_share = (len(numbers) - start) // concurrency
        end = start + min(_MAX_CHUNK_ROWS, max(smallest, fair_share))
        chunks.append((numbers[start], numbers[min(end, len(numbers)) - 1]))
        start = end
    return chunks


def _coordinator_id(batch_id: str, generation: int) -> str:
    return f"{batch_id}.{generation}"


def _continuation_id(job_id: str) -> str:
    """The id of the job that runs the rows which another job has left."""
    first, _, number = job_id.partition("+")
    return f"{first}+{int(number or 0) + 1}"

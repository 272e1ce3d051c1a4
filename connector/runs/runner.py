"""Running actions for a key: recorded, paid, and waited for as long as the caller asks.

A run that ends in time is two small transactions: its record and reservation before, its costs and
answer after. When the caller's time is over first, the run continues in its own thread and becomes
a durable job, so that it also continues after a crash. Where other machines execute the work (role
"web"), each run is a durable job from the beginning.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures import wait as wait_for_futures
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

from connector import logs
from connector.durable.dbos_adapter import StepAborted
from connector.engine.engine import Engine
from connector.engine.streaming import TextStream
from connector.errors import FormcallError
from connector.runs.admission import Admission, RunRequest
from connector.runs.approvals import record_decision
from connector.runs.budget import write_when_affordable
from connector.runs.database_away import DATABASE_ERRORS, unrecorded_response
from connector.runs.deaths import Takeovers, gave_up, no_workers
from connector.runs.early_responder import EarlyResponder
from connector.runs.execution import ActiveRun, RunExecutor
from connector.runs.queueing import RunQueue
from connector.runs.responses import (
    FAILED,
    RunResponse,
    event_json,
    problem_json,
    require_run,
    with_read_text,
)
from connector.runs.retries import requeue, require_retryable
from connector.runs.review_links import ReviewLinks
from connector.runs.timers import Timers
from connector.runs.waiting import wait_for_run
from connector.store.audit import SERVICE, Actor
from connector.store.ids import today
from connector.store.keys import Keys
from connector.store.ledger.changes import FailRun, StartAttempt
from connector.store.ledger.control_changes import CancelRun, MakeDurable
from connector.store.ledger.group_commit import Ledger
from connector.store.ledger.records import OPEN_STATUSES, RunSuperseded, StoreUnavailable
from connector.store.rows import OpenRunRow, RunRow
from connector.store.runs import Runs

log = logging.getLogger("formcall")

_BUDGET_WAIT_SECONDS = 60.0  # how long a run without a waiting caller waits for reserved money
_RETRY_SECONDS = 1.0  # between tries while the database does not respond
_CANCELLED = "The run was cancelled while it waited; no call was made for it after that."


class Runner:
    """Runs actions. Thread-safe; one per process.

    ``executes`` is False where other machines run the work. ``host`` is the name of this process.
    """

    def __init__(
        self,
        engine: Engine,
        ledger: Ledger,
        records: Runs,
        keys: Keys,
        *,
        host: str,
        executes: bool = True,
        workers: Callable[[], Collection[str]] = no_workers,
        review_links: ReviewLinks | None = None,
    ) -> None:
        self.engine = engine
        self.ledger = ledger
        self.records = records
        self.keys = keys
        self.host = host
        self.queue = RunQueue()
        self.admission = Admission(engine, ledger, records, host=host, executes=executes)
        self.admission.is_active = self.is_active
        self._executes = executes
        self._settings = engine.settings
        self._closing = threading.Event()
        self._executor = RunExecutor(engine, ledger, records, self.admission, self._closing)
        self._executor.review_links = review_links
        self._active = self._executor.active
        self.write_kept_ends = self._executor.write_kept_ends
        self._takeovers = Takeovers(ledger, host, workers)
        # requests whose run may have a record already, but is not in _active yet
        self._starting: dict[int, RunRequest] = {}
        self._timers = Timers()
        self._pool = ThreadPoolExecutor(self._settings.max_in_flight, thread_name_prefix="run")
        self.metrics = self._executor.metrics

    @property
    def active_count(self) -> int:
        """The number of runs that this process executes."""
        return len(self._active)

    def is_active(self, run_id: str) -> bool:
        """Whether this process executes the run, or is about to."""
        if run_id in self._active:
            return True
        return any(request.run.id == run_id for request in list(self._starting.values()))

    # --- a caller's run ---

    def run(self, request: RunRequest, early: EarlyResponder | None = None) -> RunResponse:
        """Start a run and wait for its answer; ``FormcallError`` when it may not start.

        With ``early`` the run is executed in this thread to its end; where that takes longer than
        the caller waits, ``early`` tells the caller that the run is still running.
        """
        if len(self._active) >= 2 * self._settings.max_in_flight:
            raise FormcallError(
                "busy",
                "Too many runs are in progress at the moment. Try again in a few seconds.",
                retry_after=5,
            )
        started = self._start(request)
        if isinstance(started, RunResponse):
            return started
        if early:
            return self._run_in_this_thread(started, early)
        return self._run_in_pool(started)

    def stream(self, request: RunRequest) -> TextStream:
        """Start a run and return its text stream, which ends with its response.

        ``FormcallError`` when it may not start. A stream that is not read any longer cancels its
        run, including the call in progress.
        """
        stream = TextStream(request.run.cancelled)
        request.run.stream = stream
        started = self._start(request)
        if isinstance(started, RunResponse):  # such as a cached answer: there is no text to come
            result: Future[RunResponse] = Future()
            result.set_result(started)
            stream.bind_result(result)
        else:
            stream.bind_result(started.future)
            self._pool.submit(self._executor.execute, started)
        return stream

    def _start(self, request: RunRequest) -> ActiveRun | RunResponse:
        """Start the run, or return the response where this request starts none.

        A request whose idempotency key belongs to an open run waits for that run, as its first
        request does, and gets the same answer.
        """
        with self._registered(request):
            admitted = self.admission.admit(request)
            logs.attach_run(request.run)
            if not isinstance(admitted, RunResponse):
                if self.admission.runs_here(request):
                    return self._executor.activate(request, admitted)
                return self._enqueue(request, admitted.attempt)
        if admitted.is_open:
            seconds = request.wait_until - time.monotonic()
            admitted = replace(self.wait(admitted.id, seconds), is_replay=True)
        return with_read_text(request.run, admitted) if admitted.is_replay else admitted

    @contextmanager
    def _registered(self, request: RunRequest) -> Iterator[None]:
        """Let ``is_active`` know of a run from before its record is written."""
        self._starting[id(request)] = request
        try:
            yield
        finally:
            del self._starting[id(request)]

    def _enqueue(self, request: RunRequest, attempt: int) -> RunResponse:
        run = request.run
        self.queue.enqueue(run.id, attempt, request.key.id)
        if run.options.wait_seconds:
            return self.wait(run.id, request.wait_until - time.monotonic())
        return RunResponse(run.id, "queued")

    def _run_in_pool(self, active: ActiveRun) -> RunResponse:
        try:
            self._pool.submit(self._executor.execute, active)
        except RuntimeError:  # the pool is shut down: the process stops
            self._executor.execute(active)
        try:
            return active.future.result(max(0.0, active.request.wait_until - time.monotonic()))
        except FutureTimeout:
            response = self._promise(active)
            return response or active.future.result()  # it has just ended

    def _run_in_this_thread(self, active: ActiveRun, early: EarlyResponder) -> RunResponse:
        """Execute a run where it is: a pool would double the threads and switch for each answer."""
        timer = self._timers.schedule(
            active.request.wait_until, partial(self._respond_early, active, early)
        )
        self._executor.execute(active)
        timer.cancel()
        if early.claim():
            return active.future.result()
        return RunResponse(active.request.run.id, "running")

    def _respond_early(self, active: ActiveRun, early: EarlyResponder) -> None:
        if response := self._promise(active):
            early.send(response)

    def _promise(self, active: ActiveRun) -> RunResponse | None:
        """Let the run survive a crash, and store its answer; None when it has already ended."""
        request = active.request
        active.is_fetched_later = True
        if not self.ledger.is_available:
            return unrecorded_response(request)
        try:
            self.admission.store_files(request)
            change = MakeDurable(request.run.id, active.attempt, request.form)
            if not self.ledger.write(change):
                return None
        except DATABASE_ERRORS:
            return unrecorded_response(request)
        with suppress(RuntimeError):  # the pool is shut down; the next process finds the record
            self._pool.submit(self._start_follow_up, active)
        return RunResponse(request.run.id, "running")

    def _start_follow_up(self, active: ActiveRun) -> None:
        run_id = active.request.run.id
        try:
            self.queue.start_follow_up(run_id, active.attempt)
        except Exception:  # its record is durable already, which is what recovery reads
            log.warning("a run in progress has no durable job", extra={"run_id": run_id})

    # --- a recorded run ---

    def wait(
        self, run_id: str, seconds: float, is_given_up: Callable[[], bool] = bool
    ) -> RunResponse:
        """The response of a run once it has ended, once ``seconds`` have passed, or once the
        caller has left."""
        return wait_for_run(self.records, self._active, run_id, seconds, is_given_up)

    def cancel(self, run_id: str) -> str:
        """Cancel a run; its status after that. A call of the model in progress ends first."""
        body = problem_json(FormcallError("cancelled", _CANCELLED), run_id, "cancelled")
        status = self.ledger.write(CancelRun(run_id, body, FAILED, event_json(FAILED, body)))
        if status == "cancelled":
            logs.log_run(run_id=run_id, status=status, code="cancelled")
        if active := self._active.get(run_id):
            active.request.run.cancelled.set()
        return status

    def retry(self, run_id: str) -> RunResponse:
        """Queue a run again that ended without an answer, on its stored form.

        ``FormcallError`` (conflict) when it cannot be run again.
        """
        row = require_run(self.records, run_id)
        require_retryable(row)
        self.admission.stored_values(row)  # a deleted file is reported now, not by a failed run
        attempt = requeue(self.ledger, run_id)
        self.queue.enqueue(run_id, attempt, row.key_id)
        return RunResponse(run_id, "queued")

    def resolve_approval(
        self,
        run_id: str,
        *,
        approved: list[int] | None,
        note: str,
        seconds: float,
        is_given_up: Callable[[], bool] = bool,
        by: Actor = SERVICE,
    ) -> RunResponse:
        """Continue a run that waits for a decision; its response within ``seconds``.

        ``approved`` are the numbers of the calls that may be made (None: all).
        ``FormcallError`` (conflict) when the run does not wait for these calls.
        """
        row = require_run(self.records, run_id)
        attempt = record_decision(self.ledger, row, approved=approved, note=note, by=by)
        if not self._continue_here(run_id, attempt):
            self.queue.enqueue(run_id, attempt, row.key_id)
        return self.wait(run_id, seconds, is_given_up)

    def _continue_here(self, run_id: str, attempt: int) -> bool:
        if not self._executes:
            return False
        try:
            self._pool.submit(self._try_resume, run_id, attempt)
        except RuntimeError:  # the pool is shut down: the next process executes it
            return False
        return True

    def _try_resume(self, run_id: str, attempt: int) -> None:
        try:
            self._resume(run_id, attempt)
        except Exception:  # its record is queued, so the next round of recovery enqueues it
            log.warning("a run that may continue is not in the queue", extra={"run_id": run_id})

    def fail(self, row: RunRow | OpenRunRow, error: FormcallError) -> None:
        """Record that an attempt could not start, and why."""
        body = problem_json(error, row.id, "failed")
        change = FailRun(row.id, row.attempt, error.code, body, FAILED, event_json(FAILED, body))
        if self.ledger.write(change):
            logs.log_run(
                run_id=row.id,
                key_id=row.key_id,
                batch_id=row.batch_id,
                action=row.action,
                status="failed",
                code=error.code,
            )

    # --- durable work ---

    def resume(self, run_id: str, attempt: int) -> str:
        """The durable job of a run's ``attempt``; the run's status after it.

        Waits for the attempt where this process executes it, else executes the next one. Only one
        job executes an attempt, even where several follow the one before it. A database that does
        not respond is waited for: it is no reason to give up the run.
        """
        while True:
            try:
                return self._resume(run_id, attempt)
            except DATABASE_ERRORS:
                if self._closing.wait(_RETRY_SECONDS):
                    raise StepAborted from None

    def _resume(self, run_id: str, attempt: int) -> str:
        active = self._active.get(run_id)
        if active and active.attempt == attempt:
            return active.future.result().status
        row = self.records.find(run_id)
        if row is None:
            return "gone"
        if row.status not in OPEN_STATUSES or row.attempt != attempt:
            return row.status
        try:
            return self.run_stored(row).status
        except RunSuperseded as error:
            return str(error.status)
        except StoreUnavailable:
            raise
        except FormcallError as error:
            self.fail(row, error)
            return "failed"

    def run_stored(
        self,
        row: RunRow,
        *,
        has_budget: bool = False,
        before_start: Callable[[RunRequest], object] | None = None,
    ) -> RunResponse:
        """Execute a recorded run (also a row of a batch) in this thread.

        A run whose process died ``MAX_DEATHS`` times in a row is not executed (gave_up).

        ``has_budget``: its batch has a budget of its own. ``before_start`` is called with the
        request before the attempt is written. ``FormcallError`` when it may not start,
        ``RunSuperseded`` when another process has started it or it has ended.
        """
        if row.status == "running":
            self.write_kept_ends(row.id)
            self._takeovers.take_over(row)
        request = self.admission.prepare_stored(self.keys.by_id(row.key_id), row)
        if before_start:
            before_start(request)
        desired, minimum = request.budget.initial_reservation(has_budget=has_budget)
        limits = replace(request.key.limits.budget_limits(), max_concurrent=None)
        change = StartAttempt(
            row.id, self.host, row.attempt, OPEN_STATUSES, limits, desired, minimum, today()
        )
        until = time.monotonic() + _BUDGET_WAIT_SECONDS
        with self._registered(request):
            reservation = write_when_affordable(self.ledger, change, until)
            active = self._executor.activate(request, reservation)
        self._takeovers.forget(row.id)
        active.is_fetched_later = True
        self._executor.execute(active)
        return active.future.result()

    def enqueue_missing(self, row: OpenRunRow) -> None:
        """Enqueue a queued run that is in no queue; a run whose job failed for good has failed."""
        if not self.queue.enqueue_missing(row.id, row.attempt, row.key_id):
            self.fail(row, gave_up("before it could start"))

    def close(self, seconds: float | None = None) -> None:
        """Accept no more runs, and wait for those in progress, ``seconds`` at most."""
        self._pool.shutdown(wait=False)
        if seconds:
            wait_for_futures([active.future for active in list(self._active.values())], seconds)
        self._closing.set()  # from now on nothing waits for a database that does not respond
        self._pool.shutdown(wait=seconds is None)

"""Execution of the runs of this process, and the writing of their ends.

Each run is executed once per attempt, in whatever thread ``execute`` is called; its result is
available through the future of its ``ActiveRun``.
"""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy.exc import DBAPIError

from connector import logs
from connector.catalogue.options import CACHE_SECONDS
from connector.documents.child_slots import children_of
from connector.engine.engine import Engine, Outcome
from connector.engine.run import Run
from connector.errors import FormcallError
from connector.metrics import Metrics
from connector.runs.admission import Admission, RunRequest
from connector.runs.checkpoints import StoredCheckpoints
from connector.runs.responses import (
    COMPLETED,
    FAILED,
    REVIEW_REQUESTED,
    RunResponse,
    event_json,
    require_run,
    response_for,
    stored_response,
    to_json,
    without_read_text,
)
from connector.runs.review_links import ReviewLinks
from connector.runs.reviews import reason_to_review, review_json, waiting_body
from connector.runs.telemetry import model_label, record_end
from connector.store.end_spool import EndSpool
from connector.store.ledger.changes import FinishRun
from connector.store.ledger.group_commit import Ledger
from connector.store.ledger.money import to_usd
from connector.store.ledger.records import (
    NEEDS_REVIEW,
    LedgerEntry,
    Reservation,
    StoreUnavailable,
)
from connector.store.runs import Runs

log = logging.getLogger("formcall")

_RETRY_SECONDS = 1.0  # between tries to write the end of a run


@dataclass
class ActiveRun:
    """An attempt of a run that this process executes.

    ``is_fetched_later``: the caller does not wait for the answer, so it is stored whatever the
    settings say.
    """

    request: RunRequest
    attempt: int
    future: Future[RunResponse]
    request_id: str
    is_fetched_later: bool = False


class RunExecutor:
    """Executes runs. Thread-safe; one per process. ``closing`` is set when the process stops."""

    def __init__(
        self,
        engine: Engine,
        ledger: Ledger,
        records: Runs,
        admission: Admission,
        closing: threading.Event,
    ) -> None:
        self._engine = engine
        self._ledger = ledger
        self._records = records
        self._admission = admission
        self._closing = closing
        self.review_links: ReviewLinks | None = None
        self._settings = engine.settings
        self._spool = EndSpool(engine.settings.data_dir / "ends")
        self.active: dict[str, ActiveRun] = {}
        self.metrics = Metrics(
            engine.catalogue,
            partial(model_label, engine),
            runs_in_progress=lambda: len(self.active),
        )
        ledger.on_commit = self.metrics.observe_group_size

    def activate(self, request: RunRequest, reservation: Reservation) -> ActiveRun:
        """Register an attempt that has been written to the ledger; ``execute`` must follow."""
        run = request.run
        request.budget.start(reservation.nusd, reservation.attempt)
        if run.tools:
            run.checkpoints = StoredCheckpoints(
                self._ledger, self._records, run, reservation.attempt
            )
            run.can_pause = not request.batch_id
        active = ActiveRun(
            request,
            reservation.attempt,
            Future(),
            request_id=logs.attach_run(run),
        )
        self.active[run.id] = active
        return active

    def execute(self, active: ActiveRun) -> None:
        """Execute a run and write its end; its future always gets a result or an exception."""
        try:
            with children_of(active.request.key.id):
                outcome = self._outcome(active.request.run)
            response = self._finish(active, outcome)
        except BaseException as error:  # waiting callers must get it, whatever it is
            self._deactivate(active)
            active.future.set_exception(error)
            return
        self._deactivate(active)
        active.future.set_result(response)

    def _deactivate(self, active: ActiveRun) -> None:
        run_id = active.request.run.id
        if self.active.get(run_id) is active:  # else a later attempt has replaced it
            del self.active[run_id]

    def _outcome(self, run: Run) -> Outcome:
        run.start_clock()
        try:
            return self._engine.execute(run)
        except FormcallError as error:
            return self._engine.failed_outcome(run, error)
        except Exception as error:
            return self._internal_error(run, error)

    def _internal_error(self, run: Run, error: Exception) -> Outcome:
        log.error("run failed", extra={"run_id": run.id}, exc_info=error)
        detail = (
            "Something went wrong on our side. If it happens again, give the operator this "
            f"id: {run.id}."
        )
        return self._engine.failed_outcome(run, FormcallError("internal", detail))

    # --- the end of a run ---

    def _finish(self, active: ActiveRun, outcome: Outcome) -> RunResponse:
        request = active.request
        entries = request.budget.drain_entries()
        if outcome.error and outcome.error.kind.retryable and self._settings.store_text == "on":
            self._store_files_for_retry(request)
        try:
            is_current, response = self._write_end(active, outcome, entries)
        except StoreUnavailable:
            raise
        except Exception as error:  # the answer cannot be written, but what it cost must be
            outcome = self._internal_error(request.run, error)
            is_current, response = self._write_end(active, outcome, entries)
        outcome = replace(outcome, status=response.status)
        record_end(
            self.metrics, request, outcome, attempt=active.attempt, request_id=active.request_id
        )
        if not is_current:
            return stored_response(require_run(self._records, request.run.id))
        if response.status == "done":
            self._cache_answer(request, response)
        return response

    def _store_files_for_retry(self, request: RunRequest) -> None:
        try:
            self._admission.store_files(request)
        except DBAPIError:  # the end of the run must still be written
            log.warning(
                "the files of a run could not be stored for a retry",
                extra={"run_id": request.run.id},
            )

    def _write_end(
        self, active: ActiveRun, outcome: Outcome, entries: tuple[LedgerEntry, ...]
    ) -> tuple[bool, RunResponse]:
        """Write the end of an attempt: (whether the attempt was still the run's last, response).

        The cost in the response is the one that is booked.
        """
        request = active.request
        cost = to_usd(request.budget.cost)
        if outcome.cost_usd != cost:
            outcome = replace(outcome, cost_usd=cost)
        response = response_for(outcome, request.run.action)
        approval = outcome.approval
        waiting = self._waiting(active, outcome, response)
        proposed, response = (response.body, waiting) if waiting else (None, response)
        if response.status == NEEDS_REVIEW:
            response = self._with_link(response, active.attempt)
        event = _event_of(outcome, response.status)
        review, review_until_ms = self._review_of(response.status, outcome, request)
        change = FinishRun(
            request.run.id,
            active.attempt,
            response.status,
            entries,
            response.body,
            response.code or None,
            unknown=response.status == "done" and not outcome.result,
            checks_failed=_failed_checks(outcome),
            event=event,
            body=event_json(event, response.body),
            # decided when it is written: the caller may stop waiting until then
            stored_answer=partial(
                self._stored_answer, active, has_approval=bool(approval or waiting)
            ),
            keep_form=self._settings.store_text == "on",
            checkpoint=approval.checkpoint.to_json() if approval else None,
            form=request.form,
            may_have_checkpoint=bool(request.run.tools),
            proposed=proposed,
            review=review,
            review_until_ms=review_until_ms,
        )
        change.maybe_written = request.budget.write_uncertain
        return self._write_persistently(change), response

    def _waiting(
        self, active: ActiveRun, outcome: Outcome, response: RunResponse
    ) -> RunResponse | None:
        """The response while the answer waits for a person; None when it does not."""
        request = active.request
        if request.batch_id:
            return None
        reason = reason_to_review(request.review_policy, outcome)
        if not reason:
            return None
        body = waiting_body(outcome, request.run.action, reason)
        return RunResponse(response.id, NEEDS_REVIEW, body)

    def _with_link(self, response: RunResponse, attempt: int) -> RunResponse:
        """The response with the signed link to the decision, for messages and later reads."""
        links = self.review_links
        url = links.url(response.id, attempt) if links else ""
        return replace(response, body=to_json({**json.loads(response.body), "review_url": url}))

    def _review_of(
        self, status: str, outcome: Outcome, request: RunRequest
    ) -> tuple[str | None, int | None]:
        """(what is stored about the review, its time limit) of a run that waits for a person."""
        if status != NEEDS_REVIEW:
            return None, None
        reason = reason_to_review(request.review_policy, outcome)
        return review_json(reason, self._settings.review_hours)

    def _stored_answer(self, active: ActiveRun, answer: str, *, has_approval: bool) -> str | None:
        if active.is_fetched_later or has_approval:
            return answer
        return self._admission.answer_to_store(active.request.run, answer)

    def _write_persistently(self, change: FinishRun) -> bool:
        """Write what must not be lost, however long the database does not respond.

        Meanwhile it is kept on disk, for the next process if this one ends.
        ``StoreUnavailable`` when the process stops before.
        """
        try:
            return self._ledger.write(change)
        except StoreUnavailable:
            self._keep(change)
        while True:
            if self._closing.wait(_RETRY_SECONDS):
                raise StoreUnavailable
            with suppress(StoreUnavailable):
                is_current = self._ledger.write(change)
                self._spool.remove(change)
                return is_current

    def _keep(self, change: FinishRun) -> None:
        is_kept = self._spool.keep(change)
        # from now on another process may write it too
        change.maybe_written = True
        log.error(
            "the end of a run cannot be written; it is kept %s and tried again",
            "on disk" if is_kept else "in memory",
            extra={"run_ids": change.run_ids()},
        )

    def write_kept_ends(self, run_id: str = "*") -> None:
        """Write the ends of runs, or of one run, that an earlier process has kept on disk.

        ``StoreUnavailable`` when the database does not respond.
        """
        self._spool.write(self._ledger, run_id, active=self.active)

    def _cache_answer(self, request: RunRequest, response: RunResponse) -> None:
        if not request.cache_digest:
            return
        seconds = CACHE_SECONDS[request.run.options.cache]
        try:
            body = without_read_text(request.run, response.body)
            self._records.cache_answer(request.key.id, request.cache_digest, body, seconds)
        except DBAPIError:
            log.warning("an answer could not be cached", extra={"run_id": request.run.id})


def _failed_checks(outcome: Outcome) -> int | None:
    """The number of checks of an answer that do not hold; None without an answer."""
    return sum(not check.ok for check in outcome.checks) if outcome.ok else None


def _event_of(outcome: Outcome, status: str) -> str:
    if status == NEEDS_REVIEW:
        return REVIEW_REQUESTED
    return COMPLETED if outcome.ok else FAILED

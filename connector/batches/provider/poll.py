"""One poll of a provider batch: everything that can be done for it now.

Each action is stored in the state of the batch before it is done, so a poll may be interrupted
anywhere and the next one continues from there.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from connector.batches.provider.context import PollContext
from connector.batches.provider.file_steps import FileSteps
from connector.batches.provider.rows import ProviderBatchRows
from connector.durable.dbos_adapter import StepAborted
from connector.durable.steps import traceback_without_message
from connector.errors import FormcallError, ProviderError
from connector.store.provider_batches import ProviderBatchFile, read_state
from connector.store.rows import BatchRow, RunRow

log = logging.getLogger("formcall")

_MAX_BUDGET_WAITS = 6  # polls for which a batch waits for budget that other runs have reserved
_MAX_INTERNAL_ERRORS = 4
_NO_KEY = "The API key of this batch does not exist any more."
_INTERNAL = "Something went wrong on our side. Resume the batch; finished rows keep their results."
_UNAFFORDABLE = (
    "The maximum cost of the remaining rows does not fit into the budget beside the rows that "
    "were sent. Resume the batch to send them."
)


class StaleState(Exception):
    """The state was changed by another process, or the batch is in another generation."""


class ProviderBatchPoll:
    """A poll of ``batch``, whose record was just read."""

    def __init__(self, context: PollContext, batch: BatchRow) -> None:
        key = context.runner.keys.by_id(batch.key_id)
        if key is None:
            raise FormcallError("unauthorized", _NO_KEY)
        self._context = context
        self._states = context.states
        self._batch = batch
        self._stored_state = batch.provider or ""
        self.state = read_state(self._stored_state)
        self.state.provider = context.client.provider
        self._rows = ProviderBatchRows(
            context.runner,
            context.states,
            context.client,
            batch,
            key,
            retry_live=self.state.retry_live,
            heartbeat=self._heartbeat,
        )
        self._files = FileSteps(
            context, batch, self.state, self._rows, save=self._save, refresh=self._refresh
        )
        self._status = batch.status
        self._waits_for_budget = False

    def run(self) -> bool:
        """Do everything that can be done now; returns whether the batch must be polled again."""
        state = self.state
        is_cancelled_stall = state.stalled and self._status == "cancelled"
        if state.generation != self._batch.generation or is_cancelled_stall:
            state.start_generation(self._batch.generation)
        try:
            continues = self._advance()
            state.internal_errors = 0
        except (StaleState, StepAborted):
            raise
        except Exception as error:
            continues = self._internal_error(error)
        if continues:
            state.polls += 1
            state.idle_polls += 1
        self._save()
        return continues

    def _advance(self) -> bool:
        for batch_file in self.state.open_files:
            if batch_file.status == "filling":  # it has the rows reserved before the process died
                batch_file.status = "filled"
        self._save()
        while True:
            for batch_file in self.state.open_files:
                self._files.advance(batch_file)
            self._retry_live()
            self._delete_obsolete_files()
            if self.state.stalled:
                return False
            if self.state.open_files:
                return True
            if not self._fill_files():
                return self._end()

    def _internal_error(self, error: Exception) -> bool:
        log.error(
            "poll of provider batch %s failed\n%s",
            self._batch.id,
            traceback_without_message(error),
        )
        self.state.internal_errors += 1
        if self.state.internal_errors >= _MAX_INTERNAL_ERRORS:
            self._files.stall("internal", _INTERNAL)
        return not self.state.stalled

    def _save(self) -> None:
        stored = self._states.save(self._batch, self._stored_state, self.state, self._detail())
        if stored is None:
            raise StaleState
        self._stored_state = stored

    def _refresh(self) -> None:
        self._status = self._states.status(self._batch.id)
        self._rows.cancelled = self._status == "cancelled"

    def _heartbeat(self) -> None:
        if self._context.stopping.is_set():
            raise StepAborted

    def _detail(self) -> str | None:
        """The detail shown with a running batch."""
        return "; ".join(filter(None, (self._progress(), self._files.problem))) or None

    def _progress(self) -> str:
        open_files = self.state.open_files
        sent = [file for file in open_files if file.status in {"waiting", "settling"}]
        if sent:
            done = sum(file.processed for file in sent)
            total = sum(file.call_count for file in sent)
            return f"at the provider: {done:,} of {total:,} done"
        return "on the way to the provider" if open_files else ""

    def _delete_obsolete_files(self) -> None:
        """Delete files that are no longer needed; the provider lets the others expire."""
        file_ids = self.state.obsolete_files
        self.state.obsolete_files = []
        for file_id in file_ids:
            try:
                self._context.client.delete(file_id)
            except ProviderError as error:
                log.warning("a file at the provider was not deleted (%s)", error.code)

    # --- rows that are retried live ---

    def _retry_live(self) -> None:
        self._resume_live()
        while self._status == "running" and (rows := self._states.live_rows(self._batch.id)):
            self._heartbeat()
            self._run_live([row.id for row in rows])

    def _resume_live(self) -> None:
        """Handle the rows whose live calls were interrupted by a crash."""
        self._refresh()
        interrupted = self.state.live_row_ids
        if interrupted and self._status == "cancelled":
            self._rows.abandon_rows(interrupted)
            self.state.live_row_ids = []
        elif interrupted and self._status == "running":
            self._run_live(interrupted)

    def _run_live(self, row_ids: list[str]) -> None:
        self.state.live_row_ids = row_ids
        self._save()
        rows = self._states.rows_by_id(self._batch.id, row_ids).values()
        open_rows = [row for row in rows if row.status in {"queued", "running"}]
        self._context.run_live(self._rows.run_live, open_rows)
        self._heartbeat()
        self.state.live_row_ids = []
        self._save()
        self._refresh()

    # --- rows that are to be sent ---

    def _fill_files(self) -> bool:
        """Put queued rows into new files; returns whether there are files to send."""
        self._refresh()
        if self._status == "running":
            self._fill(resubmission=True)
            if not self.state.unsent_reason:
                self._fill(resubmission=False)
        return bool(self.state.open_files)

    def _fill(self, *, resubmission: bool) -> None:
        batch_file = None
        shortage = None
        lines = size = 0
        after = -1
        max_lines, max_size = self._context.client.file_limits
        while rows := self._states.unsent_rows(self._batch.id, after, resubmitted=resubmission):
            self._heartbeat()
            after = rows[-1].row_no or 0  # rows of a batch are numbered from 1
            remaining: Sequence[RunRow] = rows
            progressed = False
            while remaining:
                batch_file = batch_file or self._open_file(resubmission=resubmission)
                result = self._rows.reserve(
                    batch_file, remaining, max_lines - lines, max_size - size
                )
                lines += result.lines
                size += result.size
                remaining = result.remaining
                shortage = result.shortage or shortage
                progressed |= result.lines > 0
                if remaining:  # the file is full
                    self._mark_filled(batch_file, lines)
                    batch_file = None
                    lines = size = 0
                    progressed = True
            if shortage and not progressed:
                break
        if batch_file:
            self._mark_filled(batch_file, lines)
        if shortage:
            self._not_affordable(shortage)

    def _open_file(self, *, resubmission: bool) -> ProviderBatchFile:
        variant = self._context.client.variant(self._context.model)
        batch_file = ProviderBatchFile(
            len(self.state.files) + 1,
            self._batch.generation,
            resubmission,
            variant.model,
            variant.dialect,
            sorted(variant.refused),
        )
        self.state.files.append(batch_file)
        self._save()
        return batch_file

    def _mark_filled(self, batch_file: ProviderBatchFile, lines: int) -> None:
        batch_file.status = "filled" if lines else "ended"
        self._save()

    def _not_affordable(self, error: FormcallError) -> None:
        if error.code != "budget_reserved":
            self.state.unsent_reason = [error.code, error.detail]
        elif self.state.open_files or self.state.idle_polls >= _MAX_BUDGET_WAITS:
            self.state.unsent_reason = ["budget_exceeded", _UNAFFORDABLE]
        else:
            self._waits_for_budget = True
            self._files.problem = error.detail

    # --- the end ---

    def _end(self) -> bool:
        """With no row at the provider, finish or pause the batch.

        Returns True if the batch must be polled again: it waits for budget or for running rows.
        """
        self._refresh()
        batch_id = self._batch.id
        if self._status == "paused":
            return False
        if self._status == "running":
            if self._waits_for_budget:
                return True
            if self.state.unsent_reason and self._states.count_queued(batch_id):
                code, detail = self.state.unsent_reason
                return not self._context.batches.pause(batch_id, code, detail)
            if self.state.refusal:
                code, detail = self.state.refusal
                self._context.batches.fail(batch_id, code, detail)
        self._save()
        return not self._context.finish(batch_id)

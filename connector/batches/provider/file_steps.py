"""The steps of one file of calls at the provider, each saved before the next.

    filling ─> filled ─> uploaded ─> creating ─> waiting ─> settling ─> ended

A file that the provider does not accept goes from ``filled``, ``uploaded`` or ``creating`` to
``ended``, and its rows are queued again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from connector.batches.provider.context import PollContext
from connector.batches.provider.row_results import variant_of
from connector.batches.provider.rows import ProviderBatchRows
from connector.batches.validator import pauses_batch
from connector.errors import FormcallError, ProviderError
from connector.store.provider_batches import ProviderBatchFile, ProviderBatchState
from connector.store.rows import BatchRow

if TYPE_CHECKING:
    from connector.providers.hosted.batch_api import BatchStatus

_MAX_CONSECUTIVE_ERRORS = 12  # polls in a row that failed, after which the batch is paused
_EMPTY = "The provider's result file is empty."


class FileSteps:
    """Advances the files of one batch. ``problem`` describes the last failed request, if any.

    ``save`` stores ``state``; ``refresh`` reads the status of the batch again.
    """

    def __init__(
        self,
        context: PollContext,
        batch: BatchRow,
        state: ProviderBatchState,
        rows: ProviderBatchRows,
        *,
        save: Callable[[], None],
        refresh: Callable[[], None],
    ) -> None:
        self._context = context
        self._client = context.client
        self._batch = batch
        self._state = state
        self._rows = rows
        self._save = save
        self._refresh = refresh
        self.problem = ""
        # each returns whether the next step can follow at once
        self._steps: dict[str, Callable[[ProviderBatchFile], bool]] = {
            "filled": self._upload,
            "uploaded": self._create,
            "creating": self._find_created,
            "waiting": self._check_status,
            "settling": self._settle,
        }

    def advance(self, batch_file: ProviderBatchFile) -> None:
        """Take a file as far as it goes without waiting."""
        try:
            while batch_file.is_open:
                self._refresh()
                can_continue = self._steps[batch_file.status](batch_file)
                batch_file.consecutive_errors = 0
                self._save()
                if not can_continue:
                    return
        except ProviderError as error:
            self._request_failed(batch_file, error)
            self._save()

    def stall(self, code: str, detail: str) -> None:
        """Pause the batch until its owner acts, although rows may still be at the provider."""
        self._state.stalled = True
        self._context.batches.pause(self._batch.id, code, detail)

    # --- submission ---

    def _upload(self, batch_file: ProviderBatchFile) -> bool:
        if self._rows.cancelled:
            return self._release(batch_file)
        with TemporaryFile() as file:
            batch_file.call_count = self._rows.write_requests(batch_file, file)
            if not batch_file.call_count:
                return self._close(batch_file)
            name = f"formcall-{self._batch.id}-{batch_file.number}.jsonl"
            batch_file.input_file = self._client.upload(name, file)
        batch_file.status = "uploaded"
        return True

    def _create(self, batch_file: ProviderBatchFile) -> bool:
        if self._rows.cancelled:
            return self._release(batch_file)
        batch_file.status = "creating"
        batch_file.created_at = time.time()
        self._save()
        try:
            status = self._client.create(
                batch_file.input_file, variant_of(batch_file), self._metadata(batch_file)
            )
        except ProviderError as error:
            if _is_definite(error):
                batch_file.status = "uploaded"
            raise
        return self._created(batch_file, status)

    def _find_created(self, batch_file: ProviderBatchFile) -> bool:
        """The outcome of a creation request is unknown: find its batch, or create it again."""
        age = time.time() - batch_file.created_at
        if age < self._context.poll_interval.creation_grace:
            return False
        status = self._client.find(self._metadata(batch_file), batch_file.created_at)
        return self._created(batch_file, status) if status else self._create(batch_file)

    def _created(self, batch_file: ProviderBatchFile, status: BatchStatus) -> bool:
        batch_file.provider_batch_id = status.id
        batch_file.status = "waiting"
        self._state.idle_polls = 0
        return True

    def _metadata(self, batch_file: ProviderBatchFile) -> dict[str, str]:
        return {
            "formcall_batch": self._batch.id,
            "generation": str(batch_file.generation),
            "part": str(batch_file.number),
        }

    # --- results ---

    def _check_status(self, batch_file: ProviderBatchFile) -> bool:
        status = self._client.get(batch_file.provider_batch_id)
        batch_file.processed = status.completed + status.failed
        if not status.has_ended:
            if self._rows.cancelled and status.status != "cancelling":
                self._client.cancel(batch_file.provider_batch_id)
            return False
        if status.status == "failed":
            error = self._client.creation_error(status)
            batch_file.failure = [error.code, error.detail]
        batch_file.expired = status.status in {"expired", "cancelled"}
        batch_file.output_files = list(status.files)
        batch_file.status = "settling"
        return True

    def _settle(self, batch_file: ProviderBatchFile) -> bool:
        if batch_file.failure:
            code, detail = batch_file.failure
            return self._rejected(batch_file, ProviderError(code, detail))
        received: set[str] = set()
        reached_model = 0
        for file_id in batch_file.output_files:
            reached_model += self._apply_file(batch_file, file_id, received)
        if len(received) >= batch_file.call_count:
            self._rows.release(batch_file)  # rows that were reserved too late to be in the file
        else:
            not_run = batch_file.expired and reached_model >= batch_file.processed
            self._rows.resolve_missing(batch_file, not_run=not_run)
        if self._rows.blocking_error:
            self._keep_unsent(self._rows.blocking_error)
        return self._close(batch_file)

    def _apply_file(self, batch_file: ProviderBatchFile, file_id: str, received: set[str]) -> int:
        """Apply one result file and add its call ids to ``received``.

        Returns how many calls reached the model.
        """
        before = len(received)
        with self._client.result_lines(file_id) as lines:
            reached_model = self._rows.apply_results(batch_file, lines, received)
        if len(received) == before:
            raise ProviderError("provider_bad_reply", _EMPTY)
        return reached_model

    def _rejected(self, batch_file: ProviderBatchFile, error: ProviderError) -> bool:
        """The provider rejected a file as a whole, so none of it was billed."""
        try:
            if error.code == "model_unavailable":
                self._client.retire(self._context.model, variant_of(batch_file), error)
                return self._release(batch_file)
        except ProviderError as no_replacement:
            error = no_replacement
        if pauses_batch(error):
            self._keep_unsent(error)
            return self._release(batch_file)
        if self._rows.cancelled:
            return self._release(batch_file)
        self._rows.fail_all(batch_file, error)
        if not batch_file.is_resubmission:
            self._state.refusal = [error.code, error.detail]
        return self._close(batch_file)

    # --- the end of a file ---

    def _release(self, batch_file: ProviderBatchFile) -> bool:
        self._rows.release(batch_file)
        return self._close(batch_file)

    def _close(self, batch_file: ProviderBatchFile) -> bool:
        batch_file.end()
        files = [batch_file.input_file, *batch_file.output_files]
        self._state.obsolete_files += filter(None, files)
        return True

    def _request_failed(self, batch_file: ProviderBatchFile, error: ProviderError) -> None:
        batch_file.consecutive_errors += 1
        self.problem = f"a request to the provider failed and will be repeated: {error.detail}"
        is_last = batch_file.consecutive_errors >= _MAX_CONSECUTIVE_ERRORS
        is_unsent = batch_file.status in {"filled", "uploaded"}
        if is_unsent and (is_last or _is_definite(error)):
            self._keep_unsent(error)
            self._release(batch_file)
        elif is_last and self._rows.cancelled:
            self._rows.abandon_file(batch_file)
            self._close(batch_file)
        elif is_last:
            self.stall(error.code, error.detail)

    def _keep_unsent(self, error: FormcallError) -> None:
        """Send no more rows, and pause the batch once those that were sent have ended."""
        self._state.unsent_reason = [error.code, error.detail]


def _is_definite(error: ProviderError) -> bool:
    """Whether the request certainly had no effect, and would fail again in the same way."""
    return not error.outcome_unknown and not error.kind.retryable

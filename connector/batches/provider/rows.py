"""The rows of a provider batch: reserved, written to a file, and updated from the results."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO, TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from connector.batches.provider.row_results import (
    TIER,
    RowResult,
    RowResultReader,
    SentRow,
    variant_of,
)
from connector.batches.validator import pauses_batch, provider_batch_problem
from connector.durable.steps import traceback_without_message
from connector.errors import FormcallError
from connector.runs.admission import RunRequest
from connector.runs.budget import RunBudget
from connector.runs.runner import Runner
from connector.runs.telemetry import record_end
from connector.store.ids import today
from connector.store.keys import Key
from connector.store.ledger.batch_changes import (
    ReleaseRow,
    write_independently,
)
from connector.store.ledger.changes import StartAttempt
from connector.store.ledger.records import RunSuperseded, StoreUnavailable
from connector.store.provider_batches import (
    PAGE,
    ProviderBatchFile,
    ProviderBatchStore,
    host_of_file,
)
from connector.store.rows import BatchRow, RunRow

if TYPE_CHECKING:
    from connector.providers.hosted.batch_api import BatchClient, BatchResultLine

log = logging.getLogger("formcall")

_BUDGET_CODES = {"budget_exceeded", "budget_reserved"}
_REVOKED = "The API key of this batch was revoked."
_INTERNAL = "Something went wrong on our side. If it happens again, give the operator this id: {}."
_NO_BUDGET_FOR_RETRY = (
    "The answer from the provider's batch could not be used, and the budget does not cover a retry."
)
# bytes that a line may be longer than estimated: its attempt and its limit may have more digits
_LINE_MARGIN = 64


@dataclass
class FillResult:
    """How far a file was filled; ``remaining`` rows did not fit, ``shortage`` is a budget error.

    ``lines`` and ``size`` (bytes) are those that were added.
    """

    lines: int
    size: int
    remaining: Sequence[RunRow]
    shortage: FormcallError | None


class ProviderBatchRows:
    """The rows of ``batch``, paid by ``key``.

    ``heartbeat`` is called between pages of rows; it raises when the process is to stop.
    ``retry_live``: a row without a usable answer is retried by a live call.
    """

    def __init__(
        self,
        runner: Runner,
        states: ProviderBatchStore,
        client: BatchClient,
        batch: BatchRow,
        key: Key,
        *,
        retry_live: bool,
        heartbeat: Callable[[], object],
    ) -> None:
        self._runner = runner
        self._engine = runner.engine
        self._ledger = runner.ledger
        self._states = states
        self._client = client
        self._batch = batch
        self._key = key
        self._heartbeat = heartbeat
        self._has_budget = batch.budget_nusd is not None
        self._results = RowResultReader(
            runner,
            states,
            client,
            has_budget=self._has_budget,
            retry_live=retry_live,
            cancelled=batch.status == "cancelled",
        )

    @property
    def cancelled(self) -> bool:
        """Whether the batch was cancelled, so that no further calls are made for it."""
        return self._results.cancelled

    @cancelled.setter
    def cancelled(self, cancelled: bool) -> None:
        self._results.cancelled = cancelled

    @property
    def blocking_error(self) -> FormcallError | None:
        """The last error of a row that every other row would meet too."""
        return self._results.blocking_error

    # --- submission ---

    def reserve(
        self, batch_file: ProviderBatchFile, rows: Sequence[RunRow], max_lines: int, max_size: int
    ) -> FillResult:
        """Reserve the maximum cost of ``rows``, as many as fit into ``max_lines`` and ``max_size``.

        The rows then belong to ``batch_file``; ``max_size`` is in bytes.
        """
        starts: list[tuple[RunRow, StartAttempt]] = []
        result = FillResult(0, 0, (), None)
        for number, row in enumerate(rows):
            try:
                start, length = self._start(batch_file, row)
            except FormcallError as error:
                if pauses_batch(error):
                    result.shortage = error
                else:
                    self._runner.fail(row, error)
                continue
            if result.lines + 1 > max_lines or result.size + length > max_size:
                result.remaining = rows[number:]
                break
            result.lines += 1
            result.size += length
            starts.append((row, start))
        write_independently(self._ledger, [start for _, start in starts])
        for row, start in starts:
            if start.error:
                result.lines -= 1
                result.shortage = self._not_started(row, start.error) or result.shortage
        return result

    def _start(self, batch_file: ProviderBatchFile, row: RunRow) -> tuple[StartAttempt, int]:
        """The change that reserves a row, and the estimated length of its line in bytes."""
        if self._key.revoked_at:
            raise FormcallError("unauthorized", _REVOKED)
        sent = self._sent(row)
        if problem := provider_batch_problem(sent.run):
            raise FormcallError("bad_request", problem)
        desired, minimum = sent.request.budget.initial_reservation(has_budget=self._has_budget)
        limits = replace(self._key.limits.budget_limits(), max_concurrent=None)
        request = sent.run.initial_request()
        line = self._client.line(_call_id(row), request, variant_of(batch_file))
        start = StartAttempt(
            row.id,
            host_of_file(batch_file.number),
            row.attempt,
            ("queued",),
            limits,
            desired,
            minimum,
            today(),
        )
        return start, len(line) + _LINE_MARGIN

    def _not_started(self, row: RunRow, error: Exception) -> FormcallError | None:
        """The error if the row is not affordable now; any other error fails the row."""
        if not isinstance(error, FormcallError):
            raise error
        if error.code in _BUDGET_CODES:
            return error
        if not isinstance(error, RunSuperseded):  # superseded: batch or row has moved on
            self._runner.fail(row, error)
        return None

    def write_requests(self, batch_file: ProviderBatchFile, file: IO[bytes]) -> int:
        """Write the calls of a file's rows as JSON lines; returns the number of lines."""
        lines = 0
        for page in self._pages(batch_file):
            for row in page:
                if line := self._line(batch_file, row):
                    file.write(line)
                    lines += 1
        return lines

    def _line(self, batch_file: ProviderBatchFile, row: RunRow) -> bytes:
        """The call of a row, limited to what was reserved for it; b"" if the row failed."""
        try:
            request = self._results.bounded_request(self._sent(row))
        except FormcallError as error:
            self._runner.fail(row, error)
            return b""
        return self._client.line(_call_id(row), request, variant_of(batch_file))

    # --- results ---

    def apply_results(
        self, batch_file: ProviderBatchFile, lines: Iterator[BatchResultLine], received: set[str]
    ) -> int:
        """Update the rows from result lines; returns how many calls reached the model.

        The ids of the calls are added to ``received``.
        """
        reached_model = 0
        while page := list(islice(lines, PAGE)):
            self._heartbeat()
            reached_model += sum(line.reached_model for line in page)
            received.update(line.custom_id for line in page)
            self._apply_page(batch_file, {line.custom_id: line for line in page})
        return reached_model

    def _apply_page(
        self, batch_file: ProviderBatchFile, lines: Mapping[str, BatchResultLine]
    ) -> None:
        row_ids = {call_id.rpartition(".")[0] for call_id in lines}
        rows = self._states.rows_by_id(self._batch.id, row_ids).values()
        host = host_of_file(batch_file.number)
        pending = [
            row
            for row in rows
            if _call_id(row) in lines and row.status == "running" and row.host == host
        ]
        self._update(
            pending,
            lambda sent: self._results.read(batch_file, sent, lines[_call_id(sent.row)]),
        )

    def resolve_missing(self, batch_file: ProviderBatchFile, *, not_run: bool) -> None:
        """Update the rows of a file without a result: they were ``not_run``, or it was lost."""
        for page in self._pages(batch_file):
            if not_run and self.cancelled:
                self._update(page, self._results.cancelled_unsent)
            else:
                self._update(
                    page,
                    lambda sent: self._results.missing(batch_file, sent, not_run=not_run),
                )

    def release(self, batch_file: ProviderBatchFile) -> None:
        """Queue the rows of a file that the provider has not accepted, or cancel them.

        Nothing was billed for them.
        """
        for page in self._pages(batch_file):
            if self.cancelled:
                self._update(page, self._results.cancelled_unsent)
            else:
                write_independently(
                    self._ledger, [ReleaseRow(row.id, row.attempt, "") for row in page]
                )

    def fail_all(self, batch_file: ProviderBatchFile, error: FormcallError) -> None:
        """Fail the rows of a file that the provider rejected as a whole; nothing was billed."""
        for page in self._pages(batch_file):
            self._update(
                page,
                lambda sent: self._results.failed(sent, FormcallError(error.code, error.detail)),
            )

    def abandon_file(self, batch_file: ProviderBatchFile) -> None:
        """End the rows of a cancelled batch whose results cannot be fetched."""
        for page in self._pages(batch_file):
            self._update(page, self._results.abandoned)

    def abandon_rows(self, row_ids: Iterable[str]) -> None:
        """End rows of a cancelled batch whose live call was interrupted by a crash."""
        rows = self._states.rows_by_id(self._batch.id, row_ids).values()
        self._update([row for row in rows if row.status == "running"], self._results.abandoned)

    # --- live retries ---

    def run_live(self, row: RunRow) -> None:
        """Retry a row without a usable answer by a live call."""
        try:
            self._runner.run_stored(
                row,
                has_budget=self._has_budget,
                before_start=lambda request: self._add_retry_warning(SentRow(row, request)),
            )
        except RunSuperseded:
            pass
        except StoreUnavailable:
            raise
        except FormcallError as error:
            if error.code in {*_BUDGET_CODES, "cost_limit"}:
                error = FormcallError(row.code or "invalid_output", _NO_BUDGET_FOR_RETRY)
            self._runner.fail(row, error)

    def _add_retry_warning(self, sent: SentRow) -> None:
        self._results.add_earlier_attempts(sent)
        code = f" ({sent.row.code})" if sent.row.code else ""
        sent.run.warnings.append(
            f"The answer from the provider's batch could not be used{code}, so this row was "
            "retried live, at the full price. Its cost includes both calls."
        )

    # --- all rows ---

    def _sent(self, row: RunRow) -> SentRow:
        run = self._engine.prepare(row.action, self._runner.records.form_values(row))
        run.id = row.id
        budget = RunBudget(
            self._engine, self._ledger, self._key, run, spent=row.cost_nusd, tier=TIER
        )
        request = RunRequest(self._key, run, budget, row.form or "", batch_id=self._batch.id)
        return SentRow(row, request)

    def _pages(self, batch_file: ProviderBatchFile) -> Iterator[Sequence[RunRow]]:
        """The rows of a file that are submitted or about to be, a page at a time."""
        after = -1
        while page := self._states.submitted_rows(self._batch.id, batch_file, after):
            self._heartbeat()
            after = page[-1].row_no or 0  # rows of a batch are numbered from 1
            yield page

    def _update(self, rows: Iterable[RunRow], decide: Callable[[SentRow], RowResult]) -> None:
        """Write the results that ``decide`` returns for ``rows`` in one transaction."""
        results = []
        for row in rows:
            try:
                results.append(decide(self._sent(row)))
            except SQLAlchemyError:
                raise
            except FormcallError as error:
                # the form has become invalid, such as after a change of the action
                self._runner.fail(row, error)
            except Exception as error:  # one row must not block the others again and again
                log.error("row %s failed\n%s", row.id, traceback_without_message(error))
                self._runner.fail(row, FormcallError("internal", _INTERNAL.format(row.id)))
        self._write(results)

    def _write(self, results: Sequence[RowResult]) -> None:
        write_independently(self._ledger, [result.change for result in results])
        for change, sent, outcome in results:
            if change.error:
                raise change.error
            if outcome and change.outcome:
                record_end(self._runner.metrics, sent.request, outcome, attempt=sent.row.attempt)


def _call_id(row: RunRow) -> str:
    """The id of a row's call at the provider; each attempt has its own."""
    return f"{row.id}.{row.attempt}"

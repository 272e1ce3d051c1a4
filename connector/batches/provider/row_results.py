"""What the provider returned for a row, and how the row continues: it ends, or it is sent again.

A result is read and checked like the reply of a live call, and charged at the batch price.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from connector.batches.validator import pauses_batch
from connector.engine.engine import Outcome
from connector.engine.run import Run
from connector.errors import FormcallError, ProviderError
from connector.providers.base import ModelRequest, Reply, Usage
from connector.runs.admission import RunRequest
from connector.runs.responses import response_for
from connector.runs.runner import Runner
from connector.store.ledger.batch_changes import (
    FinishRow,
    ReleaseRow,
)
from connector.store.ledger.changes import Change
from connector.store.ledger.money import to_usd
from connector.store.ledger.records import LedgerEntry
from connector.store.provider_batches import (
    ASK_LIVE,
    RESUBMIT,
    ProviderBatchFile,
    ProviderBatchStore,
)
from connector.store.rows import RunRow

if TYPE_CHECKING:
    from connector.providers.hosted.batch_api import BatchClient, BatchResultLine
    from connector.providers.hosted.failures import Failure
    from connector.providers.hosted.variants import RequestVariant

TIER = "batch"

# a live call may do better, since it allows for a repair
_RETRY_LIVE_CODES = {"invalid_output", "output_truncated", "refused"}
_MISSING = (
    "The provider's batch has no result for this row, and it is unknown whether it was billed."
)
_NOT_RUN = (
    "The provider's batch ended before it reached this row; the row was not billed. Send it "
    "again, or run it without economy."
)
_CANCELLED = "The batch was cancelled before the provider reached this row; it was not billed."
_ABANDONED = (
    "The batch was cancelled while this row was running; it is unknown whether its call was billed."
)


class SentRow(NamedTuple):
    """A row and the request of its run."""

    row: RunRow
    request: RunRequest

    @property
    def run(self) -> Run:
        return self.request.run


class RowResult(NamedTuple):
    """The change that a result makes to its row; without an ``outcome`` the row continues."""

    change: Change[bool]
    sent: SentRow
    outcome: Outcome | None = None


class RowResultReader:
    """Decides how rows of one batch continue.

    ``retry_live``: a row without a usable answer is retried by a live call. ``cancelled``: the
    batch was cancelled. ``blocking_error``: the last error that every other row would meet too.
    """

    def __init__(
        self,
        runner: Runner,
        states: ProviderBatchStore,
        client: BatchClient,
        *,
        has_budget: bool,
        retry_live: bool,
        cancelled: bool,
    ) -> None:
        self._engine = runner.engine
        self._settings = runner.engine.settings
        self._states = states
        self._client = client
        self._has_budget = has_budget
        self._retry_live = retry_live
        self.cancelled = cancelled
        self.blocking_error: FormcallError | None = None

    # --- a result or the lack of one ---

    def read(
        self, batch_file: ProviderBatchFile, sent: SentRow, line: BatchResultLine
    ) -> RowResult:
        """The result of a row from its line in the provider's result file."""
        sent.run.started -= time.time() - batch_file.created_at
        request = sent.run.initial_request()
        reply = self._client.parse_line(request, variant_of(batch_file), line)
        if not isinstance(reply, Reply):
            return self._no_reply(batch_file, sent, reply)
        self.add_earlier_attempts(sent)
        if reply.missing_counts:  # without token counts the reserved maximum is charged
            self.bounded_request(sent)
        outcome = self._engine.outcome_of_reply(sent.run, replace(reply, service_tier=TIER))
        entries = sent.request.budget.drain_entries()
        error = outcome.error
        may_retry_live = self._retry_live and not self._is_cancelled(sent)
        if error and error.code in _RETRY_LIVE_CODES and may_retry_live:
            return _release(sent, ASK_LIVE, entries, error.code)
        return self._ended(sent, outcome, entries)

    def _no_reply(
        self, batch_file: ProviderBatchFile, sent: SentRow, failure: Failure
    ) -> RowResult:
        error = failure.error
        entries = unknown_outcome_entries(sent) if error.outcome_unknown else ()
        if failure.billed:
            self.add_earlier_attempts(sent)
            self.bounded_request(sent)
            sent.run.record_reply(replace(failure.billed, service_tier=TIER))
            entries = sent.request.budget.drain_entries()
        if self._is_cancelled(sent):
            return self.failed(sent, error, entries)
        try:
            if self._is_worth_resubmitting(batch_file, sent, failure):
                return _release(sent, RESUBMIT, entries, error.code)
        except ProviderError as model_gone:
            error = model_gone
        if pauses_batch(error):
            self.blocking_error = error
            return _release(sent, "", entries, error.code)
        return self.failed(sent, error, entries)

    def _is_worth_resubmitting(
        self, batch_file: ProviderBatchFile, sent: SentRow, failure: Failure
    ) -> bool:
        """Whether the call may succeed when it is sent again.

        Raises ``ProviderError`` if its model is no longer available.
        """
        is_first = not batch_file.is_resubmission
        if failure.sent:
            return self._settings.retry_after_timeout and is_first
        if failure.retry and is_first:
            return True
        return self._client.adapt(sent.run.model_requested, variant_of(batch_file), failure)

    def missing(self, batch_file: ProviderBatchFile, sent: SentRow, *, not_run: bool) -> RowResult:
        """The result of a row without a line: it was ``not_run``, or its result was lost."""
        entries: tuple[LedgerEntry, ...] = ()
        if not_run:
            error = ProviderError("provider_timeout", _NOT_RUN)
        else:
            error = ProviderError("provider_bad_reply", _MISSING)
            entries = unknown_outcome_entries(sent)
        if batch_file.is_resubmission or self._is_cancelled(sent):
            return self.failed(sent, error, entries)
        return _release(sent, RESUBMIT, entries, error.code)

    def cancelled_unsent(self, sent: SentRow) -> RowResult:
        """The result of a row of a cancelled batch whose call the provider has not run."""
        return self.failed(sent, FormcallError("cancelled", _CANCELLED))

    def abandoned(self, sent: SentRow) -> RowResult:
        """The result of a row of a cancelled batch whose call may have been billed."""
        error = FormcallError("cancelled", _ABANDONED)
        return self.failed(sent, error, unknown_outcome_entries(sent))

    # --- the end of a row ---

    def failed(
        self, sent: SentRow, error: FormcallError, entries: tuple[LedgerEntry, ...] = ()
    ) -> RowResult:
        """The row ends with ``error``."""
        status = "cancelled" if error.code == "cancelled" else "failed"
        return self._ended(sent, self._engine.failed_outcome(sent.run, error, status), entries)

    def _ended(
        self, sent: SentRow, outcome: Outcome, entries: tuple[LedgerEntry, ...]
    ) -> RowResult:
        cost_usd = to_usd(_total_cost(sent.row, entries))
        response = response_for(replace(outcome, cost_usd=cost_usd), sent.run.action)
        change = FinishRow(
            sent.row.id,
            sent.row.attempt,
            outcome.status,
            entries,
            response.body,
            response.code or None,
            unknown=outcome.ok and not outcome.result,
            keep_form=self._settings.store_text == "on",
        )
        return RowResult(change, sent, outcome)

    def _is_cancelled(self, sent: SentRow) -> bool:
        return self.cancelled or bool(sent.row.cancel)

    # --- the run of a row ---

    def bounded_request(self, sent: SentRow) -> ModelRequest:
        """The call of a row, limited to the cost that was reserved for it."""
        row = sent.row
        budget = sent.request.budget
        budget.initial_reservation(has_budget=self._has_budget)
        budget.start(row.reserved_nusd, row.attempt)
        return budget.before_call(sent.run.initial_request())

    def add_earlier_attempts(self, sent: SentRow) -> None:
        """Add the tokens and cost of earlier attempts, which the answer of the run includes."""
        row, run = sent.row, sent.run
        if row.cost_nusd == 0:
            return
        used = self._states.token_usage(row.id)
        run.usage += Usage(
            int(used.input),
            int(used.cached),
            output=int(used.output),
            reasoning=int(used.reasoning),
        )
        run.cost_usd = to_usd(row.cost_nusd)


def variant_of(batch_file: ProviderBatchFile) -> RequestVariant:
    """The request variant that all calls of a file use."""
    from connector.providers.hosted.variants import RequestVariant

    omitted = frozenset(batch_file.omitted_parameters)
    return RequestVariant(batch_file.model, batch_file.dialect, omitted)


def unknown_outcome_entries(sent: SentRow) -> tuple[LedgerEntry, ...]:
    """The ledger entry of a call that may have been billed: the reserved maximum."""
    reserved = sent.row.reserved_nusd or None
    return (LedgerEntry(0, sent.run.model[:100], nusd=reserved, estimated=True),)


def _release(sent: SentRow, host: str, entries: tuple[LedgerEntry, ...], code: str) -> RowResult:
    """The row is queued again; ``host`` selects how it is sent the next time."""
    return RowResult(ReleaseRow(sent.row.id, sent.row.attempt, host, entries, code), sent)


def _total_cost(row: RunRow, entries: tuple[LedgerEntry, ...]) -> int | None:
    """The cost of all attempts of a row in nano-dollars; None if one is unknown."""
    total = row.cost_nusd
    for entry in entries:
        if total is None or entry.nusd is None:
            return None
        total += entry.nusd
    return total

"""Execution of single rows of a batch: what pauses the batch, what is retried, what fails a row."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from connector.batches.validator import pauses_batch
from connector.durable.dbos_adapter import StepAborted
from connector.durable.heartbeat import SILENT_SECONDS
from connector.durable.steps import traceback_without_message
from connector.errors import FormcallError
from connector.runs.responses import RunResponse
from connector.runs.runner import Runner
from connector.store.batches import Batches
from connector.store.hosts import StoredHosts
from connector.store.ledger.control_changes import RequeueRun, SettleReservation
from connector.store.ledger.records import BudgetContended, RunSuperseded, StoreUnavailable
from connector.store.rows import BatchRow, RunRow

log = logging.getLogger("formcall")

_CHUNK_SECONDS = 10.0  # after which a chunk of rows makes room for other chunks
_DATABASE_RETRY_SECONDS = 1.0

# temporary errors whose calls were not billed
_TRANSIENT_CODES = {"provider_rate_limited", "provider_unavailable", "busy"}
_DATABASE_UNAVAILABLE = (StoreUnavailable, InterfaceError, OperationalError, NoConnection)


def wait_for_database(stopping: threading.Event, function: Callable[..., Any], *args: Any) -> Any:
    """Call ``function(*args)`` until the database is available; the call must be repeatable.

    Raises ``StepAborted`` when the process stops meanwhile.
    """
    while True:
        try:
            return function(*args)
        except _DATABASE_UNAVAILABLE:
            if stopping.wait(_DATABASE_RETRY_SECONDS):
                raise StepAborted from None


class RowRunner:
    """Runs rows of batches in this process. Thread-safe; ``stopping`` is set at shutdown."""

    def __init__(
        self, runner: Runner, batches: Batches, hosts: StoredHosts, stopping: threading.Event
    ) -> None:
        self._runner = runner
        self._batches = batches
        self._hosts = hosts
        self._stopping = stopping
        self._settings = runner.engine.settings

    def run_chunk(self, batch_id: str, first: int, last: int, is_last: bool) -> int | None:
        """Run the open rows numbered ``first`` to ``last``, one after another.

        Returns the number of the first row that is left when the chunk's time is over, or None.
        ``is_last``: this is the final attempt of these rows.
        """
        batch = self._batches.get(batch_id)
        deadline = time.monotonic() + _CHUNK_SECONDS
        if batch.status != "running":
            return None  # each row would find this out itself, but slower
        for count, row in enumerate(self._batches.open_rows(batch_id, first, last)):
            if self._stopping.is_set():
                raise StepAborted
            if count and time.monotonic() > deadline:
                return row.row_no
            self._run_row(row, batch, is_last)
        return None

    def is_active(self, row: RunRow) -> bool:
        """Whether a live process is running the row."""
        if row.host == self._runner.host or not row.host:
            return self._runner.is_active(row.id)
        return row.host in self._hosts.known() and row.host not in self._hosts.dead(SILENT_SECONDS)

    def _run_row(self, row: RunRow, batch: BatchRow, is_last: bool) -> None:
        if row.status == "running" and self.is_active(row):
            return
        response = self._response(row, batch, is_last)
        if response is None:
            return
        if pauses_batch(response):
            self._requeue(row)
            self._pause(batch, response.code, json.loads(response.body)["detail"])
        elif response.code in _TRANSIENT_CODES and not is_last and not self._may_be_billed(row):
            self._requeue(row)

    def _response(self, row: RunRow, batch: BatchRow, is_last: bool) -> RunResponse | None:
        """The response of a row's run; None if the run did not start."""
        while not self._stopping.is_set():
            try:
                return self._runner.run_stored(row, has_budget=batch.budget_nusd is not None)
            except _DATABASE_UNAVAILABLE:
                raise
            except BudgetContended:  # calls in progress have reserved the rest of the budget
                self._settle_dead_rows(batch)
            except RunSuperseded:
                return None  # the row has ended, or its batch is paused or cancelled
            except FormcallError as error:
                self._not_started(row, batch, error, is_last)
                return None
            except Exception as error:  # an internal error must not stop the rows after this one
                log.error("row %s failed\n%s", row.id, traceback_without_message(error))
                return None
        raise StepAborted

    def _settle_dead_rows(self, batch: BatchRow) -> None:
        """Book what rows hold whose process has died: they may be next after the one that waits."""
        if batch.economy:  # its rows hold money while they are at the provider
            return
        for row in self._runner.records.reserving_rows(batch.id):
            if not self.is_active(row):
                self._runner.write_kept_ends(row.id)
                self._runner.ledger.write(SettleReservation(row.id, row.attempt))

    def _not_started(
        self, row: RunRow, batch: BatchRow, error: FormcallError, is_last: bool
    ) -> None:
        if pauses_batch(error):
            self._pause(batch, error.code, error.detail)
        elif error.code not in _TRANSIENT_CODES or is_last:
            self._runner.fail(row, error)

    def _pause(self, batch: BatchRow, code: str, detail: str) -> None:
        # the generation is checked, since a row that was started before the batch was resumed
        # reports a cause that may be fixed by now
        self._batches.pause(batch.id, code, detail, generation=batch.generation)

    def _requeue(self, row: RunRow) -> None:
        try:
            self._runner.ledger.write(RequeueRun(row.id, row.form))
        except RunSuperseded:
            pass  # another process was faster

    def _may_be_billed(self, row: RunRow) -> bool:
        """Whether this attempt made a call of unknown outcome; a retry might be billed twice."""
        current = self._runner.records.get(row.id)
        return not self._settings.retry_after_timeout and (
            current.cost_nusd is None or current.estimated_nusd > row.estimated_nusd
        )

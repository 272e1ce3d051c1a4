"""Economy batches: rows run through the provider's batch API, at half the price, within a day.

    ProviderBatchScheduler.start(batch_id, generation)      polls the batch until it has ended

A batch is polled again and again (``poll``), each time by a durable job of its own, so no thread
waits in between. Its state is stored in its record (``ProviderBatchState``); a poll saves it only
if no other process has changed it meanwhile. The order is always: store the intention, act, store
the outcome; an action of unknown outcome is looked up at the provider before it is repeated. So a
process may die anywhere: no row is lost, no call is paid for twice, and each result is charged
once.

Rows are reserved at their maximum cost at the provider's batch price and put into files; each file
is one batch at the provider. A row that returns without an answer for a temporary reason is sent
once more in a second file. A row without a usable answer (it is invalid, truncated or refused) is
retried once by a live call at the full price, unless ``retry_live`` is off in the state of the
batch; its warnings say so, and its cost includes both calls.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from connector.batches.provider.context import PollContext, PollInterval
from connector.batches.provider.poll import ProviderBatchPoll, StaleState
from connector.durable.queue import JobQueue
from connector.durable.steps import Steps, traceback_without_message
from connector.errors import FormcallError
from connector.runs.runner import Runner
from connector.store.batches import Batches
from connector.store.provider_batches import ProviderBatchStore, read_state
from connector.store.rows import BatchRow, RunRow

if TYPE_CHECKING:
    from connector.providers.hosted.batch_api import BatchClient

log = logging.getLogger("formcall")

_MAX_POLLS = 8  # batches that are polled at the same time in one process
_MAX_POLLS_PER_KEY = 4
_UNSUPPORTED = (
    "Economy needs a provider with a Batch API, such as OpenAI itself (OPENAI_API_KEY). "
    "Run the batch without economy."
)
_GONE = (
    "This batch runs at the provider {name}, which the settings no longer have. Set it up again, "
    "and resume the batch."
)


class ProviderBatchScheduler:
    """Schedules the polls of provider batches. Thread-safe; one per process.

    ``stopping`` is set at shutdown. ``finish`` ends a batch whose rows have all ended; it returns
    False while the batch has open rows.
    """

    def __init__(
        self,
        runner: Runner,
        batches: Batches,
        states: ProviderBatchStore,
        queue: JobQueue,
        stopping: threading.Event,
        *,
        finish: Callable[[str], bool],
        poll_interval: PollInterval | None = None,
    ) -> None:
        self.runner = runner
        self.batches = batches
        self.states = states
        self.stopping = stopping
        self.finish = finish
        self.poll_interval = poll_interval or PollInterval()
        self._queue = queue
        self._live_pool = ThreadPoolExecutor(
            runner.engine.settings.rows_at_once, thread_name_prefix="economy"
        )

    def declare(self) -> None:
        """Register the job and its queue; call this before the queue is launched."""
        self._queue.register("economy", self._run_poll, queue="economy")
        self._queue.queue(
            "economy", concurrency=_MAX_POLLS, per_key=_MAX_POLLS_PER_KEY, poll_seconds=0.5
        )

    def close(self) -> None:
        """Start no more live calls."""
        self._live_pool.shutdown(wait=False, cancel_futures=True)

    # --- scheduling ---

    def start(self, batch_id: str, generation: int) -> None:
        """Poll a batch in this generation until it has ended or is paused."""
        self._enqueue(self._find(batch_id), generation)

    def cancel(self, batch_id: str) -> None:
        """Poll a cancelled batch now, so that its rows at the provider are cancelled soon."""
        batch = self._find(batch_id)
        try:
            self._enqueue(batch, batch.generation, suffix=".now")
        # the batch is already cancelled; the next regular poll cancels its rows at the provider
        except Exception as error:
            log.warning(
                "provider batch %s is not polled at once\n%s",
                batch_id,
                traceback_without_message(error),
            )

    def recover(self) -> None:
        """Enqueue polls that are missing after a crash or a database failure.

        A poll that is enqueued already is not enqueued twice.
        """
        for batch in self.states.list_unfinished():
            stored_state = batch.provider or ""
            state = read_state(stored_state)
            if batch.status != "running" and (state.stalled or not state.open_files):
                continue
            job_id = _job_id(batch.id, batch.generation, state.polls)
            if self._queue.status(job_id) in {"failed", "cancelled"}:
                state.polls += 1
                self.states.save(batch, stored_state, state, batch.detail)
            self._enqueue(self._find(batch.id), batch.generation)

    def _enqueue(
        self, batch: BatchRow, generation: int, *, delay: float = 0, suffix: str = ""
    ) -> None:
        number = read_state(batch.provider or "").polls
        self._queue.enqueue(
            "economy",
            "economy",
            _job_id(batch.id, generation, number) + suffix,
            batch.id,
            generation,
            number,
            key=batch.key_id,
            delay=delay,
        )

    def _find(self, batch_id: str) -> BatchRow:
        batch = self.states.get(batch_id)
        if batch is None:
            raise LookupError(f"There is no batch {batch_id}.")
        return batch

    # --- polling ---

    def _run_poll(self, steps: Steps, batch_id: str, generation: int, number: int) -> None:
        # the name of the step is stored in the database of jobs
        steps.run("look", self.poll, batch_id, generation, number)

    def poll(self, batch_id: str, generation: int, number: int) -> None:
        """Do everything that can be done for a batch now, and enqueue its next poll if needed."""
        batch = self.states.get(batch_id)
        if batch is None or batch.generation != generation or batch.ended_ms:
            return
        try:
            context = self.context(read_state(batch.provider or "").provider)
            poll = ProviderBatchPoll(context, batch)
        except FormcallError as error:  # such as after a change of the provider's settings
            self.batches.pause(batch_id, error.code, error.detail)
            return
        try:
            if poll.state.polls == number and not poll.run():
                return
        except StaleState:
            return
        delay = self.poll_interval.wait(poll.state.idle_polls - 1)
        self._enqueue(self._find(batch_id), generation, delay=delay)

    def context(self, name: str = "") -> PollContext:
        """The context of a poll at the provider ``name``, or for a new batch.

        ``FormcallError`` if no provider has a batch API.
        """
        return PollContext(
            self.runner,
            self.batches,
            self.states,
            self._client(name),
            self.poll_interval,
            self.stopping,
            self.finish,
            self.run_live,
        )

    def _client(self, name: str = "") -> BatchClient:
        # imported here, so that a service without economy batches does not load the provider's SDK
        from connector.providers.hosted.batch_api import BatchClient

        engine = self.runner.engine
        for_batches = getattr(engine.provider, "for_batches", None)
        found = for_batches(engine.settings.model, name) if for_batches else None
        if found is None:
            raise FormcallError("bad_request", _GONE.format(name=name) if name else _UNSUPPORTED)
        return BatchClient(*found)

    def check(self) -> None:
        """Raise ``FormcallError`` if the provider has no batch API."""
        if self.runner.engine.provider.engine != "openai":  # avoids the costly import
            raise FormcallError("bad_request", _UNSUPPORTED)
        self._client()

    def run_live(self, run: Callable[[RunRow], None], rows: Iterable[RunRow]) -> None:
        """Call ``run`` for each row, as many at the same time as rows of batches may run.

        Returns when all calls have ended; at shutdown the remaining rows are skipped.
        """

        def run_unless_stopping(row: RunRow) -> None:
            if not self.stopping.is_set():
                run(row)

        for _ in self._live_pool.map(run_unless_stopping, rows):
            pass  # iterating raises the first exception


def _job_id(batch_id: str, generation: int, number: int) -> str:
    return f"{batch_id}.e{generation}.{number}"

"""Carrying runs out for a key: recorded and paid, waited for as long as the caller will, handed over when it takes longer.

    Runner.run(key, action, values) -> Told        what became of it, or that it is still going on

A run that is answered in time is two small transactions: its reservation and record before, its costs and answer after. When
the caller's patience ends first, the run goes on in its own thread and becomes a durable job, so that it also goes on after a
crash. Where other machines do the work (the role web), each run is a durable job from the beginning.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillGoing
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, replace
from typing import Any, Protocol

from connector.catalogue.options import CACHE_SECONDS
from connector.engine.run import Engine, Outcome
from connector.engine.turns import Run
from connector.errors import FormcallError
from connector.jobs.admission import Admission, Asked
from connector.jobs.purse import Purse, patiently
from connector.jobs.telling import COMPLETED, FAILED, Told, event_text, problem_text, told_kept, told_outcome
from connector.store.ids import today
from connector.store.journal import Journal
from connector.store.keys import Keys
from connector.store.notes import OPEN, Cancel, End, Fail, Gone, Grant, HandOver, Requeue, Start
from connector.store.runs import Runs

Json = dict[str, Any]

log = logging.getLogger("formcall")

_LOOK_AGAIN = (0.02, 0.25)  # seconds between looks at a run that another machine carries out, at first and at last
_PATIENCE = 60.0  # seconds that a run nobody waits for may wait for money that is reserved
_CANCELLED = "The run was cancelled before it began; nothing was spent."


class Jobs(Protocol):
    """The part of the job engine that runs need: a durable job under an id, now in this process or in a queue."""

    def start(self, name: str, id: str, *args: Any) -> None: ...

    def enqueue(self, queue: str, name: str, id: str, *args: Any, key: str | None = None) -> None: ...


@dataclass
class Live:
    """A run that this process is carrying out. ``keep``: somebody will fetch its answer later."""

    asked: Asked
    attempt: int
    future: Future[Told]
    keep: bool


class Runner:
    """Carries out runs. Thread-safe; one for a process. ``works`` is False where other machines do the work."""

    def __init__(self, engine: Engine, journal: Journal, records: Runs, keys: Keys, *, host: str, works: bool = True) -> None:
        self.engine, self.journal, self.records, self.keys, self.host = engine, journal, records, keys, host
        self.jobs: Jobs | None = None
        self.admission = Admission(engine, journal, records, host=host, works=works)
        self._works = works
        self._settings = engine.settings
        self._live: dict[str, Live] = {}
        self._pool = ThreadPoolExecutor(self._settings.max_in_flight, thread_name_prefix="run")

    @property
    def under_way(self) -> int:
        """How many runs this process is carrying out."""
        return len(self._live)

    def is_live(self, run_id: str) -> bool:
        """Whether this process is carrying the run out."""
        return run_id in self._live

    # --- a caller's run ---

    def run(self, asked: Asked) -> Told:
        """What becomes of a run that was asked for; ``FormcallError`` when it may not begin."""
        if len(self._live) >= 2 * self._settings.max_in_flight:
            raise FormcallError("busy", "Too many runs are going on at the moment. Try again in a few seconds.", retry_after=5)
        begun = self.admission.admit(asked)
        if isinstance(begun, Told):
            return begun
        if not self._works or asked.run.options.wait_seconds == 0:
            return self._enqueue(asked, begun)
        live = self._live_run(asked, begun)
        self._pool.submit(self._carry_out, live)
        try:
            return live.future.result(asked.run.options.wait_seconds)
        except StillGoing:
            return self._hand_over(live)

    def wait(self, run_id: str, seconds: float) -> Told:
        """What became of a run, once it has ended or ``seconds`` have passed."""
        until, pause = time.monotonic() + seconds, _LOOK_AGAIN[0]
        while True:
            told = self.told(run_id)
            left = until - time.monotonic()
            if not told.is_open or left <= 0:
                return told
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, _LOOK_AGAIN[1])

    def told(self, run_id: str) -> Told:
        """What is known of a run now."""
        return told_kept(self._record(run_id))

    def cancel(self, run_id: str) -> str:
        """Cancel a run; its status after that. One that is asking the model now ends when that call has."""
        answer = problem_text(FormcallError("cancelled", _CANCELLED), run_id, "cancelled")
        status: str = self.journal.write(Cancel(run_id, answer, FAILED, event_text(FAILED, answer)))
        if live := self._live.get(run_id):
            live.asked.run.cancelled.set()
        return status

    def retry(self, run_id: str) -> Told:
        """Run a run again that ended without an answer, on the form that was kept."""
        row = self._record(run_id)
        if row.form is None:
            raise FormcallError("conflict", "The form of this run was not kept, so it cannot be run again from here. Send it again.")
        try:
            attempt = self.journal.write(Requeue(run_id))
        except Gone as gone:
            words = "it has its answer" if gone.status == "done" else f"it is {gone.status}"
            raise FormcallError("conflict", f"This run cannot be run again: {words}.") from None
        self.queue(run_id, attempt, row.key_id)
        return Told(run_id, "queued")

    def close(self, seconds: float | None = None) -> None:
        """Take no more runs, and wait for those that are going on, so long at most."""
        self._pool.shutdown(wait=seconds is None)
        if seconds:
            wait_for([live.future for live in list(self._live.values())], seconds)

    # --- carrying it out ---

    def resume(self, run_id: str) -> str:
        """The durable job of a run: wait for it if this process carries it out, else carry it out; the status it ended with."""
        if live := self._live.get(run_id):
            return live.future.result().status
        row = self.records.find(run_id)
        if row is None or row.status not in OPEN:
            return row.status if row else "gone"
        try:
            return self.carry_out_kept(row).status
        except Gone as gone:
            return gone.status
        except FormcallError as error:
            self.fail(row, error)
            return "failed"

    def carry_out_kept(self, row: Any, *, has_budget: bool = False) -> Told:
        """Carry out a run from its record; ``FormcallError`` when it may not begin, ``Gone`` when it need not.

        ``has_budget``: a batch pays for it that has a budget of its own.
        """
        key = self.keys.by_id(row.key_id)
        if key is None or key.revoked_at:
            raise FormcallError("unauthorized", "The API key of this run was revoked.")
        run = self.engine.prepare(row.action, self.records.values(row))
        run.id = row.id
        asked = Asked(key, run, Purse(self.engine, self.journal, key, run, spent=row.cost_nusd or 0), row.form)
        asked.check()
        want, least = asked.purse.opening(has_budget=has_budget)
        limits = replace(key.allowance.limits(), at_once=None)
        begun = patiently(
            self.journal, Start(row.id, self.host, row.attempt, OPEN, limits, want, least, today()), time.monotonic() + _PATIENCE
        )
        live = self._live_run(asked, begun)
        live.keep = True
        self._carry_out(live)
        return live.future.result()

    def fail(self, row: Any, error: FormcallError) -> None:
        """A run that was to begin cannot: its record says why."""
        body = problem_text(error, row.id, "failed")
        self.journal.write(Fail(row.id, error.code, body, FAILED, event_text(FAILED, body)))

    def _live_run(self, asked: Asked, begun: Grant) -> Live:
        asked.purse.start(begun.nusd, begun.attempt)
        options = asked.run.options
        keep = self._settings.store_text == "on" or bool(options.idempotency_key)
        live = self._live[asked.run.id] = Live(asked, begun.attempt, Future(), keep)
        return live

    def _carry_out(self, live: Live) -> None:
        """The whole of a run, in whatever thread; its future always gets a result."""
        try:
            told = self._end(live, self._outcome(live.asked.run))
        except BaseException as error:  # what could not be written down must still reach who waits
            del self._live[live.asked.run.id]
            live.future.set_exception(error)
            return
        del self._live[live.asked.run.id]
        live.future.set_result(told)

    def _outcome(self, run: Run) -> Outcome:
        run.begin()
        try:
            return self.engine.carry_out(run)
        except FormcallError as error:
            return self.engine.failed(run, error)
        except Exception as error:
            log.error("run failed", extra={"run_id": run.id}, exc_info=error)
            words = f"Something went wrong on our side. If it happens again, give the operator this id: {run.id}."
            return self.engine.failed(run, FormcallError("internal", words))

    def _end(self, live: Live, outcome: Outcome) -> Told:
        asked, told = live.asked, told_outcome(outcome)
        event = COMPLETED if outcome.ok else FAILED
        note = End(
            asked.run.id,
            live.attempt,
            outcome.status,
            asked.purse.take_entries(),
            told.body,
            told.code or None,
            unknown=outcome.ok and not outcome.result,
            event=event,
            body=event_text(event, told.body),
            keep=lambda: live.keep,
            keep_form=self._settings.store_text == "on",
        )
        if not self.journal.write(note):
            return self.told(asked.run.id)
        if asked.cache and outcome.ok:
            self.records.keep_answer(asked.key.id, asked.cache, told.body, CACHE_SECONDS[asked.run.options.cache])
        return told

    # --- handing it over ---

    def _hand_over(self, live: Live) -> Told:
        run = live.asked.run
        live.keep = True
        if not self.journal.write(HandOver(run.id, live.attempt, live.asked.form)):
            return live.future.result()  # it has ended at this very moment
        if self.jobs:  # else it is taken up once the jobs are launched
            self.jobs.start("carry_out", f"{run.id}.{live.attempt}", run.id)
        return Told(run.id, "running")

    def go_on(self, row: Any) -> None:
        """A run that was promised, and that this process may have to carry out again; the same attempt is taken up once."""
        if self.jobs:
            self.jobs.start("carry_out", f"{row.id}.{row.attempt}", row.id)

    def _enqueue(self, asked: Asked, begun: Grant) -> Told:
        run = asked.run
        self.queue(run.id, begun.attempt, asked.key.id)
        return self.wait(run.id, run.options.wait_seconds) if run.options.wait_seconds else Told(run.id, "queued")

    def queue(self, run_id: str, attempt: int, key_id: str) -> None:
        """Put a queued run into the queue of runs, where some process will carry it out."""
        if self.jobs is None:
            raise FormcallError("busy", "The service is only starting. Try again in a few seconds.", retry_after=3)
        self.jobs.enqueue("runs", "carry_out", f"{run_id}.q{attempt}", run_id, key=key_id)

    def _record(self, run_id: str) -> Any:
        row = self.records.find(run_id)
        if row is None:
            raise FormcallError("not_found", "There is no such run.")
        return row

"""Carrying runs out for a key: recorded and paid, waited for as long as the caller will, handed over when it takes longer.

    Runner.run(key, action, values) -> Told        what became of it, or that it is still going on

A run that is answered in time is two small transactions: its reservation and record before, its costs and answer after. When
the caller's patience ends first, the run goes on in its own thread and becomes a durable job, so that it also goes on after a
crash. Where other machines do the work (the role web), each run is a durable job from the beginning.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillGoing
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from connector import logs
from connector.catalogue.options import CACHE_SECONDS
from connector.engine.outlet import Outlet
from connector.engine.run import Engine, Outcome
from connector.engine.state import Decision
from connector.engine.turns import Run
from connector.errors import FormcallError
from connector.jobs.admission import Admission, Asked
from connector.jobs.alarms import Alarms
from connector.jobs.aside import brought_back
from connector.jobs.ended import row_name, see_end
from connector.jobs.machinery import Left
from connector.jobs.memory import StoredMemory, asked_calls, written_decision
from connector.jobs.purse import Purse, patiently
from connector.jobs.telling import ASKING, COMPLETED, FAILED, Told, event_text, problem_text, told_kept, told_outcome
from connector.jobs.versions import continued
from connector.metrics import Metrics
from connector.store.ids import today
from connector.store.journal import Journal
from connector.store.keys import Keys
from connector.store.money import usd
from connector.store.notes import OPEN, WAITING, Cancel, Decide, End, Entry, Fail, Gone, Grant, HandOver, Note, Requeue, Start, Unwritten
from connector.store.runs import Runs

Json = dict[str, Any]

log = logging.getLogger("formcall")

_LOOK_AGAIN = (0.02, 0.25)  # seconds between looks at a run that another machine carries out, at first and at last
_PATIENCE = 60.0  # seconds that a run nobody waits for may wait for money that is reserved
_AGAIN_SECONDS = 1.0  # between tries to write what must not be lost
_CANCELLED = "The run was cancelled while it waited for its turn; no call was made for it after that."


class Jobs(Protocol):
    """The part of the job engine that runs need: a durable job under an id, now in this process or in a queue."""

    def start(self, name: str, id: str, *args: Any) -> None: ...

    def enqueue(self, queue: str, name: str, id: str, *args: Any, key: str | None = None) -> None: ...

    def status(self, id: str) -> str | None: ...


class Early(Protocol):
    """A caller who can be told that the run goes on while the run's own thread, which would answer, is still at work."""

    def claim(self) -> bool: ...

    def send(self, told: Told) -> None: ...


@dataclass
class Live:
    """A run that this process is carrying out. ``keep``: somebody will fetch its answer later."""

    asked: Asked
    attempt: int
    future: Future[Told]
    keep: bool
    request_id: str


class Runner:
    """Carries out runs. Thread-safe; one for a process. ``works`` is False where other machines do the work."""

    def __init__(self, engine: Engine, journal: Journal, records: Runs, keys: Keys, *, host: str, works: bool = True) -> None:
        self.engine, self.journal, self.records, self.keys, self.host = engine, journal, records, keys, host
        self.jobs: Jobs | None = None
        self.admission = Admission(engine, journal, records, host=host, works=works)
        self._works = works
        self._settings = engine.settings
        self._live: dict[str, Live] = {}
        self._beginning: dict[int, Asked] = {}  # what may be in the table of runs, and is not live yet
        self._closing = threading.Event()
        self.metrics = Metrics(engine.catalogue, partial(row_name, engine), under_way=lambda: len(self._live))
        journal.on_group = self.metrics.journal_group
        self._alarms = Alarms()
        self._pool = ThreadPoolExecutor(self._settings.max_in_flight, thread_name_prefix="run")

    @property
    def under_way(self) -> int:
        """How many runs this process is carrying out."""
        return len(self._live)

    def is_live(self, run_id: str) -> bool:
        """Whether this process is carrying the run out, or about to."""
        return run_id in self._live or any(asked.run.id == run_id for asked in list(self._beginning.values()))

    # --- a caller's run ---

    def run(self, asked: Asked, early: Early | None = None) -> Told:
        """What becomes of a run that was asked for; ``FormcallError`` when it may not begin.

        With ``early`` the run goes on in this thread to its end, and its caller may be told before that it does.
        """
        if len(self._live) >= 2 * self._settings.max_in_flight:
            raise FormcallError("busy", "Too many runs are going on at the moment. Try again in a few seconds.", retry_after=5)
        live = self._begin(asked)
        if isinstance(live, Told):
            return live
        return self._carry_out_here(live, early) if early else self._wait_for(live)

    def stream(self, asked: Asked) -> Outlet | Told:
        """Where to hear a run that was asked for, or what becomes of it where there is nothing to hear; ``FormcallError`` when it may
        not begin. Once nobody listens any more the run is cancelled, and its call broken off."""
        outlet = asked.run.outlet = Outlet(asked.run.cancelled)
        live = self._begin(asked)
        if isinstance(live, Told):
            return live
        outlet.follow(live.future)
        self._pool.submit(self._carry_out, live)
        return outlet

    def _begin(self, asked: Asked) -> Live | Told:
        self._beginning[id(asked)] = asked
        try:
            begun = self.admission.admit(asked)
            logs.led_to(asked.run)
            if isinstance(begun, Told):
                return begun
            return self._live_run(asked, begun) if self.admission.at_once(asked) else self._enqueue(asked, begun)
        finally:
            del self._beginning[id(asked)]

    def _wait_for(self, live: Live) -> Told:
        try:
            self._pool.submit(self._carry_out, live)
        except RuntimeError:  # the process ends
            self._carry_out(live)
        try:
            return live.future.result(max(0.0, live.asked.until - time.monotonic()))
        except StillGoing:
            if not self._promise(live):
                return live.future.result()  # it has ended at this very moment
            self._go_on(live)
            return Told(live.asked.run.id, "running")

    def _carry_out_here(self, live: Live, early: Early) -> Told:
        run = live.asked.run
        alarm = self._alarms.at(live.asked.until, partial(self._tell_early, live, early))
        self._carry_out(live)
        alarm.cancel()
        return live.future.result() if early.claim() else Told(run.id, "running")

    def _tell_early(self, live: Live, early: Early) -> None:
        if self._promise(live):
            early.send(Told(live.asked.run.id, "running"))
            self._go_on(live)

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
        if status == "cancelled":
            logs.run(run_id=run_id, status=status, code="cancelled")
        if live := self._live.get(run_id):
            live.asked.run.cancelled.set()
        return status

    def retry(self, run_id: str) -> Told:
        """Run a run again that ended without an answer, on the form that was kept."""
        row = self._record(run_id)
        if row.batch_id:
            raise FormcallError("conflict", "This run is a row of a batch. Retry the batch, which runs all rows again that have failed.")
        if row.status == WAITING:
            raise FormcallError("conflict", "This run waits for a person. Approve or refuse what it asks, and it goes on.")
        if row.form is None:
            raise FormcallError("conflict", "The form of this run was not kept, so it cannot be run again from here. Send it again.")
        self._values(row)  # a file that is gone is told now, not by a run that fails
        try:
            attempt = self.journal.write(Requeue(run_id))
        except Gone as gone:
            words = "it has its answer" if gone.status == "done" else f"it is {gone.status}"
            raise FormcallError("conflict", f"This run cannot be run again: {words}.") from None
        self._take_place(run_id, attempt, row.key_id)
        return Told(run_id, "queued")

    def decide(self, run_id: str, *, approved: list[int] | None, note: str, seconds: float) -> Told:
        """A run that waits for a person goes on: with the calls of these numbers (None: all), the others are refused.

        What becomes of it within ``seconds``; ``FormcallError`` (conflict) when it does not wait.
        """
        row = self._record(run_id)
        if row.status != WAITING:
            raise FormcallError("conflict", f"This run does not wait for anybody: it is {row.status}.")
        if row.form is None or row.state is None:
            raise FormcallError("conflict", "What this run would go on from was not kept any longer. Send the request again.")
        asked = asked_calls(row)
        if unknown := [number for number in approved or () if number not in asked]:
            raise FormcallError("conflict", f"The run does not ask about call {unknown[0]}; it asks about {', '.join(map(str, asked))}.")
        decision = Decision(tuple(number - 1 for number in (asked if approved is None else approved)), note)
        try:
            attempt = self.journal.write(Decide(run_id, written_decision(decision)))
        except Gone as gone:
            raise FormcallError("conflict", f"Somebody else was quicker: the run is {gone.status}.") from None
        try:
            here = self._works and bool(self._pool.submit(self._go_on_here, run_id, attempt))
        except RuntimeError:  # the process ends; the next one takes the run up
            here = False
        if not here:
            self._take_place(run_id, attempt, row.key_id)
        return self.wait(run_id, seconds)

    def _go_on_here(self, run_id: str, attempt: int) -> None:
        try:
            self._resume(run_id, attempt)
        except Exception:  # its record says that it is queued, so it gets a place in the queue at the next round
            log.warning("a run that may go on waits for its place in the queue", extra={"run_id": run_id})

    def close(self, seconds: float | None = None) -> None:
        """Take no more runs, and wait for those that are going on, so long at most."""
        self._pool.shutdown(wait=False)
        if seconds:
            wait_for([live.future for live in list(self._live.values())], seconds)
        self._closing.set()  # from now on nothing waits for a database that is away
        self._pool.shutdown(wait=seconds is None)

    # --- carrying it out ---

    def resume(self, run_id: str, attempt: int) -> str:
        """The durable job that follows a run's ``attempt``: wait for it if this process carries it out, else carry out the next one.

        Gives the run's status after it. Only one job comes to carry out an attempt, also where several follow the one before it. A
        database that is away is waited for: the run must not be given up for that.
        """
        while True:
            try:
                return self._resume(run_id, attempt)
            except (Unwritten, DBAPIError, NoConnection):
                if self._closing.wait(_AGAIN_SECONDS):
                    raise Left from None

    def _resume(self, run_id: str, attempt: int) -> str:
        live = self._live.get(run_id)
        if live and live.attempt == attempt:
            return live.future.result().status
        row = self.records.find(run_id)
        if row is None or row.status not in OPEN or row.attempt != attempt:
            return row.status if row else "gone"
        try:
            return self.carry_out_kept(row).status
        except Gone as gone:
            return gone.status
        except Unwritten:
            raise
        except FormcallError as error:
            self.fail(row, error)
            return "failed"

    def carry_out_kept(self, row: Any, *, has_budget: bool = False, ready: Callable[[Asked], object] = lambda asked: None) -> Told:
        """Carry out a run from its record; ``FormcallError`` when it may not begin, ``Gone`` when it need not.

        ``has_budget``: a batch pays for it that has a budget of its own. ``ready`` is called with the run before it begins.
        """
        key = self.keys.by_id(row.key_id)
        if key is None or key.revoked_at:
            raise FormcallError("unauthorized", "The API key of this run was revoked.")
        values, earlier = self._values(row), None
        if not row.batch_id:
            values, earlier = continued(self.records, row.key_id, self.engine.catalogue.find(row.action), values)
        run = self.engine.prepare(row.action, values, earlier)
        run.id = row.id
        asked = Asked(key, run, Purse(self.engine, self.journal, key, run), row.form, batch_id=row.batch_id or "")
        asked.check()
        asked.purse.follow(row)
        ready(asked)
        want, least = asked.purse.opening(has_budget=has_budget)
        limits = replace(key.allowance.limits(), at_once=None)
        note = Start(row.id, self.host, row.attempt, OPEN, limits, want, least, today())
        self._beginning[id(asked)] = asked
        try:
            live = self._live_run(asked, patiently(self.journal, note, time.monotonic() + _PATIENCE))
        finally:
            del self._beginning[id(asked)]
        live.keep = True
        self._carry_out(live)
        return live.future.result()

    def _values(self, row: Any) -> Json:
        """The form of a kept run, with its files; rows of batches have theirs in them, as they were sent."""
        values = self.records.values(row)
        return values if row.batch_id else brought_back(values, partial(self.records.files.find, row.key_id))

    def fail(self, row: Any, error: FormcallError) -> None:
        """A run that was to begin cannot: its record says why."""
        body = problem_text(error, row.id, "failed")
        if self.journal.write(Fail(row.id, row.attempt, error.code, body, FAILED, event_text(FAILED, body))):
            logs.run(run_id=row.id, key_id=row.key_id, batch_id=row.batch_id, action=row.action, status="failed", code=error.code)

    def _live_run(self, asked: Asked, begun: Grant) -> Live:
        asked.purse.start(begun.nusd, begun.attempt)
        if asked.run.tools:
            asked.run.memory = StoredMemory(self.journal, self.records, asked.run, begun.attempt)
            asked.run.may_wait = not asked.batch_id
        options = asked.run.options
        keep = self._settings.store_text == "on" or bool(options.idempotency_key)
        live = self._live[asked.run.id] = Live(asked, begun.attempt, Future(), keep, logs.led_to(asked.run))
        return live

    def _carry_out(self, live: Live) -> None:
        """The whole of a run, in whatever thread; its future always gets a result."""
        try:
            told = self._end(live, self._outcome(live.asked.run))
        except BaseException as error:  # what could not be written down must still reach who waits
            self._is_over(live)
            live.future.set_exception(error)
            return
        self._is_over(live)
        live.future.set_result(told)

    def _is_over(self, live: Live) -> None:
        run_id = live.asked.run.id
        if self._live.get(run_id) is live:  # else another attempt has taken its place
            del self._live[run_id]

    def _outcome(self, run: Run) -> Outcome:
        run.begin()
        try:
            return self.engine.carry_out(run)
        except FormcallError as error:
            return self.engine.failed(run, error)
        except Exception as error:
            return self._broken(run, error)

    def _broken(self, run: Run, error: Exception) -> Outcome:
        log.error("run failed", extra={"run_id": run.id}, exc_info=error)
        words = f"Something went wrong on our side. If it happens again, give the operator this id: {run.id}."
        return self.engine.failed(run, FormcallError("internal", words))

    def _end(self, live: Live, outcome: Outcome) -> Told:
        entries = live.asked.purse.take_entries()
        if outcome.error and outcome.error.kind.retryable and self._settings.store_text == "on":
            self._keep_for_retry(live.asked)
        try:
            is_ours, told = self._write_end(live, outcome, entries)
        except Unwritten:
            raise
        except Exception as error:  # this answer cannot be written; what it cost is
            outcome = self._broken(live.asked.run, error)
            is_ours, told = self._write_end(live, outcome, entries)
        see_end(self.metrics, live.asked, outcome, attempt=live.attempt, request_id=live.request_id)
        if not is_ours:
            return self.told(live.asked.run.id)
        if outcome.ok:
            self._keep_answer(live.asked, told)
        return told

    def _keep_for_retry(self, asked: Asked) -> None:
        try:
            self.admission.keep_files(asked)
        except DBAPIError:  # the end of the run matters more
            log.warning("the files of a run could not be kept for a retry", extra={"run_id": asked.run.id})

    def _write_end(self, live: Live, outcome: Outcome, entries: tuple[Entry, ...]) -> tuple[bool, Told]:
        """(whether the run was this process's to end, what is told of it); what the answer says it cost is what is booked for it."""
        asked, cost = live.asked, usd(live.asked.purse.cost)
        told = told_outcome(outcome if outcome.cost_usd == cost else replace(outcome, cost_usd=cost))
        event = ASKING if outcome.waiting else COMPLETED if outcome.ok else FAILED
        note = End(
            asked.run.id,
            live.attempt,
            outcome.status,
            entries,
            told.body,
            told.code or None,
            unknown=outcome.ok and not outcome.result,
            event=event,
            body=event_text(event, told.body),
            keep=lambda: live.keep or bool(outcome.waiting),
            keep_form=self._settings.store_text == "on",
            state=outcome.waiting.state.text() if outcome.waiting else None,
            form=asked.form,
            stateful=bool(asked.run.tools),
        )
        note.unsure = asked.purse.unsure
        return bool(self._insist(note)), told

    def _insist(self, note: Note) -> Any:
        """Write what must not be lost, however long the database is away; ``Unwritten`` when this process ends before."""
        while True:
            try:
                return self.journal.write(note)
            except Unwritten:
                if self._closing.wait(_AGAIN_SECONDS):
                    raise

    def _keep_answer(self, asked: Asked, told: Told) -> None:
        if not asked.cache:
            return
        try:
            self.records.keep_answer(asked.key.id, asked.cache, told.body, CACHE_SECONDS[asked.run.options.cache])
        except DBAPIError:
            log.warning("an answer could not be kept for the next time", extra={"run_id": asked.run.id})

    # --- handing it over ---

    def _promise(self, live: Live) -> bool:
        """From now on the run survives a crash, and its answer is kept; False when it has ended already."""
        live.keep = True
        self.admission.keep_files(live.asked)
        return bool(self.journal.write(HandOver(live.asked.run.id, live.attempt, live.asked.form)))

    def _go_on(self, live: Live) -> None:
        try:
            self.go_on(live.asked.run.id, live.attempt)
        except Exception:  # it was promised in its record, which is what is looked at after a crash
            log.warning("a run that goes on has no durable job", extra={"run_id": live.asked.run.id})

    def go_on(self, run_id: str, attempt: int) -> None:
        """A run that was promised, and whose next attempt this process may have to carry out; the same attempt is followed once."""
        if self.jobs:  # else it is taken up once the jobs are launched
            self.jobs.start("carry_out", f"{run_id}.{attempt}", run_id, attempt)

    def _enqueue(self, asked: Asked, begun: Grant) -> Told:
        run = asked.run
        self._take_place(run.id, begun.attempt, asked.key.id)
        return self.wait(run.id, asked.until - time.monotonic()) if run.options.wait_seconds else Told(run.id, "queued")

    def _take_place(self, run_id: str, attempt: int, key_id: str) -> None:
        """A place in the queue of runs, now or at the next round of those that have none."""
        try:
            self._queue(run_id, attempt, key_id)
        except Exception as error:
            log.warning("a run waits for its place in the queue", extra={"run_id": run_id}, exc_info=error)

    def queue(self, row: Any) -> None:
        """See that a queued run has its place in the queue, where some process will carry it out."""
        state = self.jobs.status(_place(row.id, row.attempt)) if self.jobs else "queued"
        if state is None:
            self._queue(row.id, row.attempt, row.key_id)
        elif state in {"failed", "cancelled"}:
            self.fail(row, FormcallError("internal", "The run could not be carried out, also at further tries. Retry the run."))

    def _queue(self, run_id: str, attempt: int, key_id: str) -> None:
        if self.jobs:  # else its place is taken once the jobs are launched
            self.jobs.enqueue("runs", "carry_out", _place(run_id, attempt), run_id, attempt, key=key_id)

    def _record(self, run_id: str) -> Any:
        row = self.records.find(run_id)
        if row is None:
            raise FormcallError("not_found", "There is no such run.")
        return row


def _place(run_id: str, attempt: int) -> str:
    """The id of the job of a run that waits in the queue."""
    return f"{run_id}.q{attempt}"

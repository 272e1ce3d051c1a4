"""Batches: rows are checked and kept all at once, and then carried out as durable work, so many at a time.

    BatchRunner.add(key, order) -> Progress      all rows are kept; from now on nothing of them is lost

One piece of work leads a batch (``lead``): it hands the rows that have not ended to pieces of work of a few dozen rows each
(``carry_out``), waits for those, and tells of the end. What has been done stands in the records of the rows alone, so any of this
may be done again after a crash: a row that has ended is passed over, and one that was under way begins a new attempt.

A batch that is paused or cancelled, and one that goes on after that, needs no message to anybody: a row asks for its batch's status
in the transaction in which it begins.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from connector.errors import FieldError, FormcallError, InvalidInput
from connector.jobs.durable import Durable
from connector.jobs.intake import STOPPING, Intake
from connector.jobs.machinery import Left
from connector.jobs.orders import Order
from connector.jobs.progress import described
from connector.jobs.runner import Runner
from connector.jobs.steps import Steps, places
from connector.jobs.telling import Told, event_text, written
from connector.jobs.watch import SILENT_SECONDS
from connector.store.batches import COMPLETED, Batches, Progress
from connector.store.hosts import StoredHosts
from connector.store.ids import now_ms
from connector.store.keys import Key
from connector.store.money import nano, usd
from connector.store.notes import Gone, Requeue, Reserved, Unwritten

Json = dict[str, Any]

log = logging.getLogger("formcall")

SAME_KEY_MS = 24 * 3_600_000  # how long an idempotency key means the same batch
_MOST_ROWS_OF_WORK, _FEWEST_ROWS_OF_WORK = 40, 4
_TURN_SECONDS = 10.0  # how long a piece of work keeps its place while others wait for one
_PAUSES = (10.0, 60.0)  # seconds before the rows that failed for the moment are tried a second and a third time
_WAITED_FOR = 25  # pieces of work that are waited for together: those sent first end first, so few are looked at again and again
_AGAIN_SECONDS = 1.0  # between tries of a database that is away
_LEADS = 200  # batches under way at the same time in one process

# these failures pass by themselves, and their calls were not billed
_PASSING = {"provider_rate_limited", "provider_unavailable", "busy"}
_AWAY = (Unwritten, InterfaceError, OperationalError, NoConnection)  # what a database is that does not answer at the moment


class Economy(Protocol):
    """Carries out batches at half the price, through the provider's own."""

    def check(self) -> None: ...

    def begin(self, batch_id: str, generation: int) -> None: ...

    def cancel(self, batch_id: str) -> None: ...


class BatchRunner:
    """Takes batches in and carries them out. Thread-safe; one for a process. ``ended`` is set when the process is to stop."""

    def __init__(self, runner: Runner, batches: Batches, hosts: StoredHosts, durable: Durable, ended: threading.Event) -> None:
        self.batches = batches
        self.economy: Economy
        self._intake = Intake(runner)
        self._runner, self._hosts, self._durable, self._ended = runner, hosts, durable, ended
        self._settings = runner.engine.settings

    def declare(self) -> None:
        """Make the work of batches known, before the jobs are launched."""
        self._durable.register("batch", self.lead, queue="batches")
        self._durable.register("rows", self.carry_out, queue="rows")
        self._durable.queue("batches", at_once=_LEADS, look=0.5)
        self._durable.queue("rows", at_once=self._settings.rows_at_once, look=0.1)

    # --- taking one in ---

    def add(self, key: Key, order: Order) -> Progress:
        """A new batch, or the one that has its idempotency key; ``FormcallError`` when it cannot be taken in."""
        if self._runner.jobs is None:
            raise FormcallError("busy", "The service is only starting. Try again in a few seconds.", retry_after=3)
        if order.economy:
            self.economy.check()
        batch, rows = self._intake.records(key, order)
        while same := self.batches.add(batch, rows):
            if not same.ended_ms or same.created_ms > now_ms() - SAME_KEY_MS:
                return self._same(same, batch)
            self.batches.release(same.id)
        self._set_going(batch["id"], 1, key.id, economy=order.economy)
        return self.batches.progress(batch["id"])

    def _same(self, same: Any, batch: Json) -> Progress:
        if same.digest != batch["digest"]:
            words = "This idempotency key was used for another batch. Use a new key for a new batch, or send the same one."
            raise FormcallError("idempotency_mismatch", words)
        return self.batches.progress(same.id)

    # --- what its owner does with it ---

    def cancel(self, batch_id: str) -> Progress:
        """Nothing more of a batch is begun; one that is over stays as it is."""
        if self.batches.cancel(batch_id, "The batch was cancelled: rows under way come to their end, no others are begun."):
            if self.batches.find(batch_id).economy:
                self.economy.cancel(batch_id)
            self.finish(batch_id)  # if rows are under way, who leads the batch sees to its end
        return self.batches.progress(batch_id)

    def resume(self, batch_id: str, *, budget_usd: float | None = None) -> Progress:
        """A batch that waits goes on, with this budget from now on; ``FormcallError`` (conflict) when it does not wait."""
        progress = self.batches.progress(batch_id)
        budget = None if budget_usd is None else nano(budget_usd)
        if budget is not None and budget <= (progress.cost_nusd or 0):
            words = f'"budget_usd" must be more than the {usd(progress.cost_nusd)} US dollars that the batch has cost so far.'
            raise InvalidInput([FieldError("budget_usd", "out_of_range", words)])
        if not self.batches.resume(batch_id, progress.batch.generation, budget_nusd=budget):
            raise FormcallError("conflict", f"Only a batch that is paused can be resumed; this one is {progress.batch.status}.")
        return self._go_on(progress.batch)

    def retry(self, batch_id: str) -> Progress:
        """Rows that failed are run again; ``FormcallError`` (conflict) when the batch is going on, or there are none."""
        batch = self.batches.find(batch_id)
        if batch.status not in {"paused", "failed", "done"}:
            raise FormcallError("conflict", f"Only a batch that is done or paused can be tried again; this one is {batch.status}.")
        if not self.batches.retry(batch_id, batch.generation):
            words = "No row of this batch can be run again: none has failed but those that are not right themselves"
            raise FormcallError("conflict", f"{words}, or their forms were not kept (FORMCALL_STORE_TEXT).")
        return self._go_on(batch)

    def _go_on(self, batch: Any) -> Progress:
        self._set_going(batch.id, batch.generation + 1, batch.key_id, economy=batch.economy)
        return self.batches.progress(batch.id)

    def _set_going(self, batch_id: str, generation: int, key_id: str, *, economy: bool) -> None:
        try:
            if economy:
                self.economy.begin(batch_id, generation)
            else:
                self._durable.enqueue("batches", "batch", _lead_id(batch_id, generation), batch_id, generation, key=key_id)
        except Exception as error:  # the batch is kept, so it must not be ordered again; it begins with the next look at all batches
            log.warning("batch %s could not be put into a queue yet\n%s", batch_id, places(error))

    def keep_going(self) -> None:
        """Batches that nobody leads: one whose process died too early begins, one whose lead failed waits for its owner."""
        for batch in self.batches.going_on():
            if batch.economy:
                continue
            state = self._durable.status(_lead_id(batch.id, batch.generation))
            if state is None:
                self._set_going(batch.id, batch.generation, batch.key_id, economy=False)
            elif state in {"failed", "cancelled"}:
                self.batches.pause(batch.id, "internal", "Something went wrong on our side. Resume the batch; what is done stays done.")

    # --- leading one ---

    def lead(self, steps: Steps, batch_id: str, generation: int) -> bool:
        """The durable work of one batch: hand out its rows until all have ended, or until it is paused or cancelled."""
        if generation > 1:
            steps.wait([_lead_id(batch_id, generation - 1)])  # rows that its last generation began may still be under way
        for number in range(len(_PAUSES) + 1):
            pieces = steps.do("plan", self._patiently, self._plan, batch_id, generation)
            if not pieces:
                break
            if number:
                steps.sleep(_PAUSES[number - 1])
            self._hand_out(steps, batch_id, number, pieces)
        return bool(steps.do("finish", self._patiently, self._close, batch_id, generation))

    def _plan(self, batch_id: str, generation: int) -> list[tuple[int, int]]:
        return pieces_of(self.batches.open_numbers(batch_id, generation), self._settings.rows_at_once)

    def _hand_out(self, steps: Steps, batch_id: str, number: int, pieces: list[tuple[int, int]]) -> None:
        ids = [f"{steps.id}.{number}.{count}" for count in range(len(pieces))]
        is_last = number == len(_PAUSES)
        steps.do("hand out", self._patiently, self._send, batch_id, list(zip(ids, pieces, strict=True)), is_last)
        while ids:
            for start in range(0, len(ids), _WAITED_FOR):
                steps.wait(ids[start : start + _WAITED_FOR])
            ids = steps.do("look on", self._patiently, self._rests, ids)

    def _send(self, batch_id: str, pieces: list[tuple[str, tuple[int, int]]], is_last: bool) -> None:
        key_id = self.batches.find(batch_id).key_id
        for work_id, (first, last) in pieces:
            self._durable.enqueue("rows", "rows", work_id, batch_id, first, last, is_last, key=key_id)

    def _rests(self, ids: list[str]) -> list[str]:
        """The work that was put behind the others when its turn was over."""
        return [rest for rest in map(_rest_of, ids) if self._durable.status(rest)]

    def _close(self, batch_id: str, generation: int) -> bool:
        batch = self.batches.find(batch_id)
        if batch.generation != generation:
            return False  # it was resumed meanwhile, and is another lead's
        if batch.status == "running":
            error = FormcallError("internal", "The row could not be carried out, also at the third try. Retry the batch's failed rows.")
            for row in self.batches.open_rows(batch_id, 0, batch.total):
                if not self._is_carried_out(row):
                    self._runner.fail(row, error)
        return self.finish(batch_id)

    def finish(self, batch_id: str) -> bool:
        """End a batch whose rows have all ended; False while some have not, and when it has ended before."""
        return self.batches.finish(batch_id, lambda progress: event_text(COMPLETED, written(described(progress))))

    def _patiently(self, function: Callable[..., Any], *args: Any) -> Any:
        """What ``function`` gives. A database that is away is waited for; all that is done here may be done again."""
        while True:
            try:
                return function(*args)
            except _AWAY:
                if self._ended.wait(_AGAIN_SECONDS):
                    raise Left from None

    # --- rows ---

    def carry_out(self, steps: Steps, batch_id: str, first: int, last: int, is_last: bool) -> None:
        """The durable work of a few rows, one after the other. When others wait, the rest is put behind them."""
        rest = steps.do("rows", self._patiently, self._carry_out_rows, batch_id, first, last, is_last)
        if rest is not None:
            steps.do("rest", self._patiently, self._send, batch_id, [(_rest_of(steps.id), (rest, last))], is_last)

    def _carry_out_rows(self, batch_id: str, first: int, last: int, is_last: bool) -> int | None:
        """The number of the row that this turn ended before; None when it came to the end."""
        batch, until = self.batches.find(batch_id), time.monotonic() + _TURN_SECONDS
        if batch.status != "running":
            return None  # each row would find that for itself, which takes longer
        for count, row in enumerate(self.batches.open_rows(batch_id, first, last)):
            if self._ended.is_set():
                raise Left
            if count and time.monotonic() > until:
                return int(row.row_no)
            self._carry_out_row(row, batch, is_last)
        return None

    def _carry_out_row(self, row: Any, batch: Any, is_last: bool) -> None:
        if row.status == "running" and self._is_carried_out(row):
            return
        told = self._told(row, batch, is_last)
        if told and told.code in STOPPING:
            self._put_back(row)
            self._pause(batch, told.code, json.loads(told.body)["detail"])
        elif told and told.code in _PASSING and not is_last and not self._may_be_billed(row):
            self._put_back(row)

    def _told(self, row: Any, batch: Any, is_last: bool) -> Told | None:
        """What became of a row; None when it did not begin."""
        while not self._ended.is_set():
            try:
                return self._runner.carry_out_kept(row, has_budget=batch.budget_nusd is not None)
            except _AWAY:
                raise
            except Reserved:
                continue  # calls under way hold the rest of the money
            except Gone:
                return None  # it has ended, or its batch is not to go on
            except FormcallError as error:
                self._not_begun(row, batch, error, is_last)
                return None
            except Exception as error:  # a fault of ours: the rows after this one are none the worse for it
                log.error("row %s failed\n%s", row.id, places(error))
                return None
        raise Left

    def _not_begun(self, row: Any, batch: Any, error: FormcallError, is_last: bool) -> None:
        if error.code in STOPPING:
            self._pause(batch, error.code, error.detail)
        elif error.code not in _PASSING or is_last:
            self._runner.fail(row, error)

    def _pause(self, batch: Any, code: str, detail: str) -> None:
        # a row that was under way when the batch was resumed knows only what was the matter before
        self.batches.pause(batch.id, code, detail, generation=batch.generation)

    def _put_back(self, row: Any) -> None:
        try:
            self._runner.journal.write(Requeue(row.id, row.form))
        except Gone:
            pass  # somebody else was quicker

    def _may_be_billed(self, row: Any) -> bool:
        """Whether this try made a call whose end nobody saw; another one might then be paid twice."""
        now = self._runner.records.find(row.id)
        return not self._settings.retry_after_timeout and (now.cost_nusd is None or now.estimated_nusd > row.estimated_nusd)

    def _is_carried_out(self, row: Any) -> bool:
        """Whether a process that is alive is carrying the row out."""
        if row.host == self._runner.host or not row.host:
            return self._runner.is_live(row.id)
        return row.host in self._hosts.known() and row.host not in self._hosts.dead(SILENT_SECONDS)


def pieces_of(numbers: list[int], at_once: int) -> list[tuple[int, int]]:
    """Rows as (first, last) of pieces that are carried out one after the other: smaller to the end, so that all places end together."""
    found, start = [], 0
    least = min(_FEWEST_ROWS_OF_WORK, math.ceil(len(numbers) / at_once))
    while start < len(numbers):
        end = start + min(_MOST_ROWS_OF_WORK, max(least, (len(numbers) - start) // at_once))
        found.append((numbers[start], numbers[min(end, len(numbers)) - 1]))
        start = end
    return found


def _lead_id(batch_id: str, generation: int) -> str:
    return f"{batch_id}.{generation}"


def _rest_of(work_id: str) -> str:
    """The id of the work that takes up what was left of another."""
    first, _, number = work_id.partition("+")
    return f"{first}+{int(number or 0) + 1}"

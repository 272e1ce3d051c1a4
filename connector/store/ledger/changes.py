"""Changes of the ledger: one class for each way in which an attempt changes its run.

A change names the runs that it needs, and decides on their locked records what happens to them.
``control_changes`` has those that come from outside an attempt.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from connector.errors import FormcallError
from connector.json_types import Json
from connector.store.ids import now_ms
from connector.store.ledger.records import (
    NO_LIMITS,
    OPEN_STATUSES,
    BudgetContended,
    BudgetLimits,
    DuplicateKey,
    LedgerEntry,
    Reservation,
    RunSuperseded,
)
from connector.store.ledger.transaction import Transaction

T = TypeVar("T")  # what applying a change returns


@dataclass
class Change(Generic[T]):
    """One change, its outcome, and how far writing it has come."""

    outcome: T | None = field(default=None, init=False)
    error: Exception | None = field(default=None, init=False)
    # held until the change is written, or its thread becomes the leader
    wake: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    is_leader: bool = field(default=False, init=False)
    committed: bool = field(default=False, init=False)
    # a change that was refused for now is written again by its caller
    commit_count: int = field(default=0, init=False)
    # a commit failed, and the change may be in the database already
    maybe_written: bool = field(default=False, init=False)
    # a moment of ``time.monotonic()``: its caller waits no longer for a database that is away
    until: float = field(default=math.inf, init=False)

    limits = NO_LIMITS

    def run_ids(self) -> tuple[str, ...]:
        """The runs whose records are read and locked first."""
        return ()

    def mark_uncertain(self) -> None:
        """Its commit failed, before or after it took effect."""
        self.maybe_written |= self.error is None

    def apply(self, transaction: Transaction) -> T:
        """Apply the change; returns its outcome, raises ``FormcallError`` when it is refused."""
        raise NotImplementedError


@dataclass
class RunChange(Change[T]):
    """A change of one stored run."""

    run_id: str

    def run_ids(self) -> tuple[str, ...]:
        return (self.run_id,)


@dataclass
class CreateRun(Change[Reservation | DuplicateKey]):
    """Insert a run, queued or running.

    One that runs reserves ``desired`` nano-dollars, or less down to ``minimum``.
    """

    row: Json
    limits: BudgetLimits = NO_LIMITS
    desired: int = 0
    minimum: int = 0

    def run_ids(self) -> tuple[str, ...]:
        return (self.row["id"],) if self.maybe_written else ()

    def apply(self, transaction: Transaction) -> Reservation | DuplicateKey:
        attempt = self.row["attempt"]
        if self.maybe_written and (stored := transaction.find_run(self.row["id"])):
            return Reservation(stored["reserved_nusd"], attempt)
        duplicate = transaction.find_duplicate(self.row)
        if duplicate:
            return duplicate
        transaction.check_concurrency(self.row, self.limits.max_concurrent)
        reserved = self._reserve(transaction)
        transaction.insert_run(self.row, reserved)
        return Reservation(reserved, attempt)

    def _reserve(self, transaction: Transaction) -> int:
        if self.row["status"] == "running":
            return transaction.affordable(self.row, self.limits, self.desired, self.minimum)
        # a queued run reserves when it starts; here it is only refused if its budget is spent
        try:
            transaction.affordable(self.row, self.limits, self.desired, self.minimum)
        except BudgetContended:
            pass
        return 0


@dataclass
class StartAttempt(RunChange[Reservation]):
    """Start a new attempt of a run that is queued, was interrupted, or is run again.

    A reservation that its last attempt left is booked in full, since the end of that call is
    unknown. ``known_attempt`` is the last one that the caller knows: if there was a newer one, this
    change comes too late.
    """

    host: str
    known_attempt: int
    allowed_statuses: tuple[str, ...] = ("queued",)
    limits: BudgetLimits = NO_LIMITS
    desired: int = 0
    minimum: int = 0
    day: str = ""

    def apply(self, transaction: Transaction) -> Reservation:
        row = transaction.run(self.run_id)
        if self.maybe_written and self._is_written(row):
            return Reservation(row["reserved_nusd"], row["attempt"])
        if row["status"] not in self.allowed_statuses or row["attempt"] != self.known_attempt:
            raise RunSuperseded(row["status"])
        transaction.check_batch(row)
        transaction.settle_reservation(row)
        day = self.day or row["day"]
        account = {**row, "day": day}
        reserved = transaction.affordable(account, self.limits, self.desired, self.minimum)
        attempt = row["attempt"] + 1
        transaction.update_run(
            row,
            status="running",
            attempt=attempt,
            deaths=row["deaths"] if row["status"] == "running" else None,
            host=self.host,
            day=day,
            reserved_nusd=reserved,
            cancel=False,
            ended_ms=None,
            code=None,
            answer=None,
            unknown=False,
            proposed=None,
            review=None,
            review_until_ms=None,
            feedback=None,
        )
        transaction.adjust_accounts(row, reserved, 0)
        return Reservation(reserved, attempt)

    def _is_written(self, row: Json) -> bool:
        expected = ("running", self.known_attempt + 1, self.host)
        return expected == (row["status"], row["attempt"], row["host"])


@dataclass
class ReserveNextCall(RunChange[Reservation]):
    """Between two calls of a run: book the finished one and reserve the next one."""

    attempt: int
    entries: tuple[LedgerEntry, ...]
    limits: BudgetLimits = NO_LIMITS
    desired: int = 0
    minimum: int = 0

    def mark_uncertain(self) -> None:
        # the finished call is booked even when the next one is refused
        self.maybe_written = True

    def apply(self, transaction: Transaction) -> Reservation:
        row = transaction.run(self.run_id)
        if not self.commit_count:
            transaction.book_calls(
                row, self.attempt, self.entries, maybe_written=self.maybe_written
            )
        _require_running(row, self.attempt)
        transaction.release_reservation(row)
        transaction.update_run(row, reserved_nusd=0)
        if row["cancel"]:
            raise RunSuperseded("cancelled")
        transaction.check_batch(row)
        reserved = transaction.affordable(row, self.limits, self.desired, self.minimum)
        transaction.update_run(row, reserved_nusd=reserved)
        transaction.adjust_accounts(row, reserved, 0)
        return Reservation(reserved, self.attempt)


@dataclass
class SaveCheckpoint(RunChange[None]):
    """Store the state of a run before it continues."""

    attempt: int
    checkpoint: str

    def apply(self, transaction: Transaction) -> None:
        row = transaction.run(self.run_id)
        _require_running(row, self.attempt)
        if row["cancel"]:
            raise RunSuperseded("cancelled")
        transaction.update_run(row, state=self.checkpoint)


@dataclass
class FinishRun(RunChange[bool]):
    """End an attempt: book its calls, free its reservation, store its answer, queue its messages.

    ``proposed`` is an answer that waits for a person; ``review`` is about that, and
    ``review_until_ms`` its time limit, also that of an approval.

    ``event`` and ``body`` are the message to subscribers and callbacks. A run that waits for an
    approval ends for now: ``checkpoint`` is the state it continues from, with the ``form`` of its
    request.
    """

    attempt: int
    status: str
    entries: tuple[LedgerEntry, ...] = ()
    answer: str = ""
    code: str | None = None
    unknown: bool = False
    checks_failed: int | None = None
    event: str = ""
    body: str = ""
    # what is stored of the answer, if anything; called as late as possible, since the answer may
    # just have been handed to the caller
    stored_answer: Callable[[str], str | None] = lambda answer: answer
    keep_form: bool = True
    checkpoint: str | None = None
    form: str = ""
    may_have_checkpoint: bool = False
    proposed: str | None = None
    review: str | None = None
    review_until_ms: int | None = None

    def apply(self, transaction: Transaction) -> bool:
        row = transaction.run(self.run_id)
        transaction.book_calls(row, self.attempt, self.entries, maybe_written=self.maybe_written)
        is_current = row["attempt"] == self.attempt
        if self.maybe_written and is_current and row["status"] == self.status:
            return True
        if not is_current or row["status"] != "running":
            return False  # another process took the run over; the calls of this one are booked
        transaction.release_reservation(row)
        stored = self.stored_answer(self.answer)
        self._store_result(transaction, row, stored)
        self._store_checkpoint(transaction, row, is_stored=stored is not None)
        self._store_review(transaction, row)
        if self.event:
            transaction.notify(row, self.event, self.body)
        return True

    def _store_result(self, transaction: Transaction, row: Json, answer: str | None) -> None:
        values: Json = {
            "status": self.status,
            "code": self.code,
            "answer": answer,
            "unknown": self.unknown,
            "checks_failed": self.checks_failed,
            "reserved_nusd": 0,
            "ended_ms": now_ms(),
        }
        if not self.keep_form:
            values["form"] = None
        transaction.update_run(row, **values)

    def _store_review(self, transaction: Transaction, row: Json) -> None:
        if self.review_until_ms is not None:
            transaction.update_run(row, review_until_ms=self.review_until_ms)
        if self.proposed is not None:
            values = {"proposed": self.proposed, "review": self.review, "form": self.form}
            transaction.update_run(row, **values)

    def _store_checkpoint(self, transaction: Transaction, row: Json, *, is_stored: bool) -> None:
        if self.checkpoint is not None:
            transaction.update_run(row, state=self.checkpoint, decision=None, form=self.form)
        elif self.may_have_checkpoint and (self.status == "done" or not is_stored):
            transaction.update_run(row, state=None, decision=None)


@dataclass
class FailRun(RunChange[bool]):
    """End a run that cannot start. It counts as an attempt, so that each attempt ends once."""

    known_attempt: int
    code: str
    answer: str
    event: str = ""
    body: str = ""

    def apply(self, transaction: Transaction) -> bool:
        row = transaction.run(self.run_id)
        if row["status"] not in OPEN_STATUSES or row["attempt"] != self.known_attempt:
            return False
        transaction.settle_reservation(row)
        transaction.update_run(
            row,
            status="failed",
            attempt=row["attempt"] + 1,
            code=self.code,
            answer=self.answer,
            ended_ms=now_ms(),
        )
        if self.event:
            transaction.notify(row, self.event, self.body)
        return True


def _require_running(row: Json, attempt: int) -> None:
    """``RunSuperseded`` when this is no longer the running attempt."""
    if row["status"] != "running" or row["attempt"] != attempt:
        raise RunSuperseded(row["status"])


def apply_changes(transaction: Transaction, changes: Sequence[Change[Any]]) -> None:
    """Apply ``changes`` to one transaction and flush it; a refused one has its ``error`` set."""
    transaction.lock_runs(run_id for change in changes for run_id in change.run_ids())
    transaction.lock_accounts(
        [change.row for change in changes if isinstance(change, CreateRun)],
        has_budget=any(change.limits.has_budget for change in changes),
    )
    for change in changes:
        change.error = None
        try:
            change.outcome = change.apply(transaction)
        except FormcallError as error:
            change.error = error
    transaction.flush()

"""Changes that come from outside an attempt: callers, approvals, cancellation and recovery."""

from __future__ import annotations

from dataclasses import dataclass

from connector.json_types import Json
from connector.store.ids import now_ms
from connector.store.ledger.changes import RunChange
from connector.store.ledger.records import (
    NEEDS_REVIEW,
    OPEN_STATUSES,
    RunSuperseded,
    callback_urls,
)
from connector.store.ledger.transaction import Transaction

# of one run: each repeat of a request may add another URL
MAX_CALLBACKS = 10


@dataclass
class ResolveApproval(RunChange[int]):
    """Queue a run whose ``attempt`` waits for an approval, with the ``decision``; the attempt.

    ``RunSuperseded`` when the calls of that attempt were decided on already, even if the run waits
    for others again.
    """

    attempt: int
    decision: str
    audit: Json | None = None

    def apply(self, transaction: Transaction) -> int:
        row = transaction.run(self.run_id)
        if self.maybe_written and row["decision"] == self.decision:
            return self.attempt
        if row["status"] != NEEDS_REVIEW or row["attempt"] != self.attempt:
            raise RunSuperseded(row["status"])
        transaction.update_run(
            row,
            status="queued",
            host="",
            durable=True,
            cancel=False,
            ended_ms=None,
            answer=None,
            decision=self.decision,
            review_until_ms=None,
        )
        if self.audit:
            transaction.add_audit_entry(self.audit)
        return self.attempt


@dataclass
class MakeDurable(RunChange[bool]):
    """The caller was given the id of a running run: from now on it survives a crash."""

    attempt: int
    form: str

    def apply(self, transaction: Transaction) -> bool:
        row = transaction.run(self.run_id)
        if row["status"] != "running" or row["attempt"] != self.attempt:
            return False
        transaction.update_run(row, durable=True, form=self.form)
        return True


@dataclass
class AddCallback(RunChange[bool]):
    """Add a callback URL to a run. If it has ended, ``event`` and ``body`` are sent at once.

    A run that waits for a person notifies when it is decided: its caller has just been told so.
    False when the run has ended and there is no ``body``. A run that is about to start again
    (``restarting``) notifies at its next end.
    """

    url: str
    event: str = ""
    body: str = ""
    restarting: bool = False

    def apply(self, transaction: Transaction) -> bool:
        row = transaction.run(self.run_id)
        urls = callback_urls(row["callback_url"])
        if self.url in urls:
            return True
        is_open = row["status"] in (*OPEN_STATUSES, NEEDS_REVIEW)
        if not is_open and not self.restarting:
            if not self.body:
                return False
            transaction.send(row, self.event, self.body, self.url)
        newest = urls[-MAX_CALLBACKS + 1 :]
        transaction.update_run(row, callback_url="\n".join([*newest, self.url]))
        return True


@dataclass
class ReleaseKey(RunChange[None]):
    """Make the idempotency key of an old run usable again."""

    def apply(self, transaction: Transaction) -> None:
        transaction.update_run(transaction.run(self.run_id), idempotency_key=None)


@dataclass
class RequeueRun(RunChange[int]):
    """Queue a run again that ended without an answer; returns its last attempt.

    ``form`` is stored when the record had none.
    """

    form: str | None = None

    def apply(self, transaction: Transaction) -> int:
        row = transaction.run(self.run_id)
        is_repeat = self.maybe_written and row["status"] == "queued"
        if row["status"] in {*OPEN_STATUSES, "done", NEEDS_REVIEW} and not is_repeat:
            raise RunSuperseded(row["status"])
        transaction.settle_reservation(row)
        transaction.update_run(
            row,
            status="queued",
            host="",
            durable=True,
            cancel=False,
            ended_ms=None,
            decision=None,
        )
        if self.form is not None:
            transaction.update_run(row, form=self.form)
        return int(row["attempt"])


@dataclass
class CancelRun(RunChange[str]):
    """Cancel a run; returns its status.

    One that is queued or waits for an approval ends now, which counts as an attempt. A running one
    is marked, and ends before its next call.
    """

    answer: str = ""
    event: str = ""
    body: str = ""

    def apply(self, transaction: Transaction) -> str:
        row = transaction.run(self.run_id)
        if row["status"] == "running":
            transaction.update_run(row, cancel=True)
        if row["status"] not in {"queued", NEEDS_REVIEW}:
            return str(row["status"])
        transaction.update_run(
            row,
            status="cancelled",
            attempt=row["attempt"] + 1,
            code="cancelled",
            answer=self.answer,
            ended_ms=now_ms(),
            cancel=True,
            review_until_ms=None,
        )
        if self.event:
            transaction.notify(row, self.event, self.body)
        return "cancelled"


@dataclass
class MarkInterrupted(RunChange[bool]):
    """The process of a running run is dead. Its reservation stays until it is settled."""

    answer: str
    event: str = ""
    body: str = ""

    def apply(self, transaction: Transaction) -> bool:
        row = transaction.run(self.run_id)
        if row["status"] != "running":
            return False
        transaction.update_run(
            row, status="interrupted", code="interrupted", answer=self.answer, ended_ms=now_ms()
        )
        if self.event:
            transaction.notify(row, self.event, self.body)
        return True


@dataclass
class RecordDeath(RunChange[int]):
    """The process of a running run is dead, and ``host`` takes it over; the deaths in a row.

    Written before anything of the run is read, since that may be what ends a process.
    ``known_deaths`` are those in the record that the caller has read: of several callers that read
    the same, one takes it over.
    """

    attempt: int
    known_deaths: int
    host: str

    def apply(self, transaction: Transaction) -> int:
        row = transaction.run(self.run_id)
        deaths = self.known_deaths + 1
        if self.maybe_written and (row["deaths"], row["host"]) == (deaths, self.host):
            return deaths
        expected = ("running", self.attempt, self.known_deaths)
        if (row["status"], row["attempt"], row["deaths"] or 0) != expected:
            raise RunSuperseded(row["status"])
        transaction.update_run(row, deaths=deaths, host=self.host)
        return deaths


@dataclass
class SettleReservation(RunChange[bool]):
    """Book in full what an interrupted run still has reserved; False when it is open again.

    ``dead_attempt`` is that of a running run whose process is dead, which is settled too.
    """

    dead_attempt: int | None = None

    def apply(self, transaction: Transaction) -> bool:
        row = transaction.run(self.run_id)
        is_dead = (row["status"], row["attempt"]) == ("running", self.dead_attempt)
        if row["status"] in OPEN_STATUSES and not is_dead:
            return False
        transaction.settle_reservation(row)
        return True

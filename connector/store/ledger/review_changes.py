"""Changes that a person makes: the decision on an answer that waits, and feedback on any."""

from __future__ import annotations

from dataclasses import dataclass

from connector.json_types import Json
from connector.store.ids import now_ms
from connector.store.ledger.changes import RunChange
from connector.store.ledger.records import NEEDS_REVIEW, RunSuperseded
from connector.store.ledger.transaction import Transaction


@dataclass
class DecideReview(RunChange[bool]):
    """End a run that waits for a person, as ``status``, and queue its messages.

    ``attempt`` is the attempt that waits; ``RunSuperseded`` when it was decided already. Nothing is
    reserved for such a run, so no money changes. ``keep_texts`` False: the form and the first
    answer are deleted, since nobody needs them any longer.
    """

    attempt: int
    status: str
    review: str
    answer: str
    code: str | None = None
    unknown: bool = False
    checks_failed: int | None = None
    event: str = ""
    body: str = ""
    keep_texts: bool = True
    audit: Json | None = None

    def apply(self, transaction: Transaction) -> bool:
        row = transaction.run(self.run_id)
        is_same = row["attempt"] == self.attempt
        # somebody else may have decided the same meanwhile, which is another decision
        if self.maybe_written and is_same and row["review"] == self.review:
            return True
        if row["status"] != NEEDS_REVIEW or not is_same:
            raise RunSuperseded(row["status"])
        values: Json = {
            "status": self.status,
            "review": self.review,
            "review_until_ms": None,
            "answer": self.answer,
            "code": self.code,
            "unknown": self.unknown,
            "checks_failed": self.checks_failed,
            "ended_ms": now_ms(),
            "state": None,
        }
        if not self.keep_texts:
            values |= {"form": None, "proposed": None}
        transaction.update_run(row, **values)
        if self.event:
            transaction.notify(row, self.event, self.body)
        if self.audit:
            transaction.add_audit_entry(self.audit)
        return True


@dataclass
class SaveFeedback(RunChange[None]):
    """Store what a person says about a finished run, in place of what was said before."""

    feedback: str

    def apply(self, transaction: Transaction) -> None:
        row = transaction.run(self.run_id)
        if row["status"] != "done":
            raise RunSuperseded(row["status"])
        transaction.update_run(row, feedback=self.feedback)

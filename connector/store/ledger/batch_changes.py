"""Changes of the rows of economy batches, whose calls run in a batch of the provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connector.errors import FormcallError
from connector.store.ledger.changes import Change, FinishRun, RunChange
from connector.store.ledger.group_commit import Ledger
from connector.store.ledger.records import LedgerEntry
from connector.store.ledger.transaction import Transaction

_PAGE = 200  # changes in one transaction


@dataclass
class IndependentChanges(Change[None]):
    """Changes that share a transaction; each has its own outcome, or its own error."""

    changes: Sequence[Change[Any]]

    def run_ids(self) -> tuple[str, ...]:
        return tuple(run_id for change in self.changes for run_id in change.run_ids())

    def mark_uncertain(self) -> None:
        super().mark_uncertain()
        for change in self.changes:
            change.mark_uncertain()

    def apply(self, transaction: Transaction) -> None:
        for change in self.changes:
            change.outcome = None
            change.error = None
            change.maybe_written = self.maybe_written
            try:
                change.outcome = change.apply(transaction)
            except FormcallError as error:
                change.error = error


def write_independently(writer: Ledger, changes: Sequence[Change[Any]]) -> None:
    """Write ``changes``, many in a transaction; each has its own outcome or error afterwards."""
    for start in range(0, len(changes), _PAGE):
        writer.write(IndependentChanges(changes[start : start + _PAGE]))
    with writer.budget_freed:
        writer.budget_freed.notify_all()


@dataclass
class FinishRow(FinishRun):
    """End a row with its result. The result may be read twice; its repeat changes nothing."""

    def apply(self, transaction: Transaction) -> bool:
        is_new = self.maybe_written or _is_running(transaction, self.run_id, self.attempt)
        return is_new and super().apply(transaction)


@dataclass
class ReleaseRow(RunChange[bool]):
    """Queue a row that came back without an answer; its calls are booked, its reservation is freed.

    ``host`` tells how it continues, ``code`` what was wrong with it.
    """

    attempt: int
    host: str
    entries: tuple[LedgerEntry, ...] = ()
    code: str | None = None

    def apply(self, transaction: Transaction) -> bool:
        row = transaction.run(self.run_id)
        if not _is_running(transaction, self.run_id, self.attempt):
            is_queued = row["status"] == "queued" and row["attempt"] == self.attempt
            return self.maybe_written and is_queued
        transaction.book_calls(row, self.attempt, self.entries)
        transaction.release_reservation(row)
        transaction.update_run(
            row, status="queued", host=self.host, code=self.code, reserved_nusd=0
        )
        return True


def _is_running(transaction: Transaction, run_id: str, attempt: int) -> bool:
    row = transaction.run(run_id)
    return bool(row["status"] == "running" and row["attempt"] == attempt)

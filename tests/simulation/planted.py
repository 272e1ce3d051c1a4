"""Faults that tests plant in the service, to show that the simulation finds such faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from connector.engine.tool_loop import _Loop
from connector.json_types import Json
from connector.runs.execution import RunExecutor
from connector.runs.responses import RunResponse
from connector.runs.reviews import Reviews
from connector.store import retention
from connector.store.ids import now_ms
from connector.store.ledger.changes import FinishRun
from connector.store.ledger.control_changes import CancelRun, MarkInterrupted, ResolveApproval
from connector.store.ledger.records import NEEDS_REVIEW, LedgerEntry
from connector.store.ledger.review_changes import DecideReview
from connector.store.ledger.transaction import Transaction
from connector.store.rows import RunRow
from connector.store.tables import runs


@dataclass(frozen=True)
class PlantedFault:
    """``rules`` are those of which one is broken; ``owner`` has the method that is replaced."""

    rules: tuple[str, ...]
    owner: Any
    method: str
    replacement: Any

    @contextmanager
    def planted(self) -> Iterator[None]:
        with mock.patch.object(self.owner, self.method, self.replacement):
            yield


def _settle_half(self: Transaction, row: Json) -> None:
    reserved = row["reserved_nusd"]
    if reserved:
        self.release_reservation(row)
        entry = LedgerEntry(-1, "unknown", nusd=reserved // 2, estimated=True)
        self.book_calls(row, row["attempt"], [entry])
        self.update_run(row, reserved_nusd=0)


def _interrupt_silently(self: MarkInterrupted, transaction: Transaction) -> bool:
    row = transaction.run(self.run_id)
    if row["status"] != "running":
        return False
    transaction.update_run(
        row, status="interrupted", code="interrupted", answer=self.answer, ended_ms=now_ms()
    )
    return True


def _cancel_what_has_ended(self: CancelRun, transaction: Transaction) -> str:
    row = transaction.run(self.run_id)
    transaction.settle_reservation(row)
    transaction.update_run(
        row,
        status="cancelled",
        code="cancelled",
        answer=self.answer,
        ended_ms=now_ms(),
        review_until_ms=None,
    )
    transaction.notify(row, self.event, self.body)
    return "cancelled"


def _finish_twice(self: FinishRun, transaction: Transaction) -> bool:
    row = transaction.run(self.run_id)
    transaction.book_calls(row, self.attempt, self.entries, maybe_written=self.maybe_written)
    transaction.release_reservation(row)
    transaction.update_run(
        row,
        status=self.status,
        code=self.code,
        answer=self.answer,
        reserved_nusd=0,
        ended_ms=now_ms(),
    )
    self._store_checkpoint(transaction, row, is_stored=True)
    self._store_review(transaction, row)
    transaction.notify(row, self.event, self.body)
    return True


_write_end = RunExecutor._write_end


def _forget_the_last_call(
    self: RunExecutor, active: Any, outcome: Any, entries: tuple[LedgerEntry, ...]
) -> tuple[bool, RunResponse]:
    return _write_end(self, active, outcome, entries if outcome.ok else entries[:-1])


def _make_calls_again(self: Any, reply: Any, started: Any) -> dict[int, str]:
    return {}


def _decide_again(self: ResolveApproval, transaction: Transaction) -> int:
    row = transaction.run(self.run_id)
    transaction.update_run(row, decision=self.decision)
    return _resolve(self, transaction) if row["status"] == NEEDS_REVIEW else self.attempt


_resolve = ResolveApproval.apply
_decide_review = DecideReview.apply


def _decide_on_an_answer_again(self: DecideReview, transaction: Transaction) -> bool:
    row = transaction.run(self.run_id)
    if row["status"] in {"done", "failed"} and row["attempt"] == self.attempt:
        transaction.update_run(row, status=NEEDS_REVIEW)
    return _decide_review(self, transaction)


def _decide_silently(self: DecideReview, transaction: Transaction) -> bool:
    self.event = "" if self.code == "review_expired" else self.event
    return _decide_review(self, transaction)


_expired = Reviews._expired


def _approve_at_the_limit(self: Reviews, row: RunRow) -> Any:
    if row.proposed is not None:
        return _expired(self, row)
    calls = json.loads(row.answer or "{}")["approvals"]
    approved = [call["call"] - 1 for call in calls]
    return ResolveApproval(row.id, row.attempt, json.dumps({"approved": approved, "note": ""}))


FAULTS: dict[str, PlantedFault] = {
    "an unknown call is settled at half": PlantedFault(
        ("a run costs at least what was charged",),
        Transaction,
        "settle_reservation",
        _settle_half,
    ),
    "the message of a run that a crash interrupted is dropped": PlantedFault(
        ("each end is told",), MarkInterrupted, "apply", _interrupt_silently
    ),
    "a run that has ended is cancelled": PlantedFault(
        ("a run ends once", "no answer is lost"), CancelRun, "apply", _cancel_what_has_ended
    ),
    "an end is written again after the answer to its commit was lost": PlantedFault(
        ("each end is told", "reserved_nusd", "found |"), FinishRun, "apply", _finish_twice
    ),
    "the last call of a failed run is not booked": PlantedFault(
        ("a charge is booked", "a run costs", "found |", "AssertionError"),
        RunExecutor,
        "_write_end",
        _forget_the_last_call,
    ),
    "a tool that was called before a crash is called again after it": PlantedFault(
        ("a tool is called once",), _Loop, "_interrupted_results", _make_calls_again
    ),
    "runs are deleted before they have ended": PlantedFault(
        ("only what has ended is deleted",), retention, "_HAS_ENDED", runs.c.id.is_not(None)
    ),
    "a later decision replaces the first": PlantedFault(
        ("a run's calls are decided on once", "only what a person approved", "what was approved"),
        ResolveApproval,
        "apply",
        _decide_again,
    ),
    "a later decision on an answer replaces the first": PlantedFault(
        ("an answer is decided on once", "a run ends once", "each end is told"),
        DecideReview,
        "apply",
        _decide_on_an_answer_again,
    ),
    "tool calls on which nobody decided are made when their time is over": PlantedFault(
        ("only what a person approved is carried out",), Reviews, "_expired", _approve_at_the_limit
    ),
    "the end of a run on which nobody decided is not told": PlantedFault(
        ("each end is told",), DecideReview, "apply", _decide_silently
    ),
}

"""What must hold at the end of each history; a broken rule is an ``AssertionError`` with its name.

The service's own records are compared with witnesses that it does not write: the provider's
account, what receivers got, what callers were told, and the triggers of the database.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

from connector.store.ledger.records import NEEDS_REVIEW
from tests.simulation.history import History
from tests.simulation.review_rules import check_reviews
from tests.simulation.rules import require
from tests.simulation.tool_rules import check_tools
from tests.support.ledger_asserts import assert_consistent

_ENDED = {"done", "failed", "incomplete", "interrupted", "cancelled"}
_TOLD = {*_ENDED, NEEDS_REVIEW}  # what receivers are told of
_OPEN = {"queued", "running"}
# how a run may fail here that was accepted; anything else would be the service's own fault
_CODES = {
    "provider_unavailable",
    "provider_timeout",
    "invalid_output",
    "output_truncated",
    "budget_exceeded",
    "budget_reserved",
    "cost_limit",
    "cancelled",
    "interrupted",
    "gave_up",
    "max_steps",
    "review_refused",
    "review_expired",
}
_EVENTS = {"run.completed", "run.failed"}


def check(history: History) -> None:
    """Check all rules; afterwards the database has what was deleted in the history, too."""
    _check_deletions(history)
    history.world.disk.restore_deleted()
    records = _Records(history)
    _check_money(history, records)
    _check_budgets(history)
    _check_ends(history, records)
    _check_answers(history, records)
    _check_messages(history, records)
    _check_batches(history, records)
    check_tools(history, records.runs)
    check_reviews(history, records.runs, records.deliveries)


def _check_deletions(history: History) -> None:
    """Nothing is deleted before it has ended, or while money is reserved for it."""
    deleted = history.world.disk.query("SELECT * FROM wrongly_deleted")
    require(not deleted, "only what has ended is deleted", *map(tuple, deleted))


class _Records:
    """The tables at the end of a history."""

    def __init__(self, history: History) -> None:
        query = history.world.disk.query
        self.runs: dict[str, Any] = {row["id"]: row for row in query("SELECT * FROM runs")}
        self.by_mark: dict[str, list[Any]] = defaultdict(list)
        for row in self.runs.values():
            self.by_mark[row["tag"]].append(row)
        self.entries: dict[str, list[Any]] = defaultdict(list)
        for row in query("SELECT * FROM ledger"):
            self.entries[row["run_id"]].append(row)
        self.witness: dict[str, list[Any]] = defaultdict(list)
        for row in query("SELECT * FROM witness ORDER BY number"):
            self.witness[row["run_id"]].append(row)
        self.deliveries: list[Any] = query("SELECT * FROM deliveries")
        self.batches: list[Any] = query("SELECT * FROM batches")


def _check_money(history: History, records: _Records) -> None:
    """Paid = ledger = the provider's own count; nothing is reserved at rest."""
    assert_consistent(history.world.disk.engine)
    account = history.world.provider.account
    for mark in account.charges:
        require(len(records.by_mark[mark]) == 1, "one request is one run", mark)
    for mark, rows in records.by_mark.items():
        (row,) = rows
        require(row["reserved_nusd"] == 0, "nothing is reserved at rest", row["id"])
        entries = records.entries[row["id"]]
        known = Counter(entry["nusd"] for entry in entries if not entry["estimated"])
        charges = Counter(account.charges[mark])
        require(known <= charges, "what is booked was charged, once", mark, known, charges)
        unbooked = sum((charges - known).values())
        estimated = [entry for entry in entries if entry["estimated"]]
        require(
            unbooked <= len(estimated) <= account.unanswered[mark] + _interruptions(records, row),
            "a charge is booked, or covered by an estimate",
            mark,
            unbooked,
            len(estimated),
            account.unanswered[mark],
        )
        require(
            row["cost_nusd"] >= charges_total(charges),
            "a run costs at least what was charged",
            mark,
        )


def charges_total(charges: Counter[int]) -> int:
    return sum(amount * count for amount, count in charges.items())


def _interruptions(records: _Records, row: Any) -> int:
    """How often a run was left while money was reserved, whether or not a call was under way."""
    changes = records.witness[row["id"]]
    return sum(change["before"] in {"running", "interrupted"} for change in changes)


def _check_budgets(history: History) -> None:
    overspent = history.world.disk.query("SELECT * FROM overspent")
    require(not overspent, "no budget is passed", *map(tuple, overspent))


def _check_ends(history: History, records: _Records) -> None:
    """Every run that was accepted ends, or waits for a person; each end follows a start."""
    for run_id in history.told:
        require(run_id in records.runs, "no accepted run is lost", run_id)
    for run_id, row in records.runs.items():
        has_ended = row["status"] in {*_ENDED, NEEDS_REVIEW}
        require(has_ended, "every run has an end", run_id, row["status"])
        require(
            (row["code"] or "budget_exceeded") in _CODES, "no fault is ours", run_id, row["code"]
        )
        for change in records.witness[run_id]:
            was_open = change["before"] in {None, NEEDS_REVIEW, *_OPEN}
            is_again = change["after"] in _OPEN
            require(
                was_open or is_again, "a run ends once", run_id, change["before"], change["after"]
            )


def _check_answers(history: History, records: _Records) -> None:
    """No answer is lost or changed, and a promised run ends with more than "interrupted"."""
    for run_id, answers in history.told.items():
        row = records.runs[run_id]
        for answer in answers:
            if answer.status == "done":
                same = row["status"] == "done" and row["answer"] == answer.body
                require(same, "no answer is lost", run_id, row["status"])
    for run_id in history.promised:
        status = records.runs[run_id]["status"]
        require(status != "interrupted", "a promised run continues", run_id)


def _check_messages(history: History, records: _Records) -> None:
    """Each end has one message for each receiver, which arrives at least once under one id."""
    received = history.world.outbound.received
    sent: Counter[tuple[str, str]] = Counter()
    for row in records.deliveries:
        require(row["state"] == "sent", "every message is sent", row["id"], row["state"])
        bodies = set(received[row["id"]])
        require(len(bodies) == 1, "a message arrives, always the same", row["id"], len(bodies))
        if row["body"] is not None:
            same = json.loads(bodies.pop()) == json.loads(row["body"])
            require(same, "a message arrives as it was written", row["id"])
        if row["subscription_id"] is None:
            sent[row["subject_id"], row["url"]] += 1
    require(
        set(received) <= {row["id"] for row in records.deliveries},
        "every message has a record",
    )
    for run_id, row in records.runs.items():
        if row["batch_id"]:
            continue
        expected: Counter[str] = Counter()
        for change in records.witness[run_id]:
            if change["after"] in _TOLD and change["before"] is not None:
                expected.update((change["callback_url"] or "").split("\n"))
        del expected[""]
        for url, count in expected.items():
            require(
                sent[run_id, url] == count,
                "each end is told",
                run_id,
                url,
                sent[run_id, url],
                count,
            )


def _check_batches(history: History, records: _Records) -> None:
    """The counts of a batch add up, and its end is told once."""
    stored = {batch["id"] for batch in records.batches}
    require(history.batches <= stored, "no accepted batch is lost")
    for batch in records.batches:
        rows = [row for row in records.runs.values() if row["batch_id"] == batch["id"]]
        require(len(rows) == batch["total"], "a batch has all of its rows", batch["id"])
        statuses = Counter(row["status"] for row in rows)
        told = [row for row in records.deliveries if row["subject_id"] == batch["id"]]
        callbacks = [row for row in told if row["subscription_id"] is None]
        require(
            1 <= len(callbacks) <= batch["generation"], "the end of a batch is told", batch["id"]
        )
        newest = max(callbacks, key=lambda row: row["id"])
        message = json.loads(newest["body"] or "{}").get("data", {})
        if message and len(callbacks) == batch["generation"] == 1:
            counts = {name: message[name] for name in ("done", "unknown", "failed", "cancelled")}
            require(
                sum(counts.values()) == batch["total"]
                and counts["done"] + counts["unknown"] == statuses["done"]
                and counts["cancelled"] == statuses["cancelled"],
                "the counts of a batch add up",
                batch["id"],
                counts,
                statuses,
            )

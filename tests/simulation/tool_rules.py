"""What must hold at the end of a history for runs with tools, and for what people decided.

What was carried out is read from the tools' own account, and what was decided from the people.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from connector.store.ledger.records import NEEDS_REVIEW
from tests.simulation.approvals import Decision
from tests.simulation.history import History
from tests.simulation.rules import require


def check_tools(history: History, runs: dict[str, Any]) -> None:
    """Check all rules of tools; ``runs`` are the records by id."""
    _check_calls(history)
    _check_decisions(history, runs)
    _check_waiting(history, runs)


def _check_calls(history: History) -> None:
    """A call is carried out once at most, and never against a person's decision."""
    approved: dict[tuple[str, int], set[int]] = defaultdict(set)  # the attempts that waited for it
    refused: dict[tuple[str, int], set[int]] = defaultdict(set)
    for decision in history.decisions:
        if decision.may_count:
            for seat in decision.approved:
                approved[decision.mark, seat].add(decision.attempt)
        if decision.answer == "accepted":
            for seat in decision.refused:
                refused[decision.mark, seat].add(decision.attempt)
    for (mark, seat), count in history.world.tools.booked.items():
        require(count == 1, "a tool is called once", mark, seat, count)
        if history.asks_before[mark] != "never":
            others = approved[mark, seat] - refused[mark, seat]
            require(others, "only what a person approved is carried out", mark, seat)


def _check_decisions(history: History, runs: dict[str, Any]) -> None:
    """Of several decisions on the same calls one counts, and what it approved is in the answer."""
    counted: dict[tuple[str, int], list[Decision]] = defaultdict(list)
    for decision in history.decisions:
        if decision.answer == "accepted":
            counted[decision.run_id, decision.attempt].append(decision)
    for decisions in counted.values():
        outcomes = {decision.approved for decision in decisions}
        require(len(outcomes) == 1, "a run's calls are decided on once", *decisions)
        row = runs[decisions[0].run_id]
        if row["status"] == "done":
            trace = {json.loads(step["input"])["seat"] for step in _trace(row)}
            missing = decisions[0].approved - trace
            require(not missing, "what was approved is in the answer", row["id"], missing)


def _trace(row: Any) -> list[Any]:
    steps: list[Any] = json.loads(row["answer"])["trace"]
    return steps


def _check_waiting(history: History, runs: dict[str, Any]) -> None:
    """A run that waits for a person has nothing reserved, and is in no queue."""
    held = history.world.disk.query("SELECT * FROM held")
    require(not held, "a run that waits has nothing reserved", *map(tuple, held))
    for row in runs.values():
        if row["status"] == NEEDS_REVIEW:
            is_call = bool(json.loads(row["answer"])["approvals"])
            stored = row["state"] if is_call else row["proposed"] and row["form"]
            require(stored, "a run that waits can be decided on", row["id"])

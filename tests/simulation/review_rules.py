"""What must hold at the end of a history for answers that a person had to decide on.

The witnesses are what people were told, and each decision that was stored: the database's triggers
keep them all.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from connector.json_types import Json
from connector.runs.reviews import SURE
from connector.store.ledger.records import NEEDS_REVIEW
from tests.simulation.history import History
from tests.simulation.rules import require

_WARNINGS = {
    "accept": "A person accepted this answer.",
    "correct": "A person corrected: ",
    "expire": "Nobody reviewed this answer in time.",
}
_Attempt = tuple[str, int]  # (id of the run, number of its attempt)


def check_reviews(history: History, runs: dict[str, Any], messages: Iterable[Any]) -> None:
    """Check all rules of reviews; ``runs`` are the records by id, ``messages`` all deliveries."""
    stored = _stored_decisions(history)
    _check_statements(history, stored)
    for (run_id, attempt), decision in stored.items():
        _check_time(history, run_id, decision)
        if runs[run_id]["attempt"] == attempt:
            _check_end(history, runs[run_id], decision)
    _check_which_wait(history, runs)
    _check_limits(runs)
    _check_secrecy(history, messages)
    _check_told(runs, messages)
    _check_feedback(history, runs)


def _stored_decisions(history: History) -> dict[_Attempt, Json]:
    """What was stored about each decision, which is one for an attempt."""
    dropped = history.world.disk.query("SELECT * FROM dropped")
    require(not dropped, "an answer that waits is not made again", *map(tuple, dropped))
    rows = history.world.disk.query("SELECT * FROM decided")
    count = Counter((row["run_id"], row["attempt"]) for row in rows)
    for attempt, number in count.items():
        require(number == 1, "an answer is decided on once", *attempt, number)
    return {(row["run_id"], row["attempt"]): json.loads(row["review"]) for row in rows}


def _check_statements(history: History, stored: dict[_Attempt, Json]) -> None:
    """A decision that was confirmed is the one that counts; each that counts was made."""
    made: dict[_Attempt, dict[str, Any]] = defaultdict(dict)
    for sent in history.reviewer.decisions:
        made[sent.run_id, sent.attempt][sent.by] = sent
        if sent.answer == "accepted":
            by = stored.get((sent.run_id, sent.attempt), {}).get("by")
            require(by == sent.by, "the decision that was confirmed counts", sent, by)
    for attempt, decision in stored.items():
        if decision["decision"] != "expire":
            found = made[attempt].get(decision["by"])
            require(found and found.may_count, "only what a person decided counts", *attempt)
    _check_expired_calls(history, stored)


def _check_expired_calls(history: History, stored: dict[_Attempt, Json]) -> None:
    """Of calls a decision counts or the time limit, never both; in the end they are refused."""
    for sent_calls in history.decisions:
        if sent_calls.answer == "accepted":
            expired = stored.get((sent_calls.run_id, sent_calls.attempt))
            require(not expired, "calls that were decided on do not expire", sent_calls)


def _check_time(history: History, run_id: str, decision: Json) -> None:
    """Nothing expires before its time, unless the clock jumps."""
    if decision["decision"] == "expire" and "since_ms" in decision and not history.clock_jumps:
        waited = (decision["decided_ms"] - decision["since_ms"]) / 3_600_000
        require(waited >= history.world.review_hours, "nothing expires early", run_id, waited)


def _check_end(history: History, row: Any, decision: Json) -> None:
    """A run ends as it was decided, with the answer that a person saw or corrected."""
    kind = decision["decision"]
    is_refused = kind == "refuse"
    if kind == "expire":
        is_refused = row["proposed"] is None or history.world.review_expired == "refuse"
    code = "review_refused" if kind == "refuse" else "review_expired"
    end = ("failed", code) if is_refused else ("done", None)
    found = (row["status"], row["code"])
    require(found == end, "a run ends as it was decided", row["id"], kind, found)
    if is_refused:
        return
    proposed, answer = json.loads(row["proposed"]), json.loads(row["answer"])
    text = _WARNINGS[kind]
    require(answer["warnings"][-1].startswith(text), "an answer says who decided", row["id"])
    expected = {**proposed, **decision["values"]}
    for name in ("category", "answer", "cost_usd"):
        same = answer.get(name) == expected.get(name)
        require(same, "a run has the answer that was decided", row["id"], name)


def _check_which_wait(history: History, runs: dict[str, Any]) -> None:
    """Of the answers that are given, those were decided on that had to be, and no others."""
    for row in runs.values():
        if row["status"] != "done":
            continue
        policy = history.policies.get(row["tag"], "never")
        if policy == "unsure" and row["review"] is None:
            confidence = json.loads(row["answer"] or "{}").get("confidence")
            is_unsure = confidence is not None and confidence < SURE
            require(not is_unsure, "no answer passes its review", row["id"], confidence)
        if policy in {"never", "always"}:
            is_decided = "decision" in json.loads(row["review"] or "{}")
            require(is_decided == (policy == "always"), "no answer passes its review", row["id"])


def _check_limits(runs: dict[str, Any]) -> None:
    """What waits for a person has a time limit, and nothing else has."""
    for row in runs.values():
        has_limit = row["review_until_ms"] is not None
        waits = row["status"] == NEEDS_REVIEW
        require(has_limit == waits, "what waits has a time limit", row["id"], row["status"])


def _check_secrecy(history: History, messages: Iterable[Any]) -> None:
    """Nobody is given an answer that waits."""
    bodies = [
        (told.id, told.body)
        for answers in history.told.values()
        for told in answers
        if told.status == NEEDS_REVIEW
    ]
    bodies += [
        (row["subject_id"], row["body"]) for row in messages if row["event"] == "run.needs_review"
    ]
    for run_id, body in bodies:
        shown = json.loads(body or "{}")
        is_empty = not any(shown.get(name) for name in ("result", "category", "answer"))
        require(is_empty, "an answer that waits is given to nobody", run_id)


def _check_told(runs: dict[str, Any], messages: Iterable[Any]) -> None:
    """A message has the answer that callers are given."""
    for message in messages:
        row = runs.get(message["subject_id"])
        if row and row["answer"] and message["event"] == "run.completed" and message["body"]:
            told = json.loads(message["body"])
            told.pop("event")
            same = told == json.loads(row["answer"])
            require(same, "a message has the run's answer", row["id"])


def _check_feedback(history: History, runs: dict[str, Any]) -> None:
    """Confirmed feedback is stored, and what is stored was given."""
    made: dict[str, set[str]] = defaultdict(set)
    for sent in history.reviewer.feedback:
        if sent.may_count:
            made[sent.run_id].add(sent.by)
        if sent.answer == "accepted":
            require(runs[sent.run_id]["feedback"], "feedback is not lost", sent)
    for run_id, row in runs.items():
        if row["feedback"]:
            by = json.loads(row["feedback"])["by"]
            require(by in made[run_id], "feedback is somebody's", run_id, by)

"""Answers that wait for a person: which do, what their callers read meanwhile, and the decision.

A run that waits has ended its attempt: it is paid, and nothing is reserved. Its answer is stored
as ``proposed`` and given to nobody but reviewers until it is accepted or corrected.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.catalogue import Action
from connector.catalogue.empty_answer import empty_answer
from connector.engine.engine import Engine, Outcome
from connector.engine.run import Run
from connector.errors import FieldError, FormcallError, InvalidInput
from connector.json_types import Json
from connector.runs.corrections import correctable_names, corrected_answer
from connector.runs.responses import (
    COMPLETED,
    FAILED,
    event_json,
    problem_json,
    to_json,
)
from connector.runs.revisions import with_previous_version
from connector.store.audit import SERVICE, Actor, audit_row
from connector.store.ids import iso_time, now_ms
from connector.store.ledger.group_commit import Ledger
from connector.store.ledger.records import NEEDS_REVIEW, RunSuperseded
from connector.store.ledger.review_changes import DecideReview, SaveFeedback
from connector.store.rows import RunRow
from connector.store.runs import Runs

VERDICTS = ("right", "wrong")
DECISIONS = ("accept", "correct", "refuse")
SURE = 0.8  # an answer of less confidence is one to review, for the policy "unsure"
_HOUR_MS = 3_600_000
_REASONS = {
    "always": "Each of these answers is reviewed.",
    "checks": "A check of the server failed.",
    "unsure": f"The confidence is below {SURE}, or nothing was found.",
}
_ANY_FILE = "data:text/plain,."  # stands for a file, whose content a correction does not need
_NOT_STORED = (
    "The answer of this run is not stored any longer, so it cannot be decided on. Send the "
    "request again."
)


@dataclass(frozen=True)
class ReviewDecision:
    """A person's decision; ``by`` says who, ``values`` are the corrected ones.

    ``actor`` is who it was for the audit log.
    """

    kind: str
    by: str
    note: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    actor: Actor = SERVICE


@dataclass(frozen=True)
class Feedback:
    """What a person says about an answer: right or wrong, and the values that are right."""

    verdict: str
    by: str
    note: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


def reason_to_review(policy: str, outcome: Outcome) -> str:
    """Why an answer waits for a person under ``policy``, in a sentence; "" when it does not."""
    if not outcome.ok or not policy or policy == "never":
        return ""
    confidence = outcome.values.get("confidence")
    is_unsure = not outcome.result or (confidence is not None and confidence < SURE)
    applies = {
        "always": True,
        "checks": any(not check.ok for check in outcome.checks),
        "unsure": is_unsure,
    }
    return _REASONS[policy] if applies[policy] else ""


def require_reviewable(run: Run, policy: str) -> None:
    """``InvalidInput`` for a stream of an answer that a person may have to review first."""
    if run.options.stream and policy != "never":
        message = (
            '"Stream" sends the text before a person could review it. Switch it off, or set '
            '"Review" to never.'
        )
        raise InvalidInput([FieldError("stream", "not_allowed", message)])


def waiting_body(outcome: Outcome, action: Action, reason: str) -> str:
    """The response while an answer waits: every key of the answer, null or empty."""
    return to_json(
        {
            **empty_answer(action),
            "ok": False,
            "status": NEEDS_REVIEW,
            "result": "",
            "detail": f"A person reviews the answer before it is given. {reason}",
            "code": "",
            "approvals": [],
            "approvals_text": "",
            **outcome.usage_fields(),
        }
    )


def review_json(reason: str, hours: float) -> tuple[str, int]:
    """(what is stored about a review, until when it waits), from now on."""
    since = now_ms()
    return to_json({"reason": reason, "since_ms": since}), since + round(hours * _HOUR_MS)


class Reviews:
    """Decides on runs that wait for a person."""

    def __init__(self, engine: Engine, ledger: Ledger, records: Runs) -> None:
        self._engine = engine
        self._ledger = ledger
        self._records = records
        self._settings = engine.settings

    def decide(self, row: RunRow, decision: ReviewDecision) -> None:
        """Write a decision on the answer of ``row``; its messages are sent as of any run's end.

        ``FormcallError`` (conflict) when it was decided already, ``InvalidInput`` for a correction
        that is invalid.
        """
        if row.status != NEEDS_REVIEW:
            raise FormcallError(
                "conflict", f"This run waits for no decision; its status is {row.status}."
            )
        if row.proposed is None:
            raise FormcallError("conflict", _NOT_STORED)
        proposed: Json = json.loads(row.proposed)
        if decision.kind == "refuse":
            change = self._refused(row, decision, _refusal(decision.note))
        elif decision.kind == "correct":
            answer = corrected_answer(self._run(row), proposed, decision.values)
            changed = ", ".join(decision.values)
            change = self._answered(row, decision, answer, f"A person corrected: {changed}.")
        else:
            change = self._answered(row, decision, proposed, "A person accepted this answer.")
        self._write(change)

    def correctable(self, row: RunRow) -> tuple[str, ...]:
        """The values of an answer that a person can correct, of one that waits or was given; none
        where it is unknown."""
        if (row.answer if row.status == "done" else row.proposed) is None:
            return ()
        try:
            run = self._run(row)
        except FormcallError:
            return ()
        return correctable_names(run.action, run.form)

    def save_feedback(self, row: RunRow, feedback: Feedback) -> None:
        """Store whether the answer of ``row`` was right, and what would have been.

        ``FormcallError`` (conflict) for a run without an answer, ``InvalidInput`` for values that
        the answer cannot have.
        """
        if row.status != "done":
            raise FormcallError(
                "conflict", f"This run has no answer to judge; its status is {row.status}."
            )
        if feedback.values:
            if row.answer is None:
                raise FormcallError("conflict", _NOT_STORED)
            corrected_answer(self._run(row), json.loads(row.answer), feedback.values)
        body = {**vars(feedback), "values": dict(feedback.values), "at_ms": now_ms()}
        try:
            self._ledger.write(SaveFeedback(row.id, to_json(body)))
        except RunSuperseded as error:
            raise FormcallError(
                "conflict", f"This run is run again; its status is {error.status}."
            ) from None

    def expire_due(self) -> int:
        """End the runs for which no person decided in time; their number."""
        rows = self._records.expired_reviews(now_ms())
        for row in rows:
            try:
                self._write(self._expired(row))
            except FormcallError:
                continue  # a person was faster
        return len(rows)

    def _expired(self, row: RunRow) -> DecideReview:
        decision = ReviewDecision("expire", "")
        if row.proposed is not None and self._settings.review_expired == "accept":
            answer: Json = json.loads(row.proposed)
            return self._answered(row, decision, answer, "Nobody reviewed this answer in time.")
        return self._refused(row, decision, _expiry())

    def _write(self, change: DecideReview) -> None:
        try:
            self._ledger.write(change)
        except RunSuperseded as error:
            raise FormcallError(
                "conflict", f"The run was already decided; its status is {error.status}."
            ) from None

    def _answered(
        self, row: RunRow, decision: ReviewDecision, answer: Json, warning: str
    ) -> DecideReview:
        body = to_json({**answer, "warnings": [*answer["warnings"], warning]})
        return DecideReview(
            row.id,
            row.attempt,
            "done",
            _decided_json(row, decision),
            body,
            unknown=not answer["result"],
            checks_failed=answer["checks_failed"],
            event=COMPLETED,
            body=event_json(COMPLETED, body),
            keep_texts=self._settings.store_text == "on",
            audit=_audited(row, decision),
        )

    def _refused(self, row: RunRow, decision: ReviewDecision, error: FormcallError) -> DecideReview:
        body = problem_json(error, row.id, "failed")
        return DecideReview(
            row.id,
            row.attempt,
            "failed",
            _decided_json(row, decision),
            body,
            error.code,
            event=FAILED,
            body=event_json(FAILED, body),
            keep_texts=self._settings.store_text == "on",
            audit=_audited(row, decision),
        )

    def _run(self, row: RunRow) -> Run:
        """The run as it was prepared, for the caller's own choices and fields."""
        if row.form is None:
            raise FormcallError("conflict", _NOT_STORED)
        action = self._engine.catalogue.find(row.action)
        values = self._records.form_values(row)
        values |= {name: _ANY_FILE for name in action.file_fields if name in values}
        return self._engine.prepare(
            action, *with_previous_version(self._records, row.key_id, action, values)
        )


def has_waited(row: RunRow) -> bool:
    """Whether a run waits for a person, or was decided on by one."""
    return row.status == NEEDS_REVIEW or bool(row.review or row.decision)


def feedback_view(row: RunRow) -> Json:
    """The feedback on a run; empty texts where nobody gave any."""
    stored: Json = json.loads(row.feedback) if row.feedback else {}
    return {
        "verdict": stored.get("verdict", ""),
        "values": stored.get("values", {}),
        "note": stored.get("note", ""),
        "by": stored.get("by", ""),
        "at": iso_time(stored.get("at_ms")),
    }


def review_of(row: RunRow) -> Json:
    """What is stored about a run's review, {} when it has none."""
    stored: Json = json.loads(row.review) if row.review else {}
    return stored


def review_times(row: RunRow) -> Json:
    """Since when and until when a run waits for a person, or when it was decided; in UTC."""
    stored = review_of(row)
    return {
        "waits_since": iso_time(stored.get("since_ms") or row.ended_ms),
        "waits_until": iso_time(row.review_until_ms),
        "decided_at": iso_time(stored.get("decided_ms")),
    }


def _audited(row: RunRow, decision: ReviewDecision) -> Json:
    details = {"decision": decision.kind, "action": row.action, "key": row.key_id}
    return audit_row(decision.actor, "review.decided", row.id, details)


def _decided_json(row: RunRow, decision: ReviewDecision) -> str:
    return to_json(
        {
            **review_of(row),
            "decision": decision.kind,
            "by": decision.by,
            "note": decision.note,
            "values": dict(decision.values),
            "decided_ms": now_ms(),
        }
    )


def _refusal(note: str) -> FormcallError:
    detail = f"A person refused the answer: {note}" if note else "A person refused the answer."
    return FormcallError("review_refused", detail)


def _expiry() -> FormcallError:
    return FormcallError(
        "review_expired", "Nobody decided on this run in time, so it gives no answer."
    )

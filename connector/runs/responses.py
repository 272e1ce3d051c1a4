"""The response body of a run (answer or problem), serialised once.

The same text is returned to the caller, stored in the run's record and delivered by webhooks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from connector.catalogue import Action, Catalogue
from connector.catalogue.empty_answer import empty_answer
from connector.engine.checkpoint import ApprovalRequired, PendingCall
from connector.engine.engine import Outcome
from connector.engine.run import Run
from connector.errors import KINDS, FormcallError
from connector.json_types import Json
from connector.runs.call_text import call_text, escape_unseen
from connector.store.ids import iso_time
from connector.store.ledger.money import to_usd
from connector.store.ledger.records import NEEDS_REVIEW, OPEN_STATUSES
from connector.store.rows import RunRow
from connector.store.runs import Runs

COMPLETED = "run.completed"
FAILED = "run.failed"
REVIEW_REQUESTED = "run.needs_review"

RETRY_SECONDS = 2  # when to read the status of a running run again
_ANSWER_NOT_STORED = "The run has ended; its answer was not stored (FORMCALL_STORE_TEXT)."


@dataclass(frozen=True)
class RunResponse:
    """The state of a run as its caller sees it.

    ``body`` is the JSON text of the answer or, with a ``code``, of the problem; "" while the run
    is queued or running. ``retry_after`` is in seconds. ``affects_all_calls``: as in the error.
    ``is_replay``: an earlier request with the same idempotency key started the run; otherwise the
    responses of both are equal.
    """

    id: str
    status: str
    body: str = ""
    code: str = ""
    retry_after: float | None = None
    affects_all_calls: bool = field(default=False, compare=False)
    is_replay: bool = field(default=False, compare=False)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def has_ended(self) -> bool:
        """Whether ``body`` is final; a run that waits for a person has one that is not."""
        return bool(self.body) and self.status != NEEDS_REVIEW


def response_for(outcome: Outcome, action: Action) -> RunResponse:
    """The response to return and store for an outcome of ``action``."""
    if outcome.approval:
        body = to_json({**empty_answer(action), **_approval_body(outcome, outcome.approval)})
        return RunResponse(outcome.id, outcome.status, body)
    error = outcome.error
    if error is None:
        return RunResponse(outcome.id, outcome.status, to_json(outcome.to_json()))
    bill = {key: value for key, value in outcome.usage_fields().items() if key != "id"}
    error.extra = {"run_status": outcome.status, **bill, **error.extra}
    body = to_json(error.as_problem(outcome.id))
    return RunResponse(
        outcome.id,
        outcome.status,
        body,
        error.code,
        error.retry_after,
        affects_all_calls=error.affects_all_calls,
    )


def _approval_body(outcome: Outcome, approval: ApprovalRequired) -> Json:
    """The calls to approve, each with its number, tool and arguments, as rows and as one text."""
    approvals = [_approval_row(call) for call in approval.pending]
    titles = ", ".join(dict.fromkeys(call.title for call in approval.pending))
    return {
        "ok": False,
        "status": outcome.status,
        "result": "",
        "detail": f"Approve or refuse before the run continues: {titles}.",
        "code": "",
        "approvals": approvals,
        "approvals_text": "\n".join(f"{row['call']}. {row['text']}" for row in approvals),
        "trace": [vars(step) for step in approval.checkpoint.steps],
        **outcome.usage_fields(),
    }


def _approval_row(call: PendingCall) -> Json:
    return {
        "call": call.index + 1,
        "tool": call.tool,
        "title": call.title,
        "arguments": escape_unseen(call.arguments),
        "text": call_text(call.title, call.arguments),
    }


def require_run(records: Runs, run_id: str) -> RunRow:
    """The record of a run; ``FormcallError`` (not_found) when there is none."""
    row: RunRow | None = records.find(run_id)
    if row is None:
        raise FormcallError("not_found", "There is no such run.")
    return row


def stored_response(row: RunRow) -> RunResponse:
    """The response that a run's record holds."""
    if row.status in OPEN_STATUSES:
        return RunResponse(row.id, row.status)
    body = row.answer or to_json(body_without_text(row))
    return RunResponse(row.id, row.status, body, row.code or "")


def without_read_text(run: Run, body: str) -> str:
    """The body of an answer without the caller's own text, for a record that outlives the call."""
    if not run.options.read_text:
        return body
    answer = json.loads(body)
    return to_json({**answer, "read_text": None}) if "read_text" in answer else body


def with_read_text(run: Run, response: RunResponse) -> RunResponse:
    """A repeated response with the text of ``run``, the repeated request, if it asks for it.

    Both requests have the same text.
    """
    if response.code or not response.body or run.read_text is None:
        return response
    answer = json.loads(response.body)
    if answer.get("read_text", "") is not None:
        return response
    return replace(response, body=to_json({**answer, "read_text": run.read_text}))


def body_without_text(row: RunRow) -> Json:
    """The body for a run whose texts were not stored: status, code and costs."""
    if row.code:
        return {
            **FormcallError(row.code, KINDS[row.code].title + ".").as_problem(row.id),
            "run_status": row.status,
            **_costs(row),
        }
    return {
        "ok": True,
        "status": row.status,
        "result": "",
        "id": row.id,
        "action": row.action,
        "detail": _ANSWER_NOT_STORED,
        **_costs(row),
    }


def problem_json(error: FormcallError, run_id: str, status: str) -> str:
    """The problem of a run that ended outside the engine."""
    error.extra = {"run_status": status, **error.extra}
    return to_json(error.as_problem(run_id))


def event_json(event: str, body: str) -> str:
    """``body``, the text of a flat JSON object, with the event's name as its first key."""
    return f'{{"event": "{event}", {body[1:]}' if body else body


def open_run_body(response: RunResponse, action: str, catalogue: Catalogue) -> Json:
    """The body for a run that has not ended: every key of its action's answer, null or empty."""
    return {
        **empty_answer(catalogue.get(action)),
        "status": response.status,
        "id": response.id,
        "action": action,
        "detail": open_status_detail(response.status),
        "retry_after": RETRY_SECONDS,
    }


def run_view(row: RunRow, catalogue: Catalogue) -> Json:
    """A run as GET /v1/runs/<id> shows it, whatever its status.

    The first keys are always the same, and every key of its action's answer is there: null or empty
    without an answer.
    """
    response = stored_response(row)
    if response.body:
        body: Json = json.loads(response.body)
    else:
        body = {"detail": open_status_detail(response.status)}
    for name in ("type", "title", "run_status"):
        body.pop(name, None)
    defaults = dict.fromkeys(("ok", "status", "result", "detail", "code"), "")
    own = {"ok": row.status == "done", "status": row.status, "id": row.id, "action": row.action}
    times = {
        "created_at": iso_time(row.created_ms),
        "ended_at": iso_time(row.ended_ms),
        "attempt": row.attempt,
        "tag": row.tag or "",
    }
    empty = empty_answer(catalogue.get(row.action))
    return {**defaults, **own, **empty, **body, **own, **_costs(row), **times}


def open_status_detail(status: str) -> str:
    """A sentence on a run that has not ended."""
    if status == "queued":
        return "The run is queued."
    return "The run has not finished. Request it again in a few seconds."


def to_json(body: Json) -> str:
    """``body`` as JSON text."""
    return json.dumps(body, ensure_ascii=False)


def _costs(row: RunRow) -> Json:
    return {
        "cost_usd": to_usd(row.cost_nusd),
        # the part of cost_usd that is an upper bound: calls whose reply was never received
        "estimated_usd": to_usd(row.estimated_nusd),
        "reserved_usd": to_usd(row.reserved_nusd),
    }

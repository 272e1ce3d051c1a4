"""Runs at addresses of their own."""

from __future__ import annotations

from connector.catalogue import Field
from connector.catalogue.options import MOST_WAIT_SECONDS, WAIT_SECONDS
from connector.publish.fixed.shared import BODY_CODES, CREATED, ENDED, LIMIT, LIST_CODES, ONE_CODES, Json, one, wanted
from connector.publish.operations import HANDED_OVER_BODY, RETRY_AFTER, RUN_CODES, Body, Operation, Parameter, answer_body
from connector.publish.samples import BILL
from connector.publish.schemas import ANSWER, APPROVALS, ERROR, asked_schema, number, rows, shown_schema, text, whole, yes

_STATUSES = ("queued", "running", "needs_review", "done", "failed", "incomplete", "interrupted", "cancelled")
_RUN: dict[str, Json] = {
    "ok": yes("True when the run has its answer."),
    "status": text(f"Where it stands: {', '.join(_STATUSES)}."),
    "result": text("The answer as one text to show; empty without one."),
    "detail": text("What went wrong or what it waits for, in a sentence; empty when it is done."),
    "code": text("Why it has no answer, as a word that stays the same; empty unless it has failed."),
    "id": text("The run's id."),
    "action": text("The action that is run."),
    "status_url": text("Its own address."),
    "retryable": yes("Of a run that failed: whether the same may work later."),
    "errors": rows("Of a run that failed: what is wrong with each field.", ERROR),
    **APPROVALS,
    "cost_usd": number("What it has cost, all attempts together, in US dollars; null when the price is not known.", nullable=True),
    "estimated_usd": number("How much of that are calls whose end nobody saw, at the most they can have cost."),
    "reserved_usd": number("What is reserved for it at the moment."),
    "created_at": text("When it was asked for, in UTC."),
    "ended_at": text("When it ended, in UTC; null until then.", nullable=True),
    "attempt": whole("Which attempt this is; 0 before the first."),
    "tag": text("The word it was tagged with, or nothing."),
}
_OPTIONAL = ("status_url", "retryable", "errors", *APPROVALS)  # of one run, of failures, of what waits
_DONE = {
    "ok": True,
    "status": "done",
    "result": "billing",
    "detail": "",
    "code": "",
    "id": "run_0123456789abcdef",
    "action": "classify",
    "status_url": "https://forms.example/v1/runs/run_0123456789abcdef",
    "category": "billing",
    "cost_usd": 0.000876,
    "estimated_usd": 0.0,
    "reserved_usd": 0.0,
    "created_at": CREATED,
    "ended_at": ENDED,
    "attempt": 1,
    "tag": "",
}
_SCHEMA = shown_schema(_RUN, optional=_OPTIONAL)
_RUN_ID = one("run_id", "Run", "The run's id, such as run_0123456789abcdef.")
_WAIT = Parameter(
    "wait_seconds", "query", {"type": "number", "minimum": 0, "maximum": 100}, "Wait (seconds)",
    "How long to wait for the run to end; not at all if it is not given.",
)  # fmt: skip
_CALLS = Field("calls", "text", "Calls", "The numbers of the calls to allow, such as 1, 2; all if it is empty. The others are refused.")
_NOTE = Field("note", "longtext", "Note", "A word to the model, such as why not.", max=2_000)
_WAITS = Field(
    "wait_seconds", "number", "Wait (seconds)", f"How long to wait for the answer: {WAIT_SECONDS} if empty.", min=0, max=MOST_WAIT_SECONDS
)
_APPROVED: Json = {"calls": "1"}
_REFUSED: Json = {"note": "Too dear. Look for another day."}
_ANSWERED = {
    "ok": True, "status": "done", "result": "Your seat on FC 12 is booked.", "id": "run_0123456789abcdef",
    "action": "answer_with_tools", **BILL,
}  # fmt: skip
_DECIDED = {200: answer_body("answer", ANSWER, _ANSWERED), 202: HANDED_OVER_BODY}
_DECIDED_CODES = tuple(dict.fromkeys((*RUN_CODES, *BODY_CODES, "not_found", "conflict")))

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get", "/v1/runs", "list_runs", "List runs",
        "The newest runs of this key that are no rows of a batch, the newest first.", "runs",
        {200: Body("run", _SCHEMA, [_DONE], "The runs.", many=True)},
        parameters=(
            wanted("status", "Status", "Only runs that stand there.", enum=list(_STATUSES)),
            wanted("tag", "Tag", "Only runs with this tag."),
            wanted("action", "Action", "Only runs of this action."),
            LIMIT,
        ),
        codes=LIST_CODES,
    ),
    Operation(
        "get", "/v1/runs/{run_id}", "get_run", "Get a run",
        "Where a run stands and, once it is done, its whole answer: the keys that its action answers with stand beside these.", "runs",
        {200: Body("run", _SCHEMA, _DONE, "The run. While it goes on, Retry-After says when to ask again.", headers=RETRY_AFTER)},
        parameters=(_RUN_ID, _WAIT), codes=(*ONE_CODES, "invalid_input"),
    ),
    Operation(
        "post", "/v1/runs/{run_id}/cancel", "cancel_run", "Cancel a run",
        "A run that waits ends at once; one that is asking the model ends with that call, which is paid.", "runs",
        {200: Body("run", _SCHEMA, _DONE, "The run as it stands now.")},
        parameters=(_RUN_ID,), codes=(*ONE_CODES, "busy"),
    ),
    Operation(
        "post", "/v1/runs/{run_id}/approve", "approve_run", "Approve what a run asks",
        "A run with the status needs_review goes on, and makes the calls that it asked about.", "runs",
        _DECIDED, body=Body("approve_run_input", asked_schema((_CALLS, _NOTE, _WAITS), _APPROVED), _APPROVED, "Which calls; all if empty."),
        parameters=(_RUN_ID,), codes=_DECIDED_CODES,
    ),
    Operation(
        "post", "/v1/runs/{run_id}/refuse", "refuse_run", "Refuse what a run asks",
        "A run with the status needs_review goes on without the calls that it asked about.", "runs",
        _DECIDED, body=Body("refuse_run_input", asked_schema((_NOTE, _WAITS), _REFUSED), _REFUSED, "Why not, if you like."),
        parameters=(_RUN_ID,), codes=_DECIDED_CODES,
    ),
    Operation(
        "post", "/v1/runs/{run_id}/retry", "retry_run", "Run again",
        "Begins a new attempt, under the same id, of a run that ended without an answer: failed, incomplete, cut off or cancelled.", "runs",
        {202: HANDED_OVER_BODY},
        parameters=(_RUN_ID,), codes=(*ONE_CODES, "conflict", "rate_limited", "busy"),
    ),
)  # fmt: skip

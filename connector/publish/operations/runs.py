"""Runs at their own URLs."""

from __future__ import annotations

from connector.catalogue import Field
from connector.catalogue.options import MAX_WAIT_SECONDS, WAIT_SECONDS
from connector.catalogue.values import Choice
from connector.json_types import Json
from connector.publish.operation import (
    ACCEPTED_BODY,
    NEXT_PAGE,
    RETRY_AFTER,
    RUN_CODES,
    Body,
    Operation,
    OperationParameter,
    answer_body,
)
from connector.publish.operations.run_parts import INCLUDE, RUN_FILTERS, RUN_PARTS, STATUSES
from connector.publish.operations.shared import (
    BODY_CODES,
    CREATED,
    ENDED,
    ITEM_CODES,
    LIST_CODES,
    path_id,
)
from connector.publish.samples import EXAMPLE_USAGE
from connector.publish.schemas import (
    ANSWER,
    APPROVALS,
    ERROR,
    AnswerSchema,
    boolean,
    input_schema,
    integer,
    number,
    objects,
    output_schema,
    string,
)

_RUN: dict[str, Json] = {
    "ok": boolean("True when the run has its answer."),
    "status": string(f"The status: {', '.join(STATUSES)}."),
    "result": string("The answer as one text to display; empty without one."),
    "detail": string("What went wrong or what it waits for, in a sentence; empty when it is done."),
    "code": string("A stable code for why it has no answer; empty unless it has failed."),
    "id": string("The run's id."),
    "action": string("The action of the run."),
    "status_url": string("Its own URL."),
    "retryable": boolean("Of a failed run: whether the same may succeed later."),
    "errors": objects("Of a failed run: what is wrong with each field.", ERROR),
    **APPROVALS,
    "review_url": string(
        "Of a run that waits for a person: a page on which anybody who has this link decides."
    ),
    "cost_usd": number(
        "The cost of all attempts in US dollars; null if the price is unknown.",
        nullable=True,
    ),
    "estimated_usd": number(
        "The part of that for calls with an unknown outcome, at their maximum possible cost."
    ),
    "reserved_usd": number("The amount reserved for it at present."),
    "created_at": string("When it was requested, in UTC."),
    "ended_at": string("When it ended, in UTC; null until then.", nullable=True),
    "attempt": integer("The number of the attempt; 0 before the first."),
    "tag": string("Its tag, or an empty text."),
}
# only of a single run, of failures, and of runs that wait for approval
_OPTIONAL = ("status_url", "retryable", "errors", *APPROVALS, "review_url")
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
_SCHEMA = output_schema(_RUN, optional=_OPTIONAL)
_DETAILED = output_schema({**_RUN, **RUN_PARTS}, optional=(*_OPTIONAL, *RUN_PARTS))
_RUN_ID = path_id("run_id", "Run", "The run's id, such as run_0123456789abcdef.")
_WAIT = OperationParameter(
    "wait_seconds",
    "query",
    {"type": "number", "minimum": 0, "maximum": 100},
    "Wait (seconds)",
    "How long to wait for the run to end; default: not at all.",
)
_CALLS = Field(
    "calls",
    "text",
    "Calls",
    "The numbers of the calls to allow, such as 1, 2; all if it is empty. The others are refused.",
)
_NOTE = Field(
    "note", "longtext", "Note", "A note to the model, such as the reason for a refusal.", max=2_000
)
_WAIT_FIELD = Field(
    "wait_seconds",
    "number",
    "Wait (seconds)",
    f"How long to wait for the answer: {WAIT_SECONDS} if empty.",
    min=0,
    max=MAX_WAIT_SECONDS,
)
_APPROVE_EXAMPLE: Json = {"calls": "1"}
_REFUSE_EXAMPLE: Json = {"note": "Too expensive. Look for another day."}
_ANSWER_EXAMPLE = {
    "ok": True,
    "status": "done",
    "result": "Your seat on FC 12 is booked.",
    "id": "run_0123456789abcdef",
    "action": "answer_with_tools",
    **EXAMPLE_USAGE,
}
_VERDICT = Field(
    "verdict",
    "choice",
    "Verdict",
    "Whether the answer was right.",
    required=True,
    choices=(Choice("right", "Right"), Choice("wrong", "Wrong")),
)
_VALUES = Field(
    "values", "longtext", "Values", "The values that would have been right, as a JSON object."
)
_FEEDBACK_NOTE = Field("note", "longtext", "Note", "A note, such as the reason.", max=2_000)
_FEEDBACK_EXAMPLE: Json = {"verdict": "wrong", "values": '{"category": "billing"}'}
_FEEDBACK = output_schema(
    {
        "ok": boolean("True."),
        "id": string("The run's id."),
        "feedback": RUN_PARTS["feedback"],
    }
)
_GIVEN = {
    "ok": True,
    "id": "run_0123456789abcdef",
    "feedback": {
        "verdict": "wrong",
        "values": {"category": "billing"},
        "note": "",
        "by": "Ines",
        "at": ENDED,
    },
}
_DECISION_RESPONSES = {200: answer_body("answer", ANSWER, _ANSWER_EXAMPLE), 202: ACCEPTED_BODY}
_DECISION_CODES = tuple(dict.fromkeys((*RUN_CODES, *BODY_CODES, "not_found", "conflict")))


def _get_run(name: str, schema: AnswerSchema, *parameters: OperationParameter) -> Operation:
    return Operation(
        "get",
        "/v1/runs/{run_id}",
        "get_run",
        "Get a run",
        (
            "The status of a run and, once it is done, its complete answer. The keys of its "
            "action's answer are added to these from the beginning, null or empty until then."
        ),
        "runs",
        {
            200: Body(
                name,
                schema,
                _DONE,
                "The run. While it is running, Retry-After gives the seconds to the next request.",
                headers=RETRY_AFTER,
            )
        },
        parameters=parameters,
        codes=ITEM_CODES,
    )


# as a step of a workflow: without the parts that only people look at
GET_RUN_STEP = _get_run("run", _SCHEMA, _RUN_ID, _WAIT)
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get",
        "/v1/runs",
        "list_runs",
        "List runs",
        (
            "The newest runs of this key, except rows of batches, the newest first. Page by page: "
            "set cursor to the id of the last run of the page before."
        ),
        "runs",
        {200: Body("run", _SCHEMA, [_DONE], "The runs.", is_array=True, headers=NEXT_PAGE)},
        parameters=RUN_FILTERS,
        codes=LIST_CODES,
    ),
    _get_run("run_with_parts", _DETAILED, _RUN_ID, _WAIT, INCLUDE),
    Operation(
        "post",
        "/v1/runs/{run_id}/cancel",
        "cancel_run",
        "Cancel a run",
        (
            "A waiting run ends at once; a running one ends with its current model call, which is "
            "charged."
        ),
        "runs",
        {200: Body("run", _SCHEMA, _DONE, "The run in its current state.")},
        parameters=(_RUN_ID,),
        codes=(*ITEM_CODES, "busy"),
    ),
    Operation(
        "post",
        "/v1/runs/{run_id}/approve",
        "approve_run",
        "Approve tool calls",
        "A run with the status needs_review continues and makes the approved calls.",
        "runs",
        _DECISION_RESPONSES,
        body=Body(
            "approve_run_input",
            input_schema((_CALLS, _NOTE, _WAIT_FIELD), _APPROVE_EXAMPLE),
            _APPROVE_EXAMPLE,
            "Which calls; all if empty.",
        ),
        parameters=(_RUN_ID,),
        codes=_DECISION_CODES,
    ),
    Operation(
        "post",
        "/v1/runs/{run_id}/refuse",
        "refuse_run",
        "Refuse tool calls",
        "A run with the status needs_review continues without the refused calls.",
        "runs",
        _DECISION_RESPONSES,
        body=Body(
            "refuse_run_input",
            input_schema((_NOTE, _WAIT_FIELD), _REFUSE_EXAMPLE),
            _REFUSE_EXAMPLE,
            "The reason, if you like.",
        ),
        parameters=(_RUN_ID,),
        codes=_DECISION_CODES,
    ),
    Operation(
        "post",
        "/v1/runs/{run_id}/feedback",
        "give_feedback",
        "Give feedback",
        (
            "Says whether the answer of a run was right, and which values would have been. It is "
            "stored with the run, in place of earlier feedback, and changes nothing else."
        ),
        "runs",
        {200: Body("feedback", _FEEDBACK, _GIVEN, "The feedback as it is stored.")},
        body=Body(
            "give_feedback_input",
            input_schema((_VERDICT, _VALUES, _FEEDBACK_NOTE), _FEEDBACK_EXAMPLE),
            _FEEDBACK_EXAMPLE,
            "What was right or wrong.",
        ),
        parameters=(_RUN_ID,),
        codes=(*ITEM_CODES, *BODY_CODES, "conflict", "rate_limited"),
    ),
    Operation(
        "post",
        "/v1/runs/{run_id}/retry",
        "retry_run",
        "Run again",
        (
            "Starts a new attempt, under the same id, of a run that ended without an answer: "
            "failed, incomplete, interrupted or cancelled."
        ),
        "runs",
        {202: ACCEPTED_BODY},
        parameters=(_RUN_ID,),
        codes=(*ITEM_CODES, "conflict", "rate_limited", "busy"),
    ),
)

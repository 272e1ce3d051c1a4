"""Reviews: what waits for a person, and the decision on it."""

from __future__ import annotations

from connector.catalogue import Field
from connector.catalogue.options import MAX_WAIT_SECONDS
from connector.catalogue.values import Choice
from connector.json_types import Json
from connector.publish.operation import NEXT_PAGE, Body, Operation
from connector.publish.operations.shared import (
    BODY_CODES,
    CREATED,
    ITEM_CODES,
    LIMIT,
    LIST_CODES,
    path_id,
    query_filter,
)
from connector.publish.schemas import (
    APPROVALS,
    CHECKS,
    boolean,
    input_schema,
    number,
    output_schema,
    string,
    strings,
)

_REVIEW: dict[str, Json] = {
    "ok": boolean("True when the run has its answer."),
    "status": string("The status of the run: needs_review while it waits."),
    "id": string("The run's id."),
    "kind": string("What is decided: answer, or tools for calls of tools."),
    "action": string("The action of the run."),
    "title": string("The title of that action."),
    "reason": string("Why it waits, in a sentence."),
    "result": string("The answer that waits, as one text to display."),
    "answer": {"type": "object", "description": "The values of that answer."},
    "checks": CHECKS,
    "warnings": strings("Notes for the reader of that answer."),
    **APPROVALS,
    "form": {
        "type": "object",
        "description": "The fields as they were sent; null if not stored.",
        "nullable": True,
    },
    "tag": string("Its tag, or an empty text."),
    "cost_usd": number(
        "The cost of all attempts in US dollars; null if the price is unknown.", nullable=True
    ),
    "decision": string("accept, correct, refuse or expire; empty while it waits."),
    "decided_by": string("The name of the key that decided, or link."),
    "note": string("The note of the person who decided."),
    "values": {"type": "object", "description": "The values that were corrected."},
    "waits_since": string("Since when it waits, in UTC.", nullable=True),
    "waits_until": string("Its time limit, in UTC; null when it is decided.", nullable=True),
    "decided_at": string("When it was decided, in UTC; null until then.", nullable=True),
    "status_url": string("The URL of the run."),
    "review_url": string(
        "A page on which anybody who has this link decides, while the run waits; else empty."
    ),
}
_SCHEMA = output_schema(_REVIEW)
_WAITING = {
    "ok": False,
    "status": "needs_review",
    "id": "run_0123456789abcdef",
    "kind": "answer",
    "action": "classify",
    "title": "Classify text",
    "reason": "The confidence is below 0.8, or nothing was found.",
    "result": "technical",
    "answer": {"category": "technical", "confidence": 0.55, "confidence_kind": "reported"},
    "checks": [],
    "warnings": [],
    "approvals": [],
    "approvals_text": "",
    "form": {"text": "I was charged twice.", "categories": "billing\ntechnical"},
    "tag": "",
    "cost_usd": 0.000876,
    "decision": "",
    "decided_by": "",
    "note": "",
    "values": {},
    "waits_since": CREATED,
    "waits_until": "2026-02-03T12:00:00.000Z",
    "decided_at": None,
    "status_url": "https://forms.example/v1/runs/run_0123456789abcdef",
    "review_url": "https://forms.example/review/run_0123456789abcdef.1.1769947200.c2lnbmF0dXJl",
}
_DECIDED = {
    **_WAITING,
    "ok": True,
    "status": "done",
    "decision": "correct",
    "decided_by": "Ines",
    "values": {"category": "billing"},
    "waits_until": None,
    "decided_at": "2026-01-31T14:00:00.000Z",
    "review_url": "",
}
_RUN_ID = path_id("run_id", "Run", "The id of the run that waits, such as run_0123456789abcdef.")
_FORM = (
    Field(
        "decision",
        "choice",
        "Decision",
        "What to do with the answer, or with the calls of tools.",
        required=True,
        choices=(
            Choice("accept", "Accept"),
            Choice("correct", "Correct"),
            Choice("refuse", "Refuse"),
        ),
    ),
    Field(
        "values",
        "longtext",
        "Values",
        "With correct: the corrected values as a JSON object; the others stay.",
    ),
    Field("note", "longtext", "Note", "A note on the decision, such as its reason.", max=2_000),
    Field(
        "calls",
        "text",
        "Calls",
        "Of a run that waits with tool calls: the numbers to allow, such as 1, 2; all if empty.",
    ),
    Field(
        "wait_seconds",
        "number",
        "Wait (seconds)",
        "How long to wait for a run that continues: not at all if empty.",
        min=0,
        max=MAX_WAIT_SECONDS,
    ),
)
_CORRECT: Json = {"decision": "correct", "values": '{"category": "billing"}'}
_STATES = ["waiting", "decided"]

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get",
        "/v1/reviews",
        "list_reviews",
        "List reviews",
        (
            "What waits for a person, the oldest first: answers of this key's runs, and calls of "
            "tools. A key with the scope review sees those of all keys."
        ),
        "reviews",
        {
            200: Body(
                "review", _SCHEMA, [_WAITING], "The reviews.", is_array=True, headers=NEXT_PAGE
            )
        },
        parameters=(
            query_filter(
                "state",
                "State",
                "waiting (default), or decided for answers that were decided on, newest first.",
                enum=_STATES,
            ),
            query_filter("action", "Action", "Only runs of this action."),
            query_filter(
                "cursor", "Cursor", "For the next page: the id of the last run of this one."
            ),
            LIMIT,
        ),
        codes=LIST_CODES,
    ),
    Operation(
        "get",
        "/v1/reviews/{run_id}",
        "get_review",
        "Get a review",
        "The form and the answer of a run that waits or waited for a person.",
        "reviews",
        {200: Body("review", _SCHEMA, _WAITING, "The review.")},
        parameters=(_RUN_ID,),
        codes=ITEM_CODES,
    ),
    Operation(
        "post",
        "/v1/reviews/{run_id}",
        "decide_review",
        "Decide on a review",
        (
            "The run ends with the answer as it was accepted or corrected, or fails with "
            "review_refused; callbacks and subscriptions are notified as of any end. With calls of "
            "tools it continues with those that were accepted."
        ),
        "reviews",
        {200: Body("review", _SCHEMA, _DECIDED, "The review with its decision.")},
        body=Body("decide_review_input", input_schema(_FORM, _CORRECT), _CORRECT, "The decision."),
        parameters=(_RUN_ID,),
        codes=(*ITEM_CODES, *BODY_CODES, "conflict", "rate_limited", "busy"),
    ),
)

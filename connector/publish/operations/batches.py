"""Batches: one action on many rows."""

from __future__ import annotations

from connector.catalogue import OPTIONS, Field
from connector.publish.fixed.shared import BODY_CODES, CREATED, LIMIT, LIST_CODES, ONE_CODES, Json, one, wanted
from connector.publish.operations import CSV, JSON_LINES, LOCATION, RETRY_AFTER, Body, Operation
from connector.publish.schemas import asked_schema, number, shown_schema, text, texts, whole, yes

_STATUSES = ("running", "paused", "cancelled", "failed", "done")
_BUDGET = Field("budget_usd", "number", "Budget (US dollars)", "The batch waits before it costs more; it can be resumed.", max=1_000_000)
_FORM = (
    Field("action", "text", "Action", "The action to run on each row, such as classify.", required=True, max=64),
    Field(
        "rows", "longtext", "Rows",
        "The rows as CSV with a line of column names, or as a JSON list of objects. A real list may be sent as well, and a form may "
        'send them as the file "file".',
        required=True,
    ),
    Field("fixed", "longtext", "The same for all", "Fields that are the same for all rows: a line `name: value` each, or a JSON object."),
    Field(
        "mapping", "longtext", "Columns",
        "Which column a field is taken from: a line `field: column` each, or a JSON object. Columns named like fields need none.",
    ),
    _BUDGET,
    OPTIONS["tag"],
    OPTIONS["callback_url"],
    OPTIONS["idempotency_key"],
    Field("economy", "boolean", "Economy", "Half the price, within a day, through the provider's own batches."),
    Field(
        "live_retry", "boolean", "Ask again live",
        "With economy: ask once more, at the full price, for a row whose answer cannot be used. On unless you turn it off.",
    ),
)  # fmt: skip
_ASKED = {
    "action": "classify",
    "rows": "message\nI was charged twice for May.\nThe page stays white.",
    "fixed": "categories:\n  billing: invoices and charges\n  technical: errors and crashes",
    "mapping": "text: message",
    "budget_usd": 1.5,
    "tag": "may",
}
# a list of the actions to choose from
_MORE = {"action": {"x-choices-from": {"operationId": "list_actions", "value-path": "id", "value-title": "name"}}}
_INPUT = asked_schema(_FORM, _ASKED, more=_MORE)

_BATCH: dict[str, Json] = {
    "ok": yes("True unless it was cancelled, has failed, or waits for somebody."),
    "status": text("Where it stands: running, paused (it waits for somebody), cancelled, failed (as a whole) or done."),
    "result": text("How far it is, in a sentence."),
    "id": text("The batch's id."),
    "action": text("The action that is run on each row."),
    "total": whole("How many rows there are."),
    "done": whole("How many have their answer."),
    "unknown": whole("How many are done, and the answer is that there is none."),
    "failed": whole("How many have failed."),
    "cancelled": whole("How many were cancelled."),
    "left": whole("How many have not ended."),
    "percent": number("How many of a hundred have ended."),
    "rows_per_second": number("How fast it goes."),
    "eta_seconds": whole("How long the rest will take, in seconds; null when that is not known.", nullable=True),
    "cost_usd": number("What it has cost so far, in US dollars; null when the price is not known.", nullable=True),
    "estimated_usd": number("How much of that are calls whose end nobody saw, at the most they can have cost."),
    "reserved_usd": number("What is reserved for calls under way."),
    "budget_usd": number("Its budget; null without one.", nullable=True),
    "economy": yes("Whether it goes through the provider's own batches."),
    "tag": text("The word it was tagged with, or nothing."),
    "code": text("Why it is paused, cancelled or failed, as a word that stays the same."),
    "detail": text("The same in a sentence."),
    "warnings": texts("What a person should know about it."),
    "created_at": text("When it was asked for, in UTC."),
    "ended_at": text("When it ended, in UTC; null until then.", nullable=True),
    "status_url": text("Its own address."),
    "results_url_csv": text("The address of its results as CSV."),
    "results_url_jsonl": text("The address of its results as lines of JSON."),
}
_URL = "https://forms.example/v1/batches/batch_0123456789abcdef"
_GOES_ON = {
    "ok": True,
    "status": "running",
    "result": "2 rows: 1 done, 1 left.",
    "id": "batch_0123456789abcdef",
    "action": "classify",
    "total": 2,
    "done": 1,
    "unknown": 0,
    "failed": 0,
    "cancelled": 0,
    "left": 1,
    "percent": 50.0,
    "rows_per_second": 0.5,
    "eta_seconds": 2,
    "cost_usd": 0.000876,
    "estimated_usd": 0.0,
    "reserved_usd": 0.01,
    "budget_usd": 1.5,
    "economy": False,
    "tag": "may",
    "code": "",
    "detail": "",
    "warnings": [],
    "created_at": CREATED,
    "ended_at": None,
    "status_url": _URL,
    "results_url_csv": f"{_URL}/results.csv",
    "results_url_jsonl": f"{_URL}/results.jsonl",
}
_SCHEMA = shown_schema(_BATCH)
_BATCH_ID = one("batch_id", "Batch", "The batch's id, such as batch_0123456789abcdef.")
_SET_GOING = Body("batch", _SCHEMA, _GOES_ON, "It goes on; ask for it at its address.", headers={**LOCATION, **RETRY_AFTER})
_NOW = Body("batch", _SCHEMA, _GOES_ON, "The batch. While it goes on, Retry-After says when to ask again.", headers=RETRY_AFTER)
_TABLE = (
    "row,status,message,category,error_code,error,cost_usd,run_id\n"
    "1,done,I was charged twice for May.,billing,,,0.000876,run_0123456789abcdef\n"
)
_LINES = (
    '{"row": 1, "status": "done", "message": "I was charged twice for May.", "category": "billing", "error_code": "", "error": "", '
    '"cost_usd": 0.000876, "run_id": "run_0123456789abcdef"}\n'
)
_TEXT: Json = {"type": "string"}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post", "/v1/batches", "create_batch", "Start a batch",
        "Runs an action on each row of a table. It goes on by itself, also after a restart; each row is a run like any other, and a wrong "
        "row fails on its own.", "batches",
        {202: _SET_GOING},
        body=Body("create_batch_input", _INPUT, _ASKED, "The action, its rows, and what is the same for all of them."),
        codes=(
            *LIST_CODES, *BODY_CODES, "unknown_action", "address_refused", "idempotency_mismatch", "price_unknown", "rate_limited", "busy",
        ),
    ),
    Operation(
        "get", "/v1/batches", "list_batches", "List batches",
        "The newest batches of this key.", "batches",
        {200: Body("batch", _SCHEMA, [_GOES_ON], "The batches.", many=True)},
        parameters=(wanted("status", "Status", "Only batches that stand there.", enum=list(_STATUSES)), LIMIT), codes=LIST_CODES,
    ),
    Operation(
        "get", "/v1/batches/{batch_id}", "get_batch", "Get a batch",
        "How far a batch is, and what it has cost so far.", "batches",
        {200: _NOW}, parameters=(_BATCH_ID,), codes=ONE_CODES,
    ),
    Operation(
        "post", "/v1/batches/{batch_id}/cancel", "cancel_batch", "Cancel a batch",
        "Rows that wait are cancelled at once; those that ask the model end with that call.", "batches",
        {200: _NOW}, parameters=(_BATCH_ID,), codes=(*ONE_CODES, "busy"),
    ),
    Operation(
        "post", "/v1/batches/{batch_id}/resume", "resume_batch", "Resume a batch",
        "Goes on with a batch that is paused, with another budget if one is given.", "batches",
        {202: _SET_GOING},
        body=Body("resume_batch_input", asked_schema([_BUDGET], {"budget_usd": 5}), {"budget_usd": 5}, "The new budget.", required=False),
        parameters=(_BATCH_ID,), codes=(*ONE_CODES, *BODY_CODES, "conflict", "rate_limited", "busy"),
    ),
    Operation(
        "post", "/v1/batches/{batch_id}/retry", "retry_batch", "Run failed rows again",
        "Runs the rows again that have failed, in the same batch.", "batches",
        {202: _SET_GOING}, parameters=(_BATCH_ID,), codes=(*ONE_CODES, "conflict", "rate_limited", "busy"),
    ),
    Operation(
        "get", "/v1/batches/{batch_id}/results.csv", "get_batch_results_csv", "Results as CSV",
        "Every row with its answer, in the order of the rows; a row that has not ended is there without one.", "batches",
        {200: Body("", _TEXT, _TABLE, "The table.", media=CSV)},
        parameters=(_BATCH_ID,), codes=(*ONE_CODES, "unknown_action"),
    ),
    Operation(
        "get", "/v1/batches/{batch_id}/results.jsonl", "get_batch_results_jsonl", "Results as lines of JSON",
        "Every row with its answer, a JSON object a line.", "batches",
        {200: Body("", _TEXT, _LINES, "The lines.", media=JSON_LINES)},
        parameters=(_BATCH_ID,), codes=(*ONE_CODES, "unknown_action"),
    ),
)  # fmt: skip

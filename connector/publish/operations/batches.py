"""Batches: one action on many rows."""

from __future__ import annotations

from connector.catalogue import OPTIONS, Field
from connector.json_types import Json
from connector.publish.operation import (
    CSV,
    JSON_LINES,
    LOCATION,
    REPLAYED,
    RETRY_AFTER,
    XLSX,
    Body,
    Operation,
    OperationParameter,
)
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
    boolean,
    input_schema,
    integer,
    number,
    output_schema,
    string,
    strings,
)

_STATUSES = ("running", "paused", "cancelled", "failed", "done")
_BUDGET = Field(
    "budget_usd",
    "number",
    "Budget (US dollars)",
    "The batch pauses before it costs more; it can be resumed.",
    max=1_000_000,
)
_FORM = (
    Field(
        "action",
        "text",
        "Action",
        "The action to run on each row, such as classify.",
        required=True,
        max=64,
    ),
    Field(
        "rows",
        "longtext",
        "Rows",
        "The rows as CSV with a line of column names, or as a JSON list of objects. An array "
        "is accepted too, and a form may send a file: CSV, JSON lines, XLSX, XLS or ODS.",
        required=True,
    ),
    Field(
        "fixed",
        "longtext",
        "Fixed fields",
        "Fields with the same value for all rows: lines `name: value`, or a JSON object.",
    ),
    Field(
        "mapping",
        "longtext",
        "Columns",
        (
            "The column of each field: lines `field: column`, or a JSON object. Columns with the "
            "name of a field need none."
        ),
    ),
    _BUDGET,
    OPTIONS["tag"],
    OPTIONS["callback_url"],
    OPTIONS["idempotency_key"],
    Field(
        "economy",
        "boolean",
        "Economy",
        "Half the price, within a day, through the provider's batch API.",
    ),
    Field(
        "live_retry",
        "boolean",
        "Retry live",
        (
            "With economy: one more call, at the full price, for a row whose answer is invalid. On "
            "by default."
        ),
    ),
    Field(
        "sheet",
        "text",
        "Sheet",
        "The name of the sheet to read, of rows sent as a spreadsheet. Empty: the first one.",
        max=100,
    ),
    Field(
        "charset",
        "text",
        "Charset",
        "The encoding of rows sent as a file, such as windows-1252. Empty: UTF-8, or what the "
        "file itself says.",
        max=40,
    ),
)
_INPUT_EXAMPLE = {
    "action": "classify",
    "rows": "message\nI was charged twice for May.\nThe page stays white.",
    "fixed": "categories:\n  billing: invoices and charges\n  technical: errors and crashes",
    "mapping": "text: message",
    "budget_usd": 1.5,
    "tag": "may",
}
# a form can list the actions to choose from
_MORE = {
    "action": {
        "x-choices-from": {"operationId": "list_actions", "value-path": "id", "value-title": "name"}
    }
}
_INPUT = input_schema(_FORM, _INPUT_EXAMPLE, more=_MORE)

_BATCH: dict[str, Json] = {
    "ok": boolean("True unless it is cancelled, failed or paused."),
    "status": string(
        "The status: running, paused (someone must resume it), cancelled, failed (the batch as a "
        "whole) or done."
    ),
    "result": string("The progress, in a sentence."),
    "id": string("The batch's id."),
    "action": string("The action run on each row."),
    "total": integer("The number of rows."),
    "done": integer("The number of rows with an answer."),
    "unknown": integer("The number of done rows whose answer is that there is none."),
    "failed": integer("The number of failed rows."),
    "cancelled": integer("The number of cancelled rows."),
    "left": integer("The number of rows that have not ended."),
    "percent": number("The percentage of rows that have ended."),
    "rows_per_second": number("The speed in rows per second."),
    "eta_seconds": integer("The estimated seconds to the end; null when unknown.", nullable=True),
    "cost_usd": number(
        "The cost so far in US dollars; null if the price is unknown.", nullable=True
    ),
    "estimated_usd": number(
        "The part of that for calls with an unknown outcome, at their maximum possible cost."
    ),
    "reserved_usd": number("The amount reserved for running calls."),
    "budget_usd": number("Its budget; null without one.", nullable=True),
    "economy": boolean("Whether it uses the provider's batch API."),
    "tag": string("Its tag, or an empty text."),
    "code": string("A stable code for why it is paused, cancelled or failed."),
    "detail": string("The reason in a sentence."),
    "warnings": strings("Notes about this batch."),
    "created_at": string("When it was requested, in UTC."),
    "ended_at": string("When it ended, in UTC; null until then.", nullable=True),
    "status_url": string("Its own URL."),
    "results_url_csv": string("The URL of its results as CSV."),
    "results_url_jsonl": string("The URL of its results as JSON lines."),
    "results_url_xlsx": string("The URL of its results as a spreadsheet."),
}
_URL = "https://forms.example/v1/batches/batch_0123456789abcdef"
_RUNNING = {
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
    "results_url_xlsx": f"{_URL}/results.xlsx",
}
_SCHEMA = output_schema(_BATCH)
_BATCH_ID = path_id("batch_id", "Batch", "The batch's id, such as batch_0123456789abcdef.")
_STARTED = Body(
    "batch",
    _SCHEMA,
    _RUNNING,
    "It has started; request its status at its URL.",
    headers={**LOCATION, **RETRY_AFTER, **REPLAYED},
)
_CURRENT = Body(
    "batch",
    _SCHEMA,
    _RUNNING,
    "The batch. While it is running, Retry-After gives the seconds to the next request.",
    headers=RETRY_AFTER,
)
_TABLE = (
    "row,status,message,category,error_code,error,cost_usd,run_id\n"
    "1,done,I was charged twice for May.,billing,,,0.000876,run_0123456789abcdef\n"
)
_LINES = (
    '{"row": 1, "status": "done", "message": "I was charged twice for May.", "category": '
    '"billing", "error_code": "", "error": "", '
    '"cost_usd": 0.000876, "run_id": "run_0123456789abcdef"}\n'
)
_TEXT: Json = {"type": "string"}
_BINARY: Json = {"type": "string", "format": "binary"}
_DELIMITER = query_filter(
    "delimiter",
    "Delimiter",
    "What divides the cells: comma (default), semicolon, tab or pipe, or the character itself.",
)
_BOM = OperationParameter(
    "bom",
    "query",
    {"type": "boolean"},
    "Byte order mark",
    "Begin with the mark by which Excel recognises UTF-8; default: no.",
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/v1/batches",
        "create_batch",
        "Start a batch",
        "Runs an action on each row of a table, in the background and across restarts. Each row "
        "is a run of its own, and an invalid row fails alone.",
        "batches",
        {202: _STARTED},
        body=Body(
            "create_batch_input",
            _INPUT,
            _INPUT_EXAMPLE,
            "The action, its rows, and the fields with the same value for all rows.",
        ),
        codes=(
            *LIST_CODES,
            *BODY_CODES,
            "unknown_action",
            "address_refused",
            "idempotency_mismatch",
            "price_unknown",
            "rate_limited",
            "busy",
        ),
    ),
    Operation(
        "get",
        "/v1/batches",
        "list_batches",
        "List batches",
        "The newest batches of this key.",
        "batches",
        {200: Body("batch", _SCHEMA, [_RUNNING], "The batches.", is_array=True)},
        parameters=(
            query_filter(
                "status", "Status", "Only batches with this status.", enum=list(_STATUSES)
            ),
            LIMIT,
        ),
        codes=LIST_CODES,
    ),
    Operation(
        "get",
        "/v1/batches/{batch_id}",
        "get_batch",
        "Get a batch",
        "The progress of a batch and its cost so far.",
        "batches",
        {200: _CURRENT},
        parameters=(_BATCH_ID,),
        codes=ITEM_CODES,
    ),
    Operation(
        "post",
        "/v1/batches/{batch_id}/cancel",
        "cancel_batch",
        "Cancel a batch",
        "Waiting rows are cancelled at once; running rows end with their current call.",
        "batches",
        {200: _CURRENT},
        parameters=(_BATCH_ID,),
        codes=(*ITEM_CODES, "busy"),
    ),
    Operation(
        "post",
        "/v1/batches/{batch_id}/resume",
        "resume_batch",
        "Resume a batch",
        "Continues a paused batch, with a new budget if one is given.",
        "batches",
        {202: _STARTED},
        body=Body(
            "resume_batch_input",
            input_schema([_BUDGET], {"budget_usd": 5}),
            {"budget_usd": 5},
            "The new budget.",
            required=False,
        ),
        parameters=(_BATCH_ID,),
        codes=(*ITEM_CODES, *BODY_CODES, "conflict", "rate_limited", "busy"),
    ),
    Operation(
        "post",
        "/v1/batches/{batch_id}/retry",
        "retry_batch",
        "Run failed rows again",
        "Runs the failed rows again, in the same batch.",
        "batches",
        {202: _STARTED},
        parameters=(_BATCH_ID,),
        codes=(*ITEM_CODES, "conflict", "rate_limited", "busy"),
    ),
    Operation(
        "get",
        "/v1/batches/{batch_id}/results.csv",
        "get_batch_results_csv",
        "Results as CSV",
        ("Every row with its answer, in the order of the rows; a row that has not ended has none."),
        "batches",
        {200: Body("", _TEXT, _TABLE, "The table.", media_type=CSV)},
        parameters=(_BATCH_ID, _DELIMITER, _BOM),
        codes=(*ITEM_CODES, "unknown_action"),
    ),
    Operation(
        "get",
        "/v1/batches/{batch_id}/results.jsonl",
        "get_batch_results_jsonl",
        "Results as JSON lines",
        "Every row with its answer, one JSON object a line.",
        "batches",
        {200: Body("", _TEXT, _LINES, "The lines.", media_type=JSON_LINES)},
        parameters=(_BATCH_ID,),
        codes=(*ITEM_CODES, "unknown_action"),
    ),
    Operation(
        "get",
        "/v1/batches/{batch_id}/results.xlsx",
        "get_batch_results_xlsx",
        "Results as a spreadsheet",
        "Every row with its answer as XLSX, with the columns of the CSV.",
        "batches",
        {200: Body("", _BINARY, "PK...", "The file.", media_type=XLSX)},
        parameters=(_BATCH_ID,),
        codes=(*ITEM_CODES, "unknown_action"),
    ),
)

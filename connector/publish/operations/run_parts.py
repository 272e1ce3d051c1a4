"""The parts of a run that `include` adds to it, and the filters of the list of runs."""

from __future__ import annotations

from connector.json_types import Json
from connector.publish.operation import OperationParameter
from connector.publish.operations.deliveries import DELIVERY
from connector.publish.operations.shared import LIMIT, query_filter
from connector.publish.schemas import boolean, integer, number, objects, string

STATUSES = (
    "queued",
    "running",
    "needs_review",
    "done",
    "failed",
    "incomplete",
    "interrupted",
    "cancelled",
)
_FUNCTION: Json = {
    "name": string("Its name."),
    "description": string("What the model reads about it."),
    "parameters": {"type": "object", "description": "Its parameters, as a closed JSON Schema."},
}
_REQUEST: Json = {
    "model": string("The model that is requested."),
    "effort": string("The reasoning effort."),
    "instructions": string("The developer message."),
    "message": string("The user message."),
    "functions": objects("The functions that the model may call.", _FUNCTION),
    "force": string("The function that it must call; empty if it may choose."),
    "body": {
        "type": "object",
        "description": "The whole request in the provider's format; null for other engines.",
        "nullable": True,
    },
    "note": string("How the request was made, or why it cannot be shown."),
}
_CALL: Json = {
    "attempt": integer("The attempt of the run that made the call."),
    "step": integer("The number of the call in its attempt."),
    "provider": string("The name of the provider."),
    "model": string("The model that answered."),
    "input_tokens": integer("Input tokens."),
    "cached_tokens": integer("Input tokens charged at the lower price for cached input."),
    "output_tokens": integer("Output tokens, including reasoning."),
    "reasoning_tokens": integer("Output tokens used for reasoning."),
    "cost_usd": number("Its cost in US dollars; null if the price is unknown.", nullable=True),
    "estimated": boolean("Whether its end is unknown, so that this is its maximum possible cost."),
}
FEEDBACK: Json = {
    "verdict": string("right or wrong; empty without feedback."),
    "values": {"type": "object", "description": "The values that would have been right."},
    "note": string("A note, or an empty text."),
    "by": string("The name of the key that gave it."),
    "at": string("When it was given, in UTC; null without feedback.", nullable=True),
}
RUN_PARTS: dict[str, Json] = {
    "form": {
        "type": "object",
        "description": "With include=form: the fields as they were sent; null if not stored.",
        "nullable": True,
    },
    "request": {
        "type": "object",
        "description": "With include=request: the first request to the model.",
        "properties": _REQUEST,
        "required": list(_REQUEST),
    },
    "ledger": objects("With include=ledger: each call of a model that was booked.", _CALL),
    "trace": {
        "type": "array",
        "items": {"type": "object"},
        "description": "With include=trace: the tool calls that were executed.",
    },
    "deliveries": objects("With include=deliveries: its messages, the newest first.", DELIVERY),
    "feedback": {
        "type": "object",
        "description": "With include=feedback: what a person said about the answer.",
        "properties": FEEDBACK,
        "required": list(FEEDBACK),
    },
}
INCLUDE = query_filter(
    "include",
    "Include",
    f"Parts to add, with commas between them: {', '.join(RUN_PARTS)}.",
)
_COST: Json = {"type": "number", "minimum": 0}
RUN_FILTERS: tuple[OperationParameter, ...] = (
    query_filter("status", "Status", "Only runs with this status.", enum=list(STATUSES)),
    query_filter("tag", "Tag", "Only runs with this tag."),
    query_filter("action", "Action", "Only runs of this action."),
    query_filter("code", "Code", "Only runs that ended with this error code."),
    query_filter(
        "from", "From", "Only runs since then: a day or a time in UTC, such as 2026-01-31."
    ),
    query_filter("to", "To", "Only runs until the end of this day, or before this time, in UTC."),
    OperationParameter(
        "checks_failed",
        "query",
        {"type": "boolean"},
        "Checks failed",
        "true: only answers of which a check failed; false: only those of which none did.",
    ),
    OperationParameter(
        "min_cost_usd", "query", _COST, "Min cost", "Only runs that cost at least this."
    ),
    OperationParameter(
        "max_cost_usd", "query", _COST, "Max cost", "Only runs that cost at most this."
    ),
    query_filter(
        "text",
        "Text",
        "Only runs whose form or answer has all of these words; words in quotation marks must "
        "follow one another. Found some seconds after the run's end, where texts are stored.",
    ),
    query_filter(
        "key",
        "Key",
        "With the scope admin: the runs of this key, by its name or id, or of all keys with *.",
    ),
    query_filter(
        "cursor",
        "Cursor",
        "For the next page: the id of the last run of this one. Where there is a next page, its "
        "URL is in the header Link.",
    ),
    LIMIT,
)

"""The overview: how the service is, what happens and what waits."""

from __future__ import annotations

from connector.json_types import Json
from connector.publish.operation import Body, Operation
from connector.publish.operations.run_parts import STATUSES
from connector.publish.operations.shared import LIST_CODES
from connector.publish.schemas import boolean, integer, number, objects, output_schema, string

_STATUS_COUNTS: dict[str, Json] = {
    status: integer(f"Runs with the status {status}.") for status in STATUSES
}
_BUDGET: dict[str, Json] = {
    "key": string("The key's id."),
    "key_name": string("The key's name."),
    "spent_day_usd": number("What it has spent today (UTC)."),
    "budget_day_usd": number("What it may spend in a day; null: any amount.", nullable=True),
    "spent_month_usd": number("What it has spent this month (UTC)."),
    "budget_month_usd": number("What it may spend in a month; null: any amount.", nullable=True),
}
_ACTION: dict[str, Json] = {
    "action": string("The action."),
    "runs": integer("Its runs of the last seven days, without rows of batches."),
    "done": integer("Those with an answer."),
    "failed": integer("Those that failed, were incomplete or interrupted."),
    "cost_usd": number("Their known cost in US dollars."),
}
_OVERVIEW: dict[str, Json] = {
    "ok": boolean("Whether the service can answer now."),
    "status": string("ready, not_ready, or checking while the provider is asked."),
    "engine": string("The engine that answers: openai, local or scripted."),
    "model": string("The model that will answer; empty while that is checked."),
    "detail": string("The reason, or what to do, in a sentence."),
    "all_keys": boolean("Whether the counts are of all keys, as for the scope admin."),
    "spent_day_usd": number("What was spent today (UTC)."),
    "spent_month_usd": number("What was spent this month (UTC)."),
    "budgets": objects("The valid keys with a budget of a day or a month, at most 100.", _BUDGET),
    "runs_today": {
        "type": "object",
        "description": "The runs requested today (UTC) by status, without rows of batches.",
        "properties": _STATUS_COUNTS,
        "required": list(_STATUS_COUNTS),
    },
    "reviews_waiting": integer("Answers that wait for a person."),
    "approvals_waiting": integer("Runs whose tool calls wait for a person."),
    "queued": integer("Runs and rows of batches that have not started."),
    "running": integer("Runs and rows of batches in progress."),
    "deliveries_waiting": integer("Messages that are still to be sent."),
    "deliveries_failing": integer("Those of them that were tried already."),
    "deliveries_given_up": integer("Messages of the last 24 hours that are not tried again."),
    "actions": objects("The actions that were used, the most used first.", _ACTION),
    "is_complete": boolean(
        "False where one of the counts would be above 50,000: it is of the newest then."
    ),
}
_EXAMPLE: Json = {
    "ok": True,
    "status": "ready",
    "engine": "openai",
    "model": "o4-mini",
    "detail": "The provider has the model o4-mini.",
    "all_keys": True,
    "spent_day_usd": 0.001752,
    "spent_month_usd": 0.0481,
    "budgets": [
        {
            "key": "key_0123456789abcdef",
            "key_name": "shop",
            "spent_day_usd": 0.001752,
            "budget_day_usd": 5.0,
            "spent_month_usd": 0.0481,
            "budget_month_usd": None,
        }
    ],
    "runs_today": {**dict.fromkeys(STATUSES, 0), "done": 2},
    "reviews_waiting": 1,
    "approvals_waiting": 0,
    "queued": 0,
    "running": 0,
    "deliveries_waiting": 0,
    "deliveries_failing": 0,
    "deliveries_given_up": 0,
    "actions": [{"action": "classify", "runs": 2, "done": 2, "failed": 0, "cost_usd": 0.001752}],
    "is_complete": True,
}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get",
        "/v1/overview",
        "get_overview",
        "Get the overview",
        (
            "The state of the engine, spending and budgets, today's runs, what waits and what "
            "fails: of this key, or of all keys for a key with the scope admin."
        ),
        "usage",
        {200: Body("overview", output_schema(_OVERVIEW), _EXAMPLE, "The overview.")},
        codes=LIST_CODES,
    ),
)

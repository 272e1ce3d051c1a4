"""Usage, and the health of the service."""

from __future__ import annotations

from connector import __version__
from connector.json_types import Json
from connector.publish.operation import Body, Operation
from connector.publish.operations.shared import LIST_CODES, query_filter
from connector.publish.schemas import (
    boolean,
    integer,
    number,
    objects,
    output_schema,
    string,
    strings,
)

_BY = ("day", "action", "key", "model", "provider")
_SUMS: dict[str, Json] = {
    "day": string("The day in UTC; empty unless grouped by day."),
    "action": string("The action; empty unless grouped by action."),
    "key": string("The key's id; empty unless grouped by key."),
    "key_name": string("The key's name."),
    "model": string("The model; empty unless grouped by model."),
    "calls": integer("The number of model calls."),
    "runs": integer("The number of runs they belong to."),
    "input_tokens": integer("Input tokens."),
    "cached_tokens": integer("Input tokens charged at the lower price for cached input."),
    "output_tokens": integer("Output tokens, including reasoning."),
    "reasoning_tokens": integer("Output tokens used for reasoning."),
    "cost_usd": number("Their cost in US dollars."),
    "unpriced_calls": integer(
        "The number of calls whose price is unknown, which that cost does not include."
    ),
    "estimated_usd": number(
        "The part of that for calls with an unknown outcome, at their maximum possible cost."
    ),
    "provider": string("The name of the provider; empty unless grouped by provider."),
}
_USAGE: dict[str, Json] = {
    "ok": boolean("True."),
    "from": string("The first day."),
    "to": string("The last day, included."),
    "by": strings("What the rows are grouped by."),
    "rows": objects("The sums.", _SUMS),
    "totals": {
        "type": "object",
        "description": "The totals.",
        "properties": _SUMS,
        "required": list(_SUMS),
    },
}
_ROW = {
    "day": "2026-01-31",
    "action": "",
    "key": "",
    "key_name": "",
    "model": "",
    "calls": 2,
    "runs": 2,
    "input_tokens": 824,
    "cached_tokens": 0,
    "output_tokens": 192,
    "reasoning_tokens": 128,
    "cost_usd": 0.001752,
    "unpriced_calls": 0,
    "estimated_usd": 0.0,
    "provider": "",
}
_USED = {
    "ok": True,
    "from": "2026-01-01",
    "to": "2026-01-31",
    "by": ["day"],
    "rows": [_ROW],
    "totals": {**_ROW, "day": ""},
}
_TABLE = f"{','.join(_ROW)}\n{','.join(map(str, _ROW.values()))}\n"
_HEALTH = output_schema(
    {
        "ok": boolean("True."),
        "status": string("Always ok."),
        "version": string("The version of the service."),
    }
)
_READY = output_schema(
    {
        "ok": boolean("Whether it can answer now."),
        "status": string("ready or not_ready."),
        "engine": string("The engine that answers: openai, local or scripted."),
        "model": string("The model that will answer."),
        "detail": string("The reason, or what to do, in a sentence."),
        "providers": objects(
            "Each of several providers; empty where there is one.",
            {
                "name": string("Its name."),
                "ok": boolean("Whether it has the model."),
                "model": string("The model that it is asked for."),
                "detail": string("The reason, or what to do, in a sentence."),
            },
        ),
    }
)
_IS_READY = {
    "ok": True,
    "status": "ready",
    "engine": "openai",
    "model": "o4-mini",
    "detail": "The provider has the model o4-mini.",
    "providers": [],
}
_NOT_READY = {
    **_IS_READY,
    "ok": False,
    "status": "not_ready",
    "detail": "The provider does not accept this service's key.",
}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get",
        "/v1/usage",
        "get_usage",
        "Get the usage",
        (
            "Calls, tokens and cost of this key by day, action, key, model and provider; of all "
            "keys for a key with the scope admin."
        ),
        "usage",
        {200: Body("usage", output_schema(_USAGE), _USED, "The sums.", csv_example=_TABLE)},
        parameters=(
            query_filter(
                "from",
                "From",
                "The first day in UTC, such as 2026-01-01; default: the first of the month.",
            ),
            query_filter("to", "To", "The last day in UTC; default: today."),
            query_filter(
                "by",
                "By",
                f"What to group by, separated by commas: {', '.join(_BY)}. Default: day.",
            ),
            query_filter("format", "Format", "json, or csv for a table.", enum=["json", "csv"]),
        ),
        codes=LIST_CODES,
    ),
    Operation(
        "get",
        "/healthz",
        "healthz",
        "Check liveness",
        "Whether the process is running.",
        "service",
        {
            200: Body(
                "health",
                _HEALTH,
                {"ok": True, "status": "ok", "version": __version__},
                "It is running.",
            )
        },
        needs_key=False,
    ),
    Operation(
        "get",
        "/readyz",
        "readyz",
        "Check readiness",
        "Whether the engine is available, or the provider has the model.",
        "service",
        {
            200: Body("readiness", _READY, _IS_READY, "It can answer."),
            503: Body("readiness", _READY, _NOT_READY, "It cannot answer now."),
        },
        needs_key=False,
    ),
)

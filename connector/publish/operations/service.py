"""What was used, and whether the service is up."""

from __future__ import annotations

from connector import __version__
from connector.publish.fixed.shared import LIST_CODES, Json, wanted
from connector.publish.operations import Body, Operation
from connector.publish.schemas import number, rows, shown_schema, text, texts, whole, yes

_BY = ("day", "action", "key", "model")
_SUMS: dict[str, Json] = {
    "day": text("The day in UTC; empty unless the sums are by day."),
    "action": text("The action; empty unless the sums are by action."),
    "key": text("The key's id; empty unless the sums are by key."),
    "key_name": text("The key's name."),
    "model": text("The model; empty unless the sums are by model."),
    "calls": whole("How many calls of a model there were."),
    "runs": whole("How many runs they belong to."),
    "input_tokens": whole("Tokens read."),
    "cached_tokens": whole("Those of them that cost less because they were read before."),
    "output_tokens": whole("Tokens written, thinking included."),
    "reasoning_tokens": whole("Those of them that were thinking."),
    "cost_usd": number("What they cost, in US dollars."),
    "unpriced_calls": whole("How many calls have no known price, and are not in that."),
    "estimated_usd": number("How much of that are calls whose end nobody saw, at the most they can have cost."),
}
_USAGE: dict[str, Json] = {
    "ok": yes("True."),
    "from": text("The first day."),
    "to": text("The last day, included."),
    "by": texts("What the rows tell apart."),
    "rows": rows("The sums.", _SUMS),
    "totals": {"type": "object", "description": "The sums of everything.", "properties": _SUMS, "required": list(_SUMS)},
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
}
_USED = {"ok": True, "from": "2026-01-01", "to": "2026-01-31", "by": ["day"], "rows": [_ROW], "totals": {**_ROW, "day": ""}}
_TABLE = f"{','.join(_ROW)}\n{','.join(map(str, _ROW.values()))}\n"
_HEALTH = shown_schema({"ok": yes("True."), "status": text("The word ok."), "version": text("The version of the service.")})
_READY = shown_schema(
    {
        "ok": yes("Whether it can answer now."),
        "status": text("ready or not_ready."),
        "engine": text("Who answers: openai, local or scripted."),
        "model": text("The model that will answer."),
        "detail": text("Why, or what to do, in a sentence."),
    }
)
_IS_READY = {"ok": True, "status": "ready", "engine": "openai", "model": "o4-mini", "detail": "The provider has the model o4-mini."}
_NOT_READY = {**_IS_READY, "ok": False, "status": "not_ready", "detail": "The provider does not accept this service's key."}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get", "/v1/usage", "get_usage", "Get the usage",
        "Calls, tokens and money of this key by day, action, key and model; of all keys for a key with the scope admin.", "usage",
        {200: Body("usage", shown_schema(_USAGE), _USED, "The sums.", csv=_TABLE)},
        parameters=(
            wanted("from", "From", "The first day in UTC, such as 2026-01-01; that of the month if it is not given."),
            wanted("to", "To", "The last day in UTC; today if it is not given."),
            wanted("by", "By", f"What to tell apart, with commas: {', '.join(_BY)}. Days if it is not given."),
            wanted("format", "Format", "json, or csv for a table.", enum=["json", "csv"]),
        ),
        codes=LIST_CODES,
    ),
    Operation(
        "get", "/healthz", "healthz", "Is it up?",
        "Whether the process is up.", "service",
        {200: Body("health", _HEALTH, {"ok": True, "status": "ok", "version": __version__}, "It is up.")},
        needs_key=False,
    ),
    Operation(
        "get", "/readyz", "readyz", "Can it answer?",
        "Whether the engine is there, or the provider has the model.", "service",
        {200: Body("readiness", _READY, _IS_READY, "It can answer."), 503: Body("readiness", _READY, _NOT_READY, "It cannot answer now.")},
        needs_key=False,
    ),
)  # fmt: skip

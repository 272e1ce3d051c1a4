"""The actions as tools of the Model Context Protocol, for assistants: name, form, answer and hints, all from the catalogue.

    tools(catalogue) -> [{"name": "classify", "title": ..., "inputSchema": ..., "outputSchema": ..., "annotations": ...}, ...]

A call's structured result has the same first keys whatever became of it, so one schema describes an answer, a run that goes on,
and a failure that the model can mend.
"""

from __future__ import annotations

from typing import Any

from connector.catalogue import Action, Catalogue, Field
from connector.catalogue.action import ENVELOPE
from connector.catalogue.answer import flat_schemas
from connector.catalogue.options import MOST_WAIT_SECONDS
from connector.publish.json_schema import object_schema, plain
from connector.publish.operations import EVENTS
from connector.publish.schemas import ANSWER, ERROR, asked_schema, request_schema, rows, text, whole, yes

Json = dict[str, Any]

GET_RUN = "get_run"
# what every structured result has, also that of a failure
ALWAYS = ("ok", "status", "result", "id", "action")
RUN_FORM = (
    Field("id", "text", "Run", "The id of the run, as the call that began it gave it.", required=True, max=64),
    Field(
        "wait_seconds", "number", "Wait (seconds)", "How long to wait for the run to end; 25 if it is not given.",
        min=0, max=MOST_WAIT_SECONDS,
    ),
)  # fmt: skip
_ENDINGS: dict[str, Json] = {
    "detail": text("Where a run stands that goes on, or what went wrong and how to mend it."),
    "code": text("Of a failure: a word that stays the same."),
    "retryable": yes("Of a failure: whether the same call may work later."),
    "retry_after": whole("In how many seconds to ask again."),
    "errors": rows("Of a failure: what is wrong with each field.", ERROR),
    "status_url": text("Of a run that goes on: its address."),
}
# a run is recorded and paid for, and may post its answer to an address: nothing is lost by it, but it is not without effect
_OF_ACTIONS: Json = {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": False, "openWorldHint": True}
_OF_READING: Json = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}


def tools(catalogue: Catalogue) -> list[Json]:
    """Every action as a tool, and one more that fetches the answer of a run that took longer than its caller waited."""
    return [*map(_tool, catalogue.values()), _RUN_TOOL]


def _tool(action: Action) -> Json:
    return {
        "name": action.id,
        "title": action.title,
        "description": action.summary,
        "inputSchema": object_schema(request_schema(action, without=EVENTS)),
        "outputSchema": _result_schema(flat_schemas(action)),
        "annotations": {"title": action.title, **_OF_ACTIONS},
    }


def _result_schema(own: dict[str, Json]) -> Json:
    envelope = object_schema(ANSWER)["properties"]
    status = {**envelope["status"], "description": "done, or queued or running if it goes on, or what else became of the run."}
    properties = {**envelope, "status": status, **_plainly(_ENDINGS), **_plainly(own)}
    first = (*ENVELOPE[:_HEAD], *own)
    ordered = {name: properties[name] for name in dict.fromkeys([*first, *properties])}
    return {"type": "object", "properties": ordered, "required": list(ALWAYS)}


def _plainly(schemas: dict[str, Json]) -> dict[str, Json]:
    return {name: plain(schema) for name, schema in schemas.items()}


_HEAD = 3
_RUN_TOOL: Json = {
    "name": GET_RUN,
    "title": "Get a run",
    "description": "Gets the answer of a run that was still going on when its call was answered, and waits for it if it is not done yet.",
    "inputSchema": object_schema(asked_schema(RUN_FORM, {"id": "run_0123456789abcdef"})),
    "outputSchema": _result_schema({}),
    "annotations": {"title": "Get a run", **_OF_READING},
}

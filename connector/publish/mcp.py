"""The actions as tools of the Model Context Protocol, built from the catalogue.

    tools(catalogue) -> [{"name": "classify", "title": ..., "inputSchema": ..., "outputSchema": ...,
    "annotations": ...}, ...]

The structured result of every call starts with the same keys, so one schema describes an answer, a
run that continues, and a failure that the model can correct.
"""

from __future__ import annotations

from connector.catalogue import Action, Catalogue, Field
from connector.catalogue.action import ENVELOPE, ENVELOPE_HEAD
from connector.catalogue.answer import flat_schemas
from connector.catalogue.options import MAX_WAIT_SECONDS
from connector.json_types import Json
from connector.publish.json_schema import object_schema, to_json_schema
from connector.publish.operation import STREAM_OPTIONS
from connector.publish.schemas import (
    ANSWER,
    ERROR,
    boolean,
    input_schema,
    integer,
    objects,
    request_schema,
    string,
)

GET_RUN = "get_run"
# the keys of every structured result, also of a failure
REQUIRED_KEYS = ("ok", "status", "result", "id", "action")
GET_RUN_FORM = (
    Field(
        "id",
        "text",
        "Run",
        "The id of the run, as returned by the call that started it.",
        required=True,
        max=64,
    ),
    Field(
        "wait_seconds",
        "number",
        "Wait (seconds)",
        "How long to wait for the run to end; default 25.",
        min=0,
        max=MAX_WAIT_SECONDS,
    ),
)
_ENDINGS: dict[str, Json] = {
    "detail": string("The status of a running run, or what went wrong and how to fix it."),
    "code": string("Of a failure: a stable code."),
    "retryable": boolean("Of a failure: whether the same call may succeed later."),
    "retry_after": integer("The seconds to wait before requesting the run again."),
    "errors": objects("Of a failure: what is wrong with each field.", ERROR),
    "status_url": string("Of a running run: its URL."),
}
# a run destroys nothing, but it is recorded and paid for, and may post its answer to a URL
_ACTION_HINTS: Json = {
    "readOnlyHint": False,
    "destructiveHint": False,
    "idempotentHint": False,
    "openWorldHint": True,
}
_READ_HINTS: Json = {
    "readOnlyHint": True,
    "destructiveHint": False,
    "idempotentHint": True,
    "openWorldHint": False,
}


def tools(catalogue: Catalogue) -> list[Json]:
    """Every action as a tool, and ``get_run``, for runs that outlast their caller's wait."""
    return [*map(_tool, catalogue.values()), _RUN_TOOL]


def _tool(action: Action) -> Json:
    return {
        "name": action.id,
        "title": action.title,
        "description": action.summary,
        "inputSchema": object_schema(request_schema(action, without=STREAM_OPTIONS)),
        "outputSchema": _result_schema(flat_schemas(action)),
        "annotations": {"title": action.title, **_ACTION_HINTS},
    }


def _result_schema(own: dict[str, Json]) -> Json:
    envelope = object_schema(ANSWER)["properties"]
    status = {
        **envelope["status"],
        "description": "done; queued or running while the run continues; or another final status.",
    }
    properties = {
        **envelope,
        "status": status,
        **_to_json_schemas(_ENDINGS),
        **_to_json_schemas(own),
    }
    first = (*ENVELOPE[:ENVELOPE_HEAD], *own)
    ordered = {
        name: properties[name] if name in REQUIRED_KEYS else _or_null(properties[name])
        for name in dict.fromkeys([*first, *properties])
    }
    return {"type": "object", "properties": ordered, "required": list(REQUIRED_KEYS)}


def _or_null(schema: Json) -> Json:
    """``schema`` that takes null too: a run without an answer yet has its keys without values."""
    if not isinstance(schema.get("type"), str):
        return schema
    listed = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [schema["type"], "null"], **listed}


def _to_json_schemas(schemas: dict[str, Json]) -> dict[str, Json]:
    return {name: to_json_schema(schema) for name, schema in schemas.items()}


_RUN_TOOL: Json = {
    "name": GET_RUN,
    "title": "Get a run",
    "description": (
        "Gets the answer of a run that had not finished when its call returned, and waits "
        "for it if it is not done yet."
    ),
    "inputSchema": object_schema(input_schema(GET_RUN_FORM, {"id": "run_0123456789abcdef"})),
    "outputSchema": _result_schema({}),
    "annotations": {"title": "Get a run", **_READ_HINTS},
}

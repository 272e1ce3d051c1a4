"""HTTP operations as data, and the operation of each action; ``operations`` has all others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import marshmallow

from connector.catalogue import Action
from connector.catalogue.empty_answer import empty_answer
from connector.errors import KINDS
from connector.json_types import Json
from connector.publish.samples import example_answer, example_input
from connector.publish.schemas import accepted_schema, answer_schema, request_schema

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
CSV = "text/csv"
JSON_LINES = "application/x-ndjson"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class OperationParameter:
    """A parameter in the URL; ``location`` is query or path."""

    name: str
    location: str
    schema: Json
    label: str
    help: str
    required: bool = False


@dataclass(frozen=True)
class Body:
    """A request or response body: the name of its schema, the schema, and an example.

    A schema that is a plain dict has no name and is written inline. ``is_array``: the body is an
    array of the schema. ``csv_example``: the response is also available as CSV.
    ``is_streamable``: the response is also available as server-sent events.
    """

    name: str
    schema: marshmallow.Schema | Json
    example: Any
    description: str = ""
    is_array: bool = False
    media_type: str = JSON
    csv_example: str = ""
    is_streamable: bool = False
    headers: Mapping[str, Json] = field(default_factory=dict)
    required: bool = True


@dataclass(frozen=True)
class Operation:
    """One HTTP operation. ``operation_id`` never changes; ``codes`` are its possible error codes.

    ``notification`` is the message that a subscribing operation causes to be sent later;
    ``extensions`` are further neutral keys of the operation.
    """

    method: str
    path: str
    operation_id: str
    summary: str
    description: str
    group: str
    responses: Mapping[int, Body]
    body: Body | None = None
    parameters: tuple[OperationParameter, ...] = ()
    codes: tuple[str, ...] = ()
    needs_key: bool = True
    notification: Body | None = None
    extensions: Json = field(default_factory=dict)


RUN_PATH = "/v1/actions/{action_id}"
# codes of other URLs, or of a service that does not start
_NOT_OF_RUNS = {"not_found", "method_not_allowed", "conflict", "template_error", "settings_error"}
RUN_CODES = tuple(code for code in KINDS if code not in _NOT_OF_RUNS)

# options that are left out where the client reads a single JSON response
STREAM_OPTIONS = ("stream",)

RETRY_AFTER: Json = {
    "Retry-After": {
        "type": "integer",
        "description": "How many seconds to wait before the next request.",
    }
}
REPLAYED: Json = {
    "Idempotent-Replayed": {
        "type": "boolean",
        "description": "True where an earlier request with the same idempotency key ran it.",
    }
}
LOCATION: Json = {
    "Location": {"type": "string", "description": "The absolute URL of what was created."}
}
NEXT_PAGE: Json = {
    "Link": {
        "type": "string",
        "description": 'The URL of the next page, as <URL>; rel="next"; absent on the last page.',
    }
}
SAMPLE = OperationParameter(
    "sample",
    "query",
    {"type": "boolean"},
    "Sample",
    "Return the action's first example, free of charge, to learn the fields of the answer.",
)
_STATUS_URL = "https://forms.example/v1/runs/run_0123456789abcdef"
_RUNNING = {
    "status": "running",
    "id": "run_0123456789abcdef",
    "status_url": _STATUS_URL,
    "retry_after": 2,
    "detail": "The run has not finished. Request it again in a few seconds.",
}


def accepted_body(action: Action | None = None) -> Body:
    """The response for a run that continues, of ``action`` or of any."""
    action_id = action.id if action else "classify"
    return Body(
        f"{action_id}_handed_over" if action else "handed_over",
        accepted_schema(action),
        {**empty_answer(action), **_RUNNING, "action": action_id},
        "The run continues: ok is false, status is queued or running, and every key of the answer "
        "is there, null or empty. Request the answer at its URL.",
        headers={**LOCATION, **RETRY_AFTER, **REPLAYED},
    )


ACCEPTED_BODY = accepted_body()


def answer_body(
    name: str, schema: marshmallow.Schema, example: Any, *, is_streamable: bool = False
) -> Body:
    """The response for a run that is done, or for a dry run."""
    description = (
        "The answer. With dry_run: the request that would be sent and its cost, without the "
        "action's own values."
    )
    return Body(name, schema, example, description, is_streamable=is_streamable, headers=REPLAYED)


def action_operation(action: Action, *, without: Collection[str] = ()) -> Operation:
    """The operation that runs ``action``; ``without`` are form fields to leave out."""
    return Operation(
        method="post",
        path=RUN_PATH.format(action_id=action.id),
        operation_id=action.id,
        summary=action.title,
        description=action.summary,
        group=action.group,
        responses={
            200: answer_body(
                f"{action.id}_answer",
                answer_schema(action),
                example_answer(action),
                is_streamable="stream" in action.options,
            ),
            202: accepted_body(action),
        },
        body=Body(
            f"{action.id}_input",
            request_schema(action, without=without),
            example_input(action),
            "The fields of the form.",
        ),
        parameters=(SAMPLE,),
        codes=RUN_CODES,
        # assistants ask their user to confirm each call without this mark
        extensions={"x-openai-isConsequential": False},
    )

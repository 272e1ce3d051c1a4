"""What can be called, as data: the words for it, and the operation that is made from each action. ``fixed`` has all others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import marshmallow

from connector.catalogue import Action
from connector.errors import KINDS
from connector.publish.samples import published_answer, sample_input
from connector.publish.schemas import HANDED_OVER, answer_schema, request_schema

Json = dict[str, Any]

JSON, PROBLEM_JSON, CSV, JSON_LINES = "application/json", "application/problem+json", "text/csv", "application/x-ndjson"


@dataclass(frozen=True)
class Parameter:
    """A value in the address: ``place`` is query or path."""

    name: str
    place: str
    schema: Json
    label: str
    help: str
    required: bool = False


@dataclass(frozen=True)
class Body:
    """What is sent or answered: the name of its schema, the schema, and an example.

    ``many`` is a bare array of it. A schema that is a plain dict stands where it is used, without a name. ``csv`` is an example of
    the same as CSV, for an answer that comes in both. ``flows`` is an answer that also comes piece by piece, as server-sent events.
    """

    name: str
    schema: marshmallow.Schema | Json
    example: Any
    words: str = ""
    many: bool = False
    media: str = JSON
    csv: str = ""
    flows: bool = False
    headers: Mapping[str, Json] = field(default_factory=dict)
    required: bool = True


@dataclass(frozen=True)
class Operation:
    """One thing to call. ``operation_id`` is stable for ever; ``codes`` are those of ``KINDS`` that it can answer.

    ``more`` stands beside all that, in our neutral words; ``sends`` is what an operation that subscribes to something is sent later.
    """

    method: str
    path: str
    operation_id: str
    summary: str
    description: str
    group: str
    answers: Mapping[int, Body]
    body: Body | None = None
    parameters: tuple[Parameter, ...] = ()
    codes: tuple[str, ...] = ()
    needs_key: bool = True
    sends: Body | None = None
    more: Json = field(default_factory=dict)


RUN_PATH = "/v1/actions/{action_id}"
# no run ever ends in these: they belong to other addresses, or stop the service before it starts
_NEVER_A_RUN = {"not_found", "method_not_allowed", "conflict", "template_error", "settings_error"}
RUN_CODES = tuple(code for code in KINDS if code not in _NEVER_A_RUN)

# options of no use to whoever reads one JSON answer
EVENTS = ("stream",)

RETRY_AFTER: Json = {"Retry-After": {"type": "integer", "description": "How many seconds to wait before asking again."}}
LOCATION: Json = {"Location": {"type": "string", "description": "The absolute address of what was made."}}
SAMPLE = Parameter(
    "sample", "query", {"type": "boolean"}, "Sample", "Answer with the action's first example, free, to learn the answer's shape."
)
_STATUS_URL = "https://forms.example/v1/runs/run_0123456789abcdef"
_GOES_ON = {
    "ok": True,
    "status": "running",
    "result": "",
    "id": "run_0123456789abcdef",
    "action": "classify",
    "status_url": _STATUS_URL,
    "retry_after": 2,
    "detail": "The run is still going on. Ask again in a few seconds.",
}
HANDED_OVER_BODY = Body(
    "handed_over", HANDED_OVER, _GOES_ON, "The run goes on; ask for it at its address.", headers={**LOCATION, **RETRY_AFTER}
)


def answer_body(name: str, schema: marshmallow.Schema, example: Any, *, flows: bool = False) -> Body:
    """What a run is answered that is done, or that was a dry run."""
    words = "The answer. With dry_run: what the run would ask and cost, without the action's own values."
    return Body(name, schema, example, words, flows=flows)


def action_operation(action: Action, *, without: Collection[str] = ()) -> Operation:
    """The operation that runs ``action``; ``without`` are fields that those who call it have no use for."""
    return Operation(
        method="post",
        path=RUN_PATH.format(action_id=action.id),
        operation_id=action.id,
        summary=action.title,
        description=action.summary,
        group=action.group,
        answers={
            200: answer_body(f"{action.id}_answer", answer_schema(action), published_answer(action), flows="stream" in action.options),
            202: HANDED_OVER_BODY,
        },
        body=Body(f"{action.id}_input", request_schema(action, without=without), sample_input(action), "The fields of the form."),
        parameters=(SAMPLE,),
        codes=RUN_CODES,
        # assistants ask their user before each call that is not marked as harmless
        more={"x-openai-isConsequential": False},
    )

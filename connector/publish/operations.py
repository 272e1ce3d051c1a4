"""What can be called, as data: the fixed operations in one table, and one operation made from each action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import marshmallow

from connector import __version__
from connector.catalogue import Action
from connector.errors import KINDS
from connector.publish.samples import published_answer, sample_input
from connector.publish.schemas import DESCRIBED, HEALTH, LISTED, READY, answer_schema, request_schema

Json = dict[str, Any]


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
    """JSON that is sent or answered: the name of its schema, the schema, and an example. ``many`` is a bare array of it."""

    name: str
    schema: marshmallow.Schema
    example: Any
    words: str = ""
    many: bool = False


@dataclass(frozen=True)
class Operation:
    """One thing to call. ``operation_id`` is stable for ever; ``codes`` are those of ``KINDS`` that it can answer."""

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
    more: Json = field(default_factory=dict)


RUN_PATH = "/v1/actions/{action_id}"
# no run ever ends in these: they belong to other addresses, or stop the service before it starts
_NEVER_A_RUN = {"not_found", "method_not_allowed", "template_error", "settings_error"}
RUN_CODES = tuple(code for code in KINDS if code not in _NEVER_A_RUN)
_READ_CODES = ("unauthorized", "forbidden", "internal")
GROUPS = {
    "text": "Steps that read a text.",
    "answers": "Steps that answer a question.",
    "catalogue": "The actions there are.",
    "service": "Whether the service is up. No key is needed.",
}
_SAMPLE = Parameter(
    "sample", "query", {"type": "boolean"}, "Sample", "Answer with the action's first example, free, to learn the answer's shape."
)
_ACTION_ID = Parameter(
    "action_id", "path", {"type": "string", "example": "classify"}, "Action", "The action's id, such as classify.", required=True
)
_LISTED = {"id": "classify", "name": "Classify text", "summary": "Puts a text into one of your categories.", "group": "text"}
_DESCRIBED = {
    **_LISTED,
    "title": "Classify text",
    "effort": "low",
    "local": True,
    "tools": [],
    "fields": [{"name": "text", "type": "longtext", "label": "Text", "help": "The text to classify.", "required": True}],
    "returns": [{"name": "category", "type": "choice", "help": "", "nullable": True}],
    "example": {"name": "A double charge", "input": {"text": "I was charged twice."}},
}
_READY = {"ok": True, "status": "ready", "engine": "openai", "model": "o4-mini", "detail": "The provider has the model o4-mini."}
_NOT_READY = {**_READY, "ok": False, "status": "not_ready", "detail": "The provider does not accept this service's key."}

FIXED_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get", "/v1/actions", "list_actions", "List the actions",
        "Every action, as a plain list that a drop-down can show.", "catalogue",
        {200: Body("listed_action", LISTED, [_LISTED], "The actions.", many=True)},
        codes=_READ_CODES,
    ),
    Operation(
        "get", RUN_PATH, "get_action", "Describe an action",
        "One action: its form, its answer and its first example.", "catalogue",
        {200: Body("described_action", DESCRIBED, _DESCRIBED, "The action.")},
        parameters=(_ACTION_ID,), codes=(*_READ_CODES, "unknown_action"),
    ),
    Operation(
        "get", "/healthz", "healthz", "Is it up?",
        "Whether the process is up.", "service",
        {200: Body("health", HEALTH, {"ok": True, "status": "ok", "version": __version__}, "It is up.")},
        needs_key=False,
    ),
    Operation(
        "get", "/readyz", "readyz", "Can it answer?",
        "Whether the engine is there, or the provider has the model.", "service",
        {200: Body("readiness", READY, _READY, "It can answer."), 503: Body("readiness", READY, _NOT_READY, "It cannot answer now.")},
        needs_key=False,
    ),
)  # fmt: skip


def action_operation(action: Action) -> Operation:
    """The operation that runs ``action``."""
    return Operation(
        method="post",
        path=RUN_PATH.format(action_id=action.id),
        operation_id=action.id,
        summary=action.title,
        description=action.summary,
        group=action.group,
        answers={200: Body(f"{action.id}_answer", answer_schema(action), published_answer(action), "The answer.")},
        body=Body(f"{action.id}_input", request_schema(action), sample_input(action), "The fields of the form."),
        parameters=(_SAMPLE,),
        codes=RUN_CODES,
        # assistants ask their user before each call that is not marked as harmless
        more={"x-openai-isConsequential": False},
    )

"""The actions there are."""

from __future__ import annotations

from connector.publish.fixed.shared import READ_CODES, Json
from connector.publish.operations import RUN_PATH, Body, Operation, Parameter
from connector.publish.schemas import rows, shown_schema, text, texts, yes

_LISTED: dict[str, Json] = {
    "id": text("The action's id, for the address /v1/actions/{id}."),
    "name": text("Its title."),
    "summary": text("What it does, in a sentence."),
    "group": text("Its group."),
}
_FIELD: Json = {
    "name": text("The name in the request."),
    "type": text("The kind of field."),
    "label": text("What a person sees."),
    "help": text("What to enter."),
    "placeholder": text("An example of an entry."),
    "required": yes("Whether it must be given."),
    "choices": rows("What may be chosen.", {"value": text("The value to send."), "label": text("What a person sees.")}),
}
_RETURN: Json = {
    "name": text("The name in the answer."),
    "type": text("The kind of value."),
    "help": text("What it holds."),
    "nullable": yes("Whether it may be null."),
}
_EXAMPLE: Json = {
    "type": "object",
    "description": "The first worked case.",
    "properties": {"name": text("What it shows."), "input": {"type": "object", "description": "The values of the form."}},
    "required": ["name", "input"],
}
_DESCRIBED: dict[str, Json] = {
    **_LISTED,
    "title": text("Its title."),
    "effort": text("The effort of a run that does not name one: low, medium or high."),
    "local": yes("Whether the embedded engine can run it without a key of a provider."),
    "tools": texts("The tools it may use."),
    "fields": rows("The form; the options that every action has come last.", _FIELD, optional=("help", "placeholder", "choices")),
    "returns": rows("The values of the answer that are the action's own.", _RETURN),
    "example": _EXAMPLE,
}
_ONE = {"id": "classify", "name": "Classify text", "summary": "Puts a text into one of your categories.", "group": "text"}
_WHOLE = {
    **_ONE,
    "title": "Classify text",
    "effort": "low",
    "local": True,
    "tools": [],
    "fields": [{"name": "text", "type": "longtext", "label": "Text", "help": "The text to classify.", "required": True}],
    "returns": [{"name": "category", "type": "choice", "help": "", "nullable": True}],
    "example": {"name": "A double charge", "input": {"text": "I was charged twice."}},
}
_ACTION_ID = Parameter(
    "action_id", "path", {"type": "string", "example": "classify"}, "Action", "The action's id, such as classify.", required=True
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get", "/v1/actions", "list_actions", "List the actions",
        "Every action, as a plain list that a drop-down can show.", "catalogue",
        {200: Body("listed_action", shown_schema(_LISTED), [_ONE], "The actions.", many=True)},
        codes=READ_CODES,
    ),
    Operation(
        "get", RUN_PATH, "get_action", "Describe an action",
        "One action: its form, its answer and its first example.", "catalogue",
        {200: Body("described_action", shown_schema(_DESCRIBED), _WHOLE, "The action.")},
        parameters=(_ACTION_ID,), codes=(*READ_CODES, "unknown_action"),
    ),
)  # fmt: skip

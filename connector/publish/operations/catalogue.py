"""The list of actions."""

from __future__ import annotations

from connector.json_types import Json
from connector.publish.operation import RUN_PATH, Body, Operation, OperationParameter
from connector.publish.operations.shared import READ_CODES
from connector.publish.schemas import boolean, objects, output_schema, string, strings

_LISTED: dict[str, Json] = {
    "id": string("The action's id, for the URL /v1/actions/{id}."),
    "name": string("Its title."),
    "summary": string("What it does, in a sentence."),
    "group": string("Its group."),
    "local": {
        **string(
            "What the embedded engine answers without a provider's key: all of it (full), some of "
            "it (part), or nothing (no)."
        ),
        "enum": ["full", "part", "no"],
    },
}
_FIELD: Json = {
    "name": string("The name in the request."),
    "type": string("The type of the field."),
    "label": string("The label to display."),
    "help": string("What to enter."),
    "placeholder": string("An example of a value."),
    "required": boolean("Whether it is required."),
    "choices": objects(
        "The choices.",
        {"value": string("The value to send."), "label": string("The label to display.")},
    ),
}
_RETURN: Json = {
    "name": string("The name in the answer."),
    "type": string("The type of the value."),
    "help": string("What it holds."),
    "nullable": boolean("Whether it may be null."),
}
_EXAMPLE: Json = {
    "type": "object",
    "description": "The first worked example.",
    "properties": {
        "name": string("What it shows."),
        "input": {"type": "object", "description": "The values of the form."},
    },
    "required": ["name", "input"],
}
_DESCRIBED: dict[str, Json] = {
    **_LISTED,
    "title": string("Its title."),
    "effort": string("The default effort of a run: low, medium or high."),
    "tools": strings("The tools it may use."),
    "fields": objects(
        "The form; the options that every action has come last.",
        _FIELD,
        optional=("help", "placeholder", "choices"),
    ),
    "returns": objects("The values of the answer that are the action's own.", _RETURN),
    "example": _EXAMPLE,
}
_ONE = {
    "id": "classify",
    "name": "Classify text",
    "summary": "Puts a text into one of your categories.",
    "group": "text",
    "local": "full",
}
_WHOLE = {
    **_ONE,
    "title": "Classify text",
    "effort": "low",
    "tools": [],
    "fields": [
        {
            "name": "text",
            "type": "longtext",
            "label": "Text",
            "help": "The text to classify.",
            "required": True,
        }
    ],
    "returns": [{"name": "category", "type": "choice", "help": "", "nullable": True}],
    "example": {"name": "A double charge", "input": {"text": "I was charged twice."}},
}
_ACTION_ID = OperationParameter(
    "action_id",
    "path",
    {"type": "string", "example": "classify"},
    "Action",
    "The action's id, such as classify.",
    required=True,
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get",
        "/v1/actions",
        "list_actions",
        "List the actions",
        "Every action, as a plain list that a drop-down can show.",
        "catalogue",
        {200: Body("listed_action", output_schema(_LISTED), [_ONE], "The actions.", is_array=True)},
        codes=READ_CODES,
    ),
    Operation(
        "get",
        RUN_PATH,
        "get_action",
        "Describe an action",
        "One action: its form, its answer and its first example.",
        "catalogue",
        {200: Body("described_action", output_schema(_DESCRIBED), _WHOLE, "The action.")},
        parameters=(_ACTION_ID,),
        codes=(*READ_CODES, "unknown_action"),
    ),
)

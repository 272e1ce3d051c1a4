"""The JSON Schema of an action file, for completion, help and checks in an editor.

An editor finds it by the file's first line, ``# yaml-language-server:
$schema=../openapi/action.schema.json``. All keys and names in it come from
``catalogue/template_format.py``. References between the parts of a file are checked by the reader
only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from connector.catalogue import DERIVED_RULES, OPTIONS
from connector.catalogue.action import ENVELOPE
from connector.catalogue.fields import FORM_TYPES, RETURN_TYPES, TYPES
from connector.catalogue.template_format import (
    ACTION_KEYS,
    CHOICE_VALUE,
    EFFORTS,
    EXAMPLE_KEYS,
    FIELD_KEYS,
    GROUP_LENGTH,
    HELP_LENGTH,
    ID,
    ID_LENGTH,
    LOCAL_METHODS,
    LONG,
    REQUIRED_KEYS,
    RETURN_KEYS,
    SHAPE_LENGTH,
    SOURCES,
    SUMMARY_LENGTH,
    TITLE_LENGTH,
)
from connector.catalogue.user_fields import WRITABLE_TYPES
from connector.json_types import Json


def build_action_schema() -> bytes:
    """The file ``openapi/action.schema.json``."""
    return (json.dumps(action_schema(), ensure_ascii=False, indent=2) + "\n").encode()


def action_schema() -> Json:
    """The schema (draft 2020-12) of one action."""
    top = _closed(
        _ACTION,
        ACTION_KEYS,
        REQUIRED_KEYS,
        "An action: the form a person fills in, the prompts, and the typed answer.",
    )
    parts = {"field": _field(), "return": _return(), "choices": _CHOICES, "example": _example()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Formcall action",
        **top,
        "$defs": parts,
    }


def _field() -> Json:
    field = _closed(_FIELD, FIELD_KEYS, ("type", "label"), "One field of the form.")
    needs_choices = _if_type("choice", {"required": ["choices"]})
    no_default = {"properties": {"default": {"type": "null"}}}
    return {
        **field,
        "allOf": [needs_choices, _if({"required": {"const": True}}, ("required",), no_default)],
    }


def _return() -> Json:
    entry = _closed(_RETURN, RETURN_KEYS, ("type",), "One value of the answer.")
    either = {"anyOf": [{"required": ["choices"]}, {"required": ["choices_from"]}]}
    return {
        **entry,
        "allOf": [_if_type("choice", either), _if_type("record", {"required": ["shape_from"]})],
        "dependentRequired": {"when": ["fill"], "from": ["nullable"]},
    }


def _example() -> Json:
    return _closed(
        _EXAMPLE,
        EXAMPLE_KEYS,
        ("name", "input", "output"),
        "A worked example: documentation, sample and test.",
    )


def _closed(
    properties: Json, keys: Iterable[str], required: Iterable[str], description: str
) -> Json:
    """An object with only ``keys``; KeyError if a key of the format is not described here."""
    described = {key: properties[key] for key in keys}
    return {
        "description": description,
        "type": "object",
        "properties": described,
        "required": list(required),
        "additionalProperties": False,
    }


def _named(entry: str, description: str, *, taken: Iterable[str]) -> Json:
    """A map of names to ``entry``; ``taken`` are reserved names."""
    return {
        "description": description,
        "type": "object",
        "minProperties": 1,
        "propertyNames": {
            "pattern": f"^{ID.pattern}$",
            "maxLength": ID_LENGTH,
            "not": {"enum": list(taken)},
        },
        "additionalProperties": {"$ref": f"#/$defs/{entry}"},
    }


def _if(properties: Json, required: Iterable[str], then: Json) -> Json:
    return {"if": {"properties": properties, "required": list(required)}, "then": then}


def _if_type(kind: str, then: Json) -> Json:
    return _if({"type": {"const": kind}}, ("type",), then)


def _text(description: str, max_length: int | None = None) -> Json:
    schema: Json = {"description": description, "type": "string"}
    if max_length:
        schema["maxLength"] = max_length
    return schema


def _texts(description: str) -> Json:
    return {"description": description, "type": "array", "items": {"type": "string"}}


def _one_of(description: str, known: Iterable[str]) -> Json:
    return {"description": description, "enum": list(known)}


def _boolean(description: str) -> Json:
    return {"description": description, "type": "boolean", "default": False}


def _bound(description: str) -> Json:
    return {"description": description, "type": ["number", "null"]}


def _name(description: str) -> Json:
    return _text(description, ID_LENGTH)


def _fill() -> Json:
    """A rule without arguments is its name; any other is a map of the rule to its arguments."""
    without_args = [name for name, rule in DERIVED_RULES.items() if not rule.args]
    with_args = {
        name: _fill_args(len(rule.args), rule.help)
        for name, rule in DERIVED_RULES.items()
        if rule.args
    }
    rules = "; ".join(f"{name}: {rule.help}" for name, rule in DERIVED_RULES.items())
    return {
        "description": (
            f"How the server derives this value when the model is not asked for it. {rules}."
        ),
        "anyOf": [
            {"enum": without_args},
            {
                "type": "object",
                "properties": with_args,
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
            },
        ],
    }


def _fill_args(count: int, description: str) -> Json:
    args = {"type": "array", "items": {"type": "string"}, "minItems": count, "maxItems": count}
    if count == 1:
        return {"description": description, "anyOf": [{"type": "string"}, args]}
    return {"description": description, **args}


_LIST_TYPES = ", ".join(name for name in FORM_TYPES if TYPES[name].is_list)
_NO_COMMA = "^[^,]+$"

_CHOICES: Json = {
    "description": (
        "The fixed choices: lower-case words with the label a person sees, such as "
        "{short: Short, long: Long}."
    ),
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": f"^{CHOICE_VALUE.pattern}$"},
    "additionalProperties": {"type": "string", "pattern": _NO_COMMA},
}
_ACTION: Json = {
    "title": _text("The title in a list of actions.", TITLE_LENGTH),
    "summary": _text("What it does, in one sentence.", SUMMARY_LENGTH),
    "group": _text("The group in a list of actions, such as text.", GROUP_LENGTH),
    "effort": {
        **_one_of("The reasoning effort unless the form sets another.", EFFORTS),
        "default": EFFORTS[0],
    },
    "local": {
        "description": "The method of the embedded engine; without it the action needs a model.",
        "enum": list(LOCAL_METHODS),
    },
    "computed": {
        "description": "Whether the method in `local` always answers, also where a model is set.",
        "type": "boolean",
    },
    "long": _one_of(
        "How a document that is too long for one call is answered, part by part. merge: the "
        "server combines the values of the parts, using the first one stated; ask: one more call "
        "makes one answer from the answers of the parts.",
        LONG,
    ),
    "tools": _texts("The tools it may use."),
    "max_steps": {
        "description": "How many rounds of tool calls there may be at most.",
        "type": "integer",
        "minimum": 0,
    },
    "fields": _named(
        "field", "The form, in this order: names with the definition of each field.", taken=OPTIONS
    ),
    "returns": _named(
        "return", "The answer: names with the definition of each value.", taken=ENVELOPE
    ),
    "instructions": _text(
        "The instructions for the model. Fields of the form are written as {{ name }}."
    ),
    "message": _text("The input for the model, such as {{ text }}."),
    "examples": {
        "description": (
            "Worked examples; each is validated when the file is read, and the first is the "
            "action's sample."
        ),
        "type": "array",
        "minItems": 1,
        "items": {"$ref": "#/$defs/example"},
    },
}
_FIELD: Json = {
    "type": _one_of(
        "The type of field. options: the caller's own choices, one a line as `name: when it "
        "fits`. shape: the caller's own fields, one a line as "
        f"`name type: hint`, with the types {', '.join(WRITABLE_TYPES)}.",
        FORM_TYPES,
    ),
    "label": _text("The label of the field in the form.", TITLE_LENGTH),
    "help": _text("What to enter, for the person who fills in the form.", HELP_LENGTH),
    "placeholder": _text("A value displayed while the field is empty.", HELP_LENGTH),
    "required": _boolean("Whether it must be filled in."),
    "default": {"description": "The value of an empty field; a required field has none."},
    "choices": {"$ref": "#/$defs/choices"},
    "choices_from": _name(
        "The form's field of type options whose names this list pairs texts with, as `text => "
        "name`."
    ),
    "or_text": _name(
        "The form's field of type longtext for text that may be typed instead of this file; one "
        "of the two is needed."
    ),
    "pages_from": _name(
        "The form's field of type text that selects the pages to read, such as 1-3, 7."
    ),
    "min": _bound("The smallest number, or the fewest characters of a text or entries of a list."),
    "max": _bound(
        "The largest number, or the most characters of a text or entries of "
        f"{_LIST_TYPES}; the most files."
    ),
}
_RETURN: Json = {
    "type": _one_of("The type of value. record: one value for each line of a shape.", RETURN_TYPES),
    "help": _text("What the value is, for the model.", HELP_LENGTH),
    "nullable": _boolean("Whether it may be null, when the value is unknown."),
    "choices": {"$ref": "#/$defs/choices"},
    "choices_from": _name("The form's field of type options whose names are the choices."),
    "shape_from": _name("The form's field of type shape that defines the fields of a record."),
    "fallback_from": _name(
        "The form's field of type text with the answer to give when none of the choices fits."
    ),
    "shape": _text(
        (
            "The fields of each entry of the list, one a line as `name type: hint`, if the form "
            "does not define them."
        ),
        SHAPE_LENGTH,
    ),
    "rows_for": {
        "description": (
            "The form's fields whose entries the list has one row for each, in their order; the "
            "first value of the shape names the entry. A row that the model leaves out is empty."
        ),
        "type": ["string", "array"],
        "items": {"type": "string"},
    },
    "min": _bound("The smallest number, or the fewest entries of a list."),
    "max": _bound("The largest number, or the most entries of a list."),
    "when": {
        "description": (
            "The model is asked for this value only when a field of the form has this "
            "value, or one of these."
        ),
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": {"type": ["string", "number", "boolean", "array"]},
    },
    "fill": _fill(),
    "from": _one_of(
        "Where the value must come from. tools: the server copies it from the result of a tool.",
        SOURCES,
    ),
}
_EXAMPLE: Json = {
    "name": _text("What it shows.", TITLE_LENGTH),
    "input": {
        "description": "The form values as sent: texts, as a person types them.",
        "type": "object",
    },
    "calls": {
        "description": "The tool calls that the model makes, and the output of each tool.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "tool": {"type": "string"},
                "arguments": {"type": "object"},
                "output": {"type": "string"},
            },
            "required": ["tool", "arguments", "output"],
            "additionalProperties": False,
        },
    },
    "output": {
        "description": "The values that the model returns.",
        "type": "object",
        "minProperties": 1,
    },
    "check": _texts(
        "The values that every good model returns; the others may be worded differently."
    ),
}

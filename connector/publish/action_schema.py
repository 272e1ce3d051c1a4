"""The JSON Schema of an action's file, for editors: they complete the keys, show what each means and mark what is wrong.

An editor finds it by the file's first line, ``# yaml-language-server: $schema=../openapi/action.schema.json``. Every list of
words in it is the reader's own. What links one part of a file to another is left to the reader, which says it with the line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from connector.catalogue import FILLS, OPTIONS, reader
from connector.catalogue.action import ENVELOPE
from connector.catalogue.fields import FORM_TYPES, RETURN_TYPES, TYPES
from connector.catalogue.reader import ACTION_KEYS, EFFORTS, EXAMPLE_KEYS, FIELD_KEYS, LOCAL_METHODS, LONG, REQUIRED_KEYS, RETURN_KEYS
from connector.catalogue.shape import WRITABLE

Json = dict[str, Any]


def build_action_schema() -> bytes:
    """The file ``openapi/action.schema.json``."""
    return (json.dumps(action_schema(), ensure_ascii=False, indent=2) + "\n").encode()


def action_schema() -> Json:
    """The schema (draft 2020-12) of one action."""
    top = _closed(_ACTION, ACTION_KEYS, REQUIRED_KEYS, "An action: the form a person fills in, the prompts, and the typed answer.")
    parts = {"field": _field(), "return": _return(), "choices": _CHOICES, "example": _example()}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Formcall action", **top, "$defs": parts}


def _field() -> Json:
    field = _closed(_FIELD, FIELD_KEYS, ("type", "label"), "One box of the form.")
    needs_choices = _if_type("choice", {"required": ["choices"]})
    no_default = {"properties": {"default": {"type": "null"}}}
    return {**field, "allOf": [needs_choices, _if({"required": {"const": True}}, ("required",), no_default)]}


def _return() -> Json:
    entry = _closed(_RETURN, RETURN_KEYS, ("type",), "One value of the answer.")
    either = {"anyOf": [{"required": ["choices"]}, {"required": ["choices_from"]}]}
    return {
        **entry,
        "allOf": [_if_type("choice", either), _if_type("record", {"required": ["shape_from"]})],
        "dependentRequired": {"when": ["fill"], "from": ["nullable"]},
    }


def _example() -> Json:
    return _closed(_EXAMPLE, EXAMPLE_KEYS, ("name", "input", "output"), "A worked case: documentation, sample and test at once.")


def _closed(properties: Json, keys: Iterable[str], required: Iterable[str], words: str) -> Json:
    """An object with just ``keys``; a key of the reader that is not described here is a mistake of ours (KeyError)."""
    described = {key: properties[key] for key in keys}
    return {
        "description": words,
        "type": "object",
        "properties": described,
        "required": list(required),
        "additionalProperties": False,
    }


def _named(entry: str, words: str, *, taken: Iterable[str]) -> Json:
    """A map of names to ``entry``; ``taken`` are the names that are in use everywhere."""
    return {
        "description": words,
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^{reader._ID.pattern}$", "maxLength": reader._ID_LENGTH, "not": {"enum": list(taken)}},
        "additionalProperties": {"$ref": f"#/$defs/{entry}"},
    }


def _if(properties: Json, required: Iterable[str], then: Json) -> Json:
    return {"if": {"properties": properties, "required": list(required)}, "then": then}


def _if_type(kind: str, then: Json) -> Json:
    return _if({"type": {"const": kind}}, ("type",), then)


def _text(words: str, most: int | None = None) -> Json:
    return {"description": words, "type": "string", **({"maxLength": most} if most else {})}


def _texts(words: str) -> Json:
    return {"description": words, "type": "array", "items": {"type": "string"}}


def _one_of(words: str, known: Iterable[str]) -> Json:
    return {"description": words, "enum": list(known)}


def _yes(words: str) -> Json:
    return {"description": words, "type": "boolean", "default": False}


def _bound(words: str) -> Json:
    return {"description": words, "type": ["number", "null"]}


def _from(words: str) -> Json:
    return _text(words, reader._ID_LENGTH)


def _fill() -> Json:
    """A rule without names is one word; any other is a map of the rule to its names."""
    alone = [name for name, rule in FILLS.items() if not rule.args]
    told = {name: _fill_names(len(rule.args), rule.help) for name, rule in FILLS.items() if rule.args}
    said = "; ".join(f"{name}: {rule.help}" for name, rule in FILLS.items())
    return {
        "description": f"How the server works this value out when the model is not asked for it. {said}.",
        "anyOf": [
            {"enum": alone},
            {"type": "object", "properties": told, "additionalProperties": False, "minProperties": 1, "maxProperties": 1},
        ],
    }


def _fill_names(count: int, words: str) -> Json:
    listed = {"type": "array", "items": {"type": "string"}, "minItems": count, "maxItems": count}
    return {"description": words, **({"anyOf": [{"type": "string"}, listed]} if count == 1 else listed)}


_list_like = [name for name in FORM_TYPES if TYPES[name].list_like]
_LABEL_LENGTH, _GROUP_LENGTH = 60, 40
_NO_COMMA = "^[^,]+$"

_CHOICES: Json = {
    "description": "The fixed choices: lower-case words with the label a person sees, such as {short: Short, long: Long}.",
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": f"^{reader._CHOICE.pattern}$"},
    "additionalProperties": {"type": "string", "pattern": _NO_COMMA},
}
_ACTION: Json = {
    "title": _text("What people read in a list of actions.", _LABEL_LENGTH),
    "summary": _text("What it does, in one sentence.", reader._SUMMARY_LENGTH),
    "group": _text("Where it stands in a list, such as text.", _GROUP_LENGTH),
    "effort": {**_one_of("How long the model thinks unless the form says otherwise.", EFFORTS), "default": EFFORTS[0]},
    "local": {"description": "The method of the embedded engine; without it the action needs a model.", "enum": list(LOCAL_METHODS)},
    "long": _one_of(
        "How a document that is too long for one call is answered, part by part. merge: the server puts the parts' values together, the "
        "first that is stated counts; ask: one more call makes one answer of the parts' answers.",
        LONG,
    ),
    "tools": _texts("The tools it may use."),
    "max_steps": {"description": "How many rounds of tool calls there may be at most.", "type": "integer", "minimum": 0},
    "fields": _named("field", "The form, in this order: names with what each box is.", taken=OPTIONS),
    "returns": _named("return", "The answer: names with what the model or the server gives.", taken=ENVELOPE),
    "instructions": _text("What the model is told to do. Fields of the form are written as {{ name }}."),
    "message": _text("What the model is given to work on, such as {{ text }}."),
    "examples": {
        "description": "Worked cases; each is tried when the file is read, and the first is the action's sample.",
        "type": "array",
        "minItems": 1,
        "items": {"$ref": "#/$defs/example"},
    },
}
_FIELD: Json = {
    "type": _one_of(
        f"The kind of box. options: the person's own choices, one a line as `name: when it fits`. shape: the fields wanted, one a line as "
        f"`name type: hint`, with the types {', '.join(WRITABLE)}.",
        FORM_TYPES,
    ),
    "label": _text("What a person sees beside the box.", _LABEL_LENGTH),
    "help": _text("What to enter, said to the person.", reader._HELP_LENGTH),
    "placeholder": _text("An entry shown while the box is empty.", reader._HELP_LENGTH),
    "required": _yes("Whether it must be filled in."),
    "default": {"description": "What an empty box means; a field that is required has none."},
    "choices": {"$ref": "#/$defs/choices"},
    "choices_from": _from("The form's field of type options whose names this list pairs texts with, as `text => name`."),
    "or_text": _from("The form's field of type longtext for text that may be typed instead of this file; one of the two is needed."),
    "pages_from": _from("The form's field of type text that says which pages are read, such as 1-3, 7."),
    "min": _bound("The least number, or the least characters of a text or entries of a list."),
    "max": _bound(f"The greatest number, or the most characters of a text or entries of {', '.join(_list_like)}; the most files."),
}
_RETURN: Json = {
    "type": _one_of("The kind of value. record: one value for each line of a shape.", RETURN_TYPES),
    "help": _text("What it holds, said to the model.", reader._HELP_LENGTH),
    "nullable": _yes("Whether it may be null, for what is not known."),
    "choices": {"$ref": "#/$defs/choices"},
    "choices_from": _from("The form's field of type options whose names are the choices."),
    "shape_from": _from("The form's field of type shape that says what a record holds."),
    "shape": _text("What each entry of the list holds, one a line as `name type: hint`, if not the form says it.", reader._SHAPE_LENGTH),
    "min": _bound("The least number, or the least entries of a list."),
    "max": _bound("The greatest number, or the most entries of a list."),
    "when": {
        "description": "The model is asked for this value only when a field of the form has this value, or one of these.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": {"type": ["string", "number", "boolean", "array"]},
    },
    "fill": _fill(),
    "from": _one_of("Where the value must come from: tools means that the server writes down what a tool gave.", reader.SOURCES),
}
_EXAMPLE: Json = {
    "name": _text("What it shows.", _LABEL_LENGTH),
    "input": {"description": "What a form would send: texts, as a person types them.", "type": "object"},
    "calls": {
        "description": "The tool calls the model makes on the way, and what each tool gives.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"tool": {"type": "string"}, "arguments": {"type": "object"}, "output": {"type": "string"}},
            "required": ["tool", "arguments", "output"],
            "additionalProperties": False,
        },
    },
    "output": {"description": "What the model gives.", "type": "object", "minProperties": 1},
    "check": _texts("The values that any good model gives alike; the rest may be put in other words."),
}

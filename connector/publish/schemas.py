"""The marshmallow schemas that the specifications publish, and what each of their fields says.

A field says it once, in OpenAPI 3.0 words plus three of our own, ``x-label``, ``x-caption`` and ``x-visibility``;
``editions.py`` puts it into the words of each version.

    request_schema(action)   the form with its options        answer_schema(action)   the flat answer
    LISTED DESCRIBED HEALTH READY PROBLEM                     what the fixed operations answer
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import marshmallow

from connector.catalogue import OPTIONS, TYPES, Action, Field
from connector.catalogue.action import ENVELOPE
from connector.catalogue.answer import flat_schemas
from connector.catalogue.fields import FormField, FormSchema, form_schema
from connector.publish.samples import as_published, sample_input

Json = dict[str, Any]


class Shown(marshmallow.fields.Field[Any]):
    """A value of an answer; ``schema`` is all that is published of it."""

    def __init__(self, schema: Json, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.schema = schema


class AnswerSchema(marshmallow.Schema):
    """What we answer. A client must live with keys it does not know, so that an answer can grow."""

    class Meta:
        unknown = marshmallow.EXCLUDE


def shown_schema(properties: Mapping[str, Json], *, optional: tuple[str, ...] = ()) -> AnswerSchema:
    """The schema of an answer that has all of ``properties`` each time, but for ``optional``."""
    made = {name: Shown({"x-caption": _words(name), **schema}, required=name not in optional) for name, schema in properties.items()}
    schema: AnswerSchema = type("Answer", (AnswerSchema,), dict(made))()
    return schema


def request_schema(action: Action) -> FormSchema:
    """The form that reads the request, with the first example's values as examples."""
    schema = form_schema(action.form)
    for name, value in sample_input(action).items():
        schema.fields[name].metadata = {"shown": value}
    return schema


def answer_schema(action: Action) -> AnswerSchema:
    """The flat answer of ``action`` to a run that is done."""
    head, bill = ENVELOPE[:_HEAD], ENVELOPE[_HEAD:]
    return shown_schema({**_envelope(head), **flat_schemas(action), **_envelope(bill)})


def _envelope(names: Iterable[str]) -> dict[str, Json]:
    return {name: _ENVELOPE[name] for name in names}


def published(field: marshmallow.fields.Field[Any]) -> Json:
    """What is said of one field of any schema here, in our neutral words."""
    if isinstance(field, Shown):
        return field.schema
    if not isinstance(field, FormField):
        return {}
    shown = {"example": field.metadata["shown"]} if "shown" in field.metadata else {}
    return {**_asked(field.entry), **shown}


def _asked(entry: Field) -> Json:
    build = TYPES[entry.type].request
    found: Json = {"x-label": entry.label, **_visibility(entry), **(build(entry) if build else {})}
    if words := _help(entry, found):
        found["description"] = words
    if _is_plain(entry.default):
        found["default"] = as_published(entry, entry.default, entry.default)
    return found


def _is_plain(default: Any) -> bool:
    """A default of the person's own options or shape stays with us, since those are published as one text."""
    return isinstance(default, str | int | float) or (isinstance(default, list) and all(isinstance(one, str) for one in default))


def _help(entry: Field, schema: Json) -> str:
    listed = ", ".join(f"{choice.value} ({choice.label})" for choice in entry.choices)
    tail = f"Any of: {listed}." if listed and "enum" not in schema else ""
    return " ".join(filter(None, (entry.help, tail)))[:_MOST_TEXT]


def _visibility(entry: Field) -> Json:
    """Where a form shows the box: at once, behind "Advanced", or wherever it likes."""
    shown = "important" if entry.required else "advanced" if entry.name in OPTIONS else ""
    return {"x-visibility": shown} if shown else {}


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _text(words: str, **more: Any) -> Json:
    return {"type": "string", "description": words, **more}


def _whole(words: str) -> Json:
    return {"type": "integer", "description": words}


def _yes(words: str) -> Json:
    return {"type": "boolean", "description": words}


def _texts(words: str) -> Json:
    return {"type": "array", "items": {"type": "string"}, "description": words}


def _rows(words: str, properties: Json, *, optional: tuple[str, ...] = ()) -> Json:
    required = [name for name in properties if name not in optional]
    return {"type": "array", "items": {"type": "object", "properties": properties, "required": required}, "description": words}


_MOST_TEXT = 700  # what the strictest importer reads of a parameter's text
_HEAD = 3  # ok, status and result come first, the bill comes last
_ENVELOPE: dict[str, Json] = {
    "ok": _yes("True when there is an answer. A failure is never answered with 200."),
    "status": _text("What became of the run: done."),
    "result": _text("The answer as one text to show."),
    "id": _text("The run's id."),
    "action": _text("The action that was run."),
    "engine": _text("Who answered: openai, local or scripted."),
    "model": _text("The model that answered."),
    "model_requested": _text("The model that was asked for."),
    "effort": _text("How long the model was allowed to think."),
    "warnings": _texts("What a person should know about this answer."),
    "input_tokens": _whole("Tokens read."),
    "cached_tokens": _whole("Those of them that cost less because they were read before."),
    "output_tokens": _whole("Tokens written, thinking included."),
    "reasoning_tokens": _whole("Those of them that were thinking."),
    "cost_usd": {"type": "number", "nullable": True, "description": "What the run cost, in US dollars; null when the price is not known."},
    "duration_ms": _whole("How long the run took, in milliseconds."),
}
_LISTED: dict[str, Json] = {
    "id": _text("The action's id, for the address /v1/actions/{id}."),
    "name": _text("Its title."),
    "summary": _text("What it does, in a sentence."),
    "group": _text("Its group."),
}
_FIELD: Json = {
    "name": _text("The name in the request."),
    "type": _text("The kind of field."),
    "label": _text("What a person sees."),
    "help": _text("What to enter."),
    "placeholder": _text("An example of an entry."),
    "required": _yes("Whether it must be given."),
    "choices": _rows("What may be chosen.", {"value": _text("The value to send."), "label": _text("What a person sees.")}),
}
_RETURN: Json = {
    "name": _text("The name in the answer."),
    "type": _text("The kind of value."),
    "help": _text("What it holds."),
    "nullable": _yes("Whether it may be null."),
}
_EXAMPLE: Json = {
    "type": "object",
    "description": "The first worked case.",
    "properties": {"name": _text("What it shows."), "input": {"type": "object", "description": "The values of the form."}},
    "required": ["name", "input"],
}
_ERROR: Json = {
    "field": _text("The field's name."),
    "code": _text("A word that stays the same."),
    "message": _text("What is wrong and how to mend it."),
}

LISTED = shown_schema(_LISTED)
DESCRIBED = shown_schema(
    {
        **_LISTED,
        "title": _text("Its title."),
        "effort": _text("The effort of a run that does not name one: low, medium or high."),
        "local": _yes("Whether the embedded engine can run it without a key of a provider."),
        "tools": _texts("The tools it may use."),
        "fields": _rows("The form; the options that every action has come last.", _FIELD, optional=("help", "placeholder", "choices")),
        "returns": _rows("The values of the answer that are the action's own.", _RETURN),
        "example": _EXAMPLE,
    }
)
HEALTH = shown_schema({"ok": _yes("True."), "status": _text("The word ok."), "version": _text("The version of the service.")})
READY = shown_schema(
    {
        "ok": _yes("Whether it can answer now."),
        "status": _text("ready or not_ready."),
        "engine": _text("Who answers: openai, local or scripted."),
        "model": _text("The model that will answer."),
        "detail": _text("Why, or what to do, in a sentence."),
    }
)
PROBLEM = shown_schema(
    {
        "type": _text("A name for the kind of problem; its last part is the code."),
        "title": _text("What went wrong, in a few words."),
        "status": _whole("The HTTP status."),
        "detail": _text("What went wrong and what to do, in a sentence for a person."),
        "code": _text("A word that stays the same, to branch on."),
        "retryable": _yes("Whether the same call may work later."),
        "id": _text("The run's or the request's id, to ask the operator about."),
        "errors": _rows("What is wrong with each field.", _ERROR),
    }
)

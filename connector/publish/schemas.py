"""The marshmallow schemas that the specifications publish, and what each of their fields says.

A field says it once, in OpenAPI 3.0 words plus a few of our own that begin with x- (``editions.py`` lists them and puts
everything into the words of each version).

    request_schema(action)   the form with its options        answer_schema(action)   the flat answer
    asked_schema(fields)     a form that no action has        shown_schema(values)    an answer that no action has
    PROBLEM ANSWER HANDED_OVER                                what every action's operation can answer
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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
    made = {name: Shown({"x-caption": _caption(name), **schema}, required=name not in optional) for name, schema in properties.items()}
    schema: AnswerSchema = type("Answer", (AnswerSchema,), dict(made))()
    return schema


def request_schema(action: Action, *, without: Collection[str] = ()) -> FormSchema:
    """The form that reads the request, with the first example's values as examples; ``without`` some of its fields."""
    return _form({name: entry for name, entry in action.form.items() if name not in without}, sample_input(action), {})


def asked_schema(entries: Sequence[Field], example: Json, *, more: Mapping[str, Json] | None = None) -> FormSchema:
    """A form of these fields, with the values of ``example`` as examples; ``more`` says by name what is published beside."""
    return _form({entry.name: entry for entry in entries}, example, more or {})


def _form(entries: Mapping[str, Field], example: Json, more: Mapping[str, Json]) -> FormSchema:
    schema = form_schema(entries)
    for name, field in schema.fields.items():
        field.metadata = {**more.get(name, {}), **({"example": example[name]} if name in example else {})}
    return schema


def answer_schema(action: Action) -> AnswerSchema:
    """The flat answer of ``action``: to a run that is done with all its keys, to a dry run without the action's own."""
    head, bill = ENVELOPE[:_HEAD], ENVELOPE[_HEAD:]
    own = flat_schemas(action)
    return shown_schema({**_envelope(head), **own, **_envelope(bill)}, optional=tuple(own))


def _envelope(names: Iterable[str]) -> dict[str, Json]:
    return {name: _ENVELOPE[name] for name in names}


def published(field: marshmallow.fields.Field[Any]) -> Json:
    """What is said of one field of any schema here, in our neutral words."""
    if isinstance(field, Shown):
        return field.schema
    if not isinstance(field, FormField):
        return {}
    return {**_asked(field.entry), **field.metadata}


def _asked(entry: Field) -> Json:
    build = TYPES[entry.type].request
    found: Json = {"x-label": entry.label, **_visibility(entry), **(build(entry) if build else {})}
    if "enum" in found:
        found["x-choices"] = [{"value": choice.value, "displayName": choice.label} for choice in entry.choices]
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


def _caption(name: str) -> str:
    return name.replace("_", " ").capitalize()


# --- values of an answer, by what they are ---


def text(words: str, **more: Any) -> Json:
    return {"type": "string", "description": words, **more}


def whole(words: str, **more: Any) -> Json:
    return {"type": "integer", "description": words, **more}


def number(words: str, **more: Any) -> Json:
    return {"type": "number", "description": words, **more}


def yes(words: str) -> Json:
    return {"type": "boolean", "description": words}


def texts(words: str) -> Json:
    return {"type": "array", "items": {"type": "string"}, "description": words}


def rows(words: str, properties: Json, *, optional: tuple[str, ...] = ()) -> Json:
    """A list of objects that have all of ``properties`` each time, but for ``optional``."""
    required = [name for name in properties if name not in optional]
    return {"type": "array", "items": {"type": "object", "properties": properties, "required": required}, "description": words}


_MOST_TEXT = 700  # what the strictest importer reads of a parameter's text
_HEAD = 3  # ok, status and result come first, the bill comes last
_ENVELOPE: dict[str, Json] = {
    "ok": yes("True when there is an answer. A failure is never answered with 200."),
    "status": text("What became of the run: done, or dry_run."),
    "result": text("The answer as one text to show."),
    "checks": rows(
        "What the server looked up by itself: quotes, numbers, names and addresses in the source, tools that were said to be used.",
        {
            "check": text("The check's name: agreement, quotes, numbers, names, addresses or tools_claimed."),
            "ok": yes("Whether it holds."),
            "detail": text("What was looked at, or what is wrong, in a sentence."),
        },
    ),
    "checks_failed": whole("How many of them do not hold; each is also a warning."),
    "id": text("The run's id."),
    "action": text("The action that was run."),
    "engine": text("Who answered: openai, local or scripted."),
    "model": text("The model that answered."),
    "model_requested": text("The model that was asked for."),
    "effort": text("How long the model was allowed to think."),
    "escalated": yes("Whether the stronger model was asked after the first; a warning says why, and what the first cost."),
    "version": whole("Which version of the text this is: 1, or one more than that of the previous run."),
    "previous_run": text("The run that this is a new version of; empty for a first one."),
    "warnings": texts("What a person should know about this answer."),
    "input_tokens": whole("Tokens read."),
    "cached_tokens": whole("Those of them that cost less because they were read before."),
    "output_tokens": whole("Tokens written, thinking included."),
    "reasoning_tokens": whole("Those of them that were thinking."),
    "cost_usd": number("What the run cost, in US dollars; null when the price is not known.", nullable=True),
    "duration_ms": whole("How long the run took, in milliseconds."),
}
ERROR: Json = {
    "field": text("The field's name."),
    "code": text("A word that stays the same."),
    "message": text("What is wrong and how to mend it."),
}

PROBLEM = shown_schema(
    {
        "type": text("A name for the kind of problem; its last part is the code."),
        "title": text("What went wrong, in a few words."),
        "status": whole("The HTTP status."),
        "detail": text("What went wrong and what to do, in a sentence for a person."),
        "code": text("A word that stays the same, to branch on."),
        "retryable": yes("Whether the same call may work later."),
        "id": text("The run's or the request's id, to ask the operator about."),
        "errors": rows("What is wrong with each field.", ERROR),
    }
)
APPROVAL: Json = {
    "call": whole("The call's number, for approving some calls and not others."),
    "tool": text("The tool's name."),
    "title": text("What people call it."),
    "arguments": text("What it would be called with, as JSON text."),
    "text": text("The call as a person reads it."),
}
APPROVALS: dict[str, Json] = {
    "approvals": rows("Of a run that waits for a person: the calls it asks about.", APPROVAL),
    "approvals_text": text("Of a run that waits for a person: the calls it asks about, as one text to show."),
}
ANSWER = shown_schema(_ENVELOPE)
HANDED_OVER = shown_schema(
    {
        "ok": yes("True: the run goes on by itself. False: it waits for a person."),
        "status": text("queued, running, or needs_review: a tool may be called only once a person has said yes."),
        "result": text("Empty until the run is done."),
        "id": text("The run's id."),
        "action": text("The action that is run."),
        "status_url": text("Where to ask for the run; the header Location says the same."),
        "retry_after": whole("In how many seconds to ask; the header Retry-After says the same."),
        "detail": text("The same in a sentence."),
        **APPROVALS,
        "approve_url": text("Of a run that waits for a person: where their yes is posted to."),
        "refuse_url": text("Of a run that waits for a person: where their no is posted to."),
    },
    optional=(*APPROVALS, "approve_url", "refuse_url"),
)

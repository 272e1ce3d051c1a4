"""The marshmallow schemas that the specifications publish, and the published schema of each field.

A field's schema has OpenAPI 3.0 keys and a few neutral ones of ours that start with x-;
``spec_versions.py`` lists those and converts all of them for each version.

    request_schema(action)          an action's form with its options
    answer_schema(action)           an action's flat answer
    input_schema(fields, example)   any other form
    output_schema(properties)       any other answer
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import marshmallow

from connector.catalogue import OPTIONS, TYPES, Action, Field
from connector.catalogue.action import ENVELOPE, ENVELOPE_HEAD
from connector.catalogue.answer import flat_schemas
from connector.catalogue.form_schema import FormField, FormSchema, form_schema
from connector.json_types import Json
from connector.publish.samples import example_input, to_published

_MAX_DESCRIPTION = 700  # what the strictest importer reads of a parameter's description


class PublishedValue(marshmallow.fields.Field[Any]):
    """A value of an answer; ``schema`` is its published schema."""

    def __init__(self, schema: Json, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.schema = schema


class AnswerSchema(marshmallow.Schema):
    """An answer. Clients must ignore unknown keys, so that an answer can get new ones."""

    class Meta:
        unknown = marshmallow.EXCLUDE


def output_schema(
    properties: Mapping[str, Json], *, optional: tuple[str, ...] = ()
) -> AnswerSchema:
    """The schema of an answer that always has all of ``properties`` except ``optional``."""
    fields: dict[str, Any] = {
        name: PublishedValue({"x-caption": _caption(name), **schema}, required=name not in optional)
        for name, schema in properties.items()
    }
    schema: AnswerSchema = type("Answer", (AnswerSchema,), fields)()
    return schema


def request_schema(action: Action, *, without: Collection[str] = ()) -> FormSchema:
    """The form of ``action`` except the fields ``without``, with its first example's values."""
    entries = {name: entry for name, entry in action.form.items() if name not in without}
    return _form(entries, example_input(action), {})


def input_schema(
    entries: Sequence[Field], example: Json, *, more: Mapping[str, Json] | None = None
) -> FormSchema:
    """A form of these fields with example values; ``more`` has further keys by field name."""
    return _form({entry.name: entry for entry in entries}, example, more or {})


def _form(entries: Mapping[str, Field], example: Json, more: Mapping[str, Json]) -> FormSchema:
    schema = form_schema(entries)
    for name, field in schema.fields.items():
        field.metadata = dict(more.get(name, {}))
        if name in example:
            field.metadata["example"] = example[name]
    return schema


def answer_schema(action: Action) -> AnswerSchema:
    """The flat answer of ``action``. The action's own keys are absent from a dry run."""
    own = flat_schemas(action)
    properties = {
        **_envelope(ENVELOPE[:ENVELOPE_HEAD]),
        **own,
        **_envelope(ENVELOPE[ENVELOPE_HEAD:]),
    }
    return output_schema(properties, optional=tuple(own))


def accepted_schema(action: Action | None = None) -> AnswerSchema:
    """The 202 of ``action``, or of any: each key of its answer, null or empty, and its URL."""
    own = flat_schemas(action) if action else {}
    keys = {**_envelope(ENVELOPE[:ENVELOPE_HEAD]), **own, **_envelope(ENVELOPE[ENVELOPE_HEAD:])}
    empty = {name: _empty_schema(schema) for name, schema in keys.items()}
    return output_schema({**empty, **_ACCEPTED}, optional=_ONLY_OF_APPROVALS)


def _empty_schema(schema: Json) -> Json:
    """The type of a value that a run does not have yet: null, except for a list.

    Its meaning is in the answer's own schema, so that the specifications stay short.
    """
    if schema["type"] == "array":
        return {"type": "array", "items": {}}
    return {"type": schema["type"], **({} if schema["type"] == "object" else {"nullable": True})}


def _envelope(names: Iterable[str]) -> dict[str, Json]:
    return {name: _ENVELOPE[name] for name in names}


def field_schema(field: marshmallow.fields.Field[Any]) -> Json:
    """The published schema of a field of any schema in this module, with neutral keys."""
    if isinstance(field, PublishedValue):
        return field.schema
    if not isinstance(field, FormField):
        return {}
    return {**_form_field_schema(field.entry), **field.metadata}


def _form_field_schema(entry: Field) -> Json:
    build = TYPES[entry.type].request_schema
    schema: Json = {"x-label": entry.label, **_visibility(entry), **(build(entry) if build else {})}
    if "enum" in schema:
        schema["x-choices"] = [
            {"value": choice.value, "displayName": choice.label} for choice in entry.choices
        ]
    if description := _description(entry, schema):
        schema["description"] = description
    if _is_publishable(entry.default):
        schema["default"] = to_published(entry, entry.default, entry.default)
    return schema


def _is_publishable(default: Any) -> bool:
    """Whether a default can be published; those of options and shapes are objects and cannot."""
    if isinstance(default, list):
        return all(isinstance(item, str) for item in default)
    return isinstance(default, str | int | float)


def _description(entry: Field, schema: Json) -> str:
    """The field's help, with its choices if the schema does not list them."""
    parts = [entry.help] if entry.help else []
    if entry.choices and "enum" not in schema:
        choices = ", ".join(f"{choice.value} ({choice.label})" for choice in entry.choices)
        parts.append(f"Any of: {choices}.")
    return " ".join(parts)[:_MAX_DESCRIPTION]


def _visibility(entry: Field) -> Json:
    """Whether a form shows the field prominently, under "Advanced", or as it chooses."""
    if entry.required:
        return {"x-visibility": "important"}
    return {"x-visibility": "advanced"} if entry.name in OPTIONS else {}


def _caption(name: str) -> str:
    return name.replace("_", " ").capitalize()


# --- schemas of the values of an answer, by JSON type ---


def string(description: str, **more: Any) -> Json:
    return {"type": "string", "description": description, **more}


def integer(description: str, **more: Any) -> Json:
    return {"type": "integer", "description": description, **more}


def number(description: str, **more: Any) -> Json:
    return {"type": "number", "description": description, **more}


def boolean(description: str) -> Json:
    return {"type": "boolean", "description": description}


def strings(description: str) -> Json:
    return {"type": "array", "items": {"type": "string"}, "description": description}


def objects(description: str, properties: Json, *, optional: tuple[str, ...] = ()) -> Json:
    """A list of objects that always have all of ``properties`` except ``optional``."""
    required = [name for name in properties if name not in optional]
    return {
        "type": "array",
        "items": {"type": "object", "properties": properties, "required": required},
        "description": description,
    }


CHECKS = objects(
    (
        "What the server checked itself: quotes, numbers, names and addresses against the "
        "source, and the tools that the answer claims to have used."
    ),
    {
        "check": string(
            "The check's name: agreement, quotes, numbers, names, addresses or tools_claimed."
        ),
        "ok": boolean("Whether the check passed."),
        "detail": string("What was checked, or what is wrong, in a sentence."),
    },
)
_ENVELOPE: dict[str, Json] = {
    "ok": boolean("True when there is an answer. A failure is never returned with status 200."),
    "status": string("The status of the run: done, or dry_run."),
    "result": string("The answer as one text to display."),
    "checks": CHECKS,
    "checks_failed": integer("The number of failed checks; each is also a warning."),
    "id": string("The run's id."),
    "action": string("The action of the run."),
    "engine": string("The engine that answered: openai, local or scripted."),
    "provider": string("The name of the provider that answered, as the operator calls it."),
    "model": string("The model that answered."),
    "model_requested": string("The model that was requested."),
    "effort": string("The reasoning effort of the model."),
    "escalated": boolean(
        "Whether the stronger model was called after the first; a warning states why, and what "
        "the first call cost."
    ),
    "version": integer("The version of the text: 1, or one more than that of the previous run."),
    "previous_run": string("The run of which this is a new version; empty for a first version."),
    "warnings": strings("Notes for the reader of this answer."),
    "input_tokens": integer("Input tokens."),
    "cached_tokens": integer("Input tokens charged at the lower price for cached input."),
    "output_tokens": integer("Output tokens, including reasoning."),
    "reasoning_tokens": integer("Output tokens used for reasoning."),
    "cost_usd": number(
        "The cost of the run in US dollars; null if the price is unknown.", nullable=True
    ),
    "duration_ms": integer("The duration of the run in milliseconds."),
    "read_text": string(
        "The text that was read, if it was requested; offsets of quotes refer to it.", nullable=True
    ),
}
ERROR: Json = {
    "field": string("The field's name."),
    "code": string("A stable code."),
    "message": string("What is wrong and how to fix it."),
}

PROBLEM = output_schema(
    {
        "type": string("A URN of the kind of problem; its last part is the code."),
        "title": string("What went wrong, in a few words."),
        "status": integer("The HTTP status."),
        "detail": string("What went wrong and what to do, in a sentence to display."),
        "code": string("A stable code to branch on."),
        "retryable": boolean("Whether the same call may succeed later."),
        "id": string("The id of the run or the request, for questions to the operator."),
        "errors": objects("What is wrong with each field.", ERROR),
    }
)
APPROVAL: Json = {
    "call": integer("The number of the call, to approve some calls and not others."),
    "tool": string("The tool's name."),
    "title": string("The tool's title."),
    "arguments": string("The arguments of the call, as JSON text."),
    "text": string("The call in readable form."),
}
APPROVALS: dict[str, Json] = {
    "approvals": objects("Of a run that waits for approval: the calls to approve.", APPROVAL),
    "approvals_text": string(
        "Of a run that waits for approval: the calls to approve, as one text to display."
    ),
}
ANSWER = output_schema(_ENVELOPE)
_ACCEPTED: dict[str, Json] = {
    "ok": boolean("False: there is no answer yet. Branch on status, not on this alone."),
    "status": string(
        "queued or running: the run continues by itself. needs_review: a person decides first, "
        "on a tool call or on the answer."
    ),
    "result": string("Empty until the run is done."),
    "id": string("The run's id."),
    "action": string("The action of the run."),
    "status_url": string("The URL of the run, as in the header Location."),
    "retry_after": integer(
        "The seconds to wait before requesting it, as in the header Retry-After."
    ),
    "detail": string("The status in a sentence."),
    **APPROVALS,
    "approve_url": string("Of a run that waits for approval: the URL to post the approval to."),
    "refuse_url": string("Of a run that waits for approval: the URL to post the refusal to."),
    "review_url": string(
        "Of a run that waits for a person: a page on which anybody who has this link decides."
    ),
}
_ONLY_OF_APPROVALS = (*APPROVALS, "approve_url", "refuse_url", "review_url")

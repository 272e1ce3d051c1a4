"""The strict function that a model must call to answer: the action's values as one JSON Schema.

It is built for each request, because the caller's categories become its enum and the caller's
fields its properties.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.catalogue.action import Action
from connector.catalogue.fields import TYPES, Field, ReturnField
from connector.errors import FieldError, FormcallError, InvalidInput
from connector.json_types import Json

# limits of one strict function at the providers; for depth and properties, the lower limits that
# still apply to older models
MAX_PROPERTIES = 100
MAX_DEPTH = 5
MAX_ENUM_VALUES = 1_000
LONG_ENUM = 250
MAX_LONG_ENUM_CHARACTERS = 15_000


def answer_function(action: Action, form: Mapping[str, Any]) -> tuple[str, str, Json]:
    """(name, description, parameters) of the function whose call is the answer to ``form``.

    A record that is the only value requested becomes the function's own argument list: the model
    fills in the caller's fields directly. ``InvalidInput`` if the caller's fields or choices exceed
    what providers accept in a schema.
    """
    requested = action.requested(form)
    record = sole_record(requested)
    parameters = _strict_schema(record, form) if record else _object_schema(requested, form)
    _check_size(parameters, action, requested)
    return action.id, "", parameters


def function_source(action: Action, form: Mapping[str, Any]) -> str:
    """What of ``form`` decides the answer function, as a text: equal texts, equal functions."""
    requested = action.requested(form)
    sources = {entry.shape_from or entry.choices_from for entry in requested.values()}
    return repr((*requested, *(form.get(name) for name in sorted(sources) if name)))


def sole_record(requested: Mapping[str, ReturnField]) -> ReturnField | None:
    """The record that is the only value requested from the model, or None."""
    if len(requested) != 1:
        return None
    (entry,) = requested.values()
    return entry if entry.type == "record" else None


def repeated_choices(requested: Mapping[str, ReturnField]) -> set[str]:
    """The values whose choices are already listed by an earlier value.

    The caller's choices are sent (and paid for) once; a later value is checked against them when
    the reply arrives.
    """
    listed: set[str] = set()
    repeated = set()
    for name, entry in requested.items():
        if entry.choices_from in listed:
            repeated.add(name)
        elif entry.choices_from:
            listed.add(entry.choices_from)
    return repeated


def _object_schema(requested: Mapping[str, ReturnField], form: Mapping[str, Any]) -> Json:
    properties: Json = {}
    repeated = repeated_choices(requested)
    for name, entry in requested.items():
        schema = _strict_schema(entry, form)
        if name in repeated:
            schema = _without_enum(schema)
        properties[name] = {**schema, "description": entry.help} if entry.help else schema
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _strict_schema(entry: ReturnField, form: Mapping[str, Any]) -> Json:
    build = TYPES[entry.type].strict_schema
    if build is None:
        raise FormcallError("internal", f"{entry.type} is not a type of a function parameter")
    return build(entry, form)


def _without_enum(schema: Json) -> Json:
    rest = {key: value for key, value in schema.items() if key != "enum"}
    return {**rest, "items": _without_enum(rest["items"])} if "items" in rest else rest


def _subschemas(schema: Json, depth: int = 1) -> Iterator[tuple[Json, int]]:
    """``schema`` and every schema inside it, each with its depth."""
    yield schema, depth
    for child in schema.get("properties", {}).values():
        yield from _subschemas(child, depth + 1)
    if "items" in schema:
        yield from _subschemas(schema["items"], depth + 1)


def _check_size(parameters: Json, action: Action, requested: Mapping[str, ReturnField]) -> None:
    """``InvalidInput``, naming the form field responsible, if a provider limit is exceeded."""
    sources = (entry.shape_from or entry.choices_from for entry in requested.values())
    source = action.fields.get(next((name for name in sources if name), ""))
    subschemas = list(_subschemas(parameters))
    if sum(len(schema.get("properties", {})) for schema, _ in subschemas) > MAX_PROPERTIES:
        message = (
            f"makes more than {MAX_PROPERTIES} values to fill in (a money field makes two); use "
            "fewer."
        )
        raise _too_large(source, "too_many", message)
    if max(depth for _, depth in subschemas) > MAX_DEPTH + 1:
        raise _too_large(source, "too_many", f"is nested deeper than {MAX_DEPTH} levels.")
    enums = [
        [value for value in schema["enum"] if value is not None]
        for schema, _ in subschemas
        if "enum" in schema
    ]
    if sum(map(len, enums)) > MAX_ENUM_VALUES:
        raise _too_large(
            source, "too_many", f"lists more than {MAX_ENUM_VALUES:,} choices in all; use fewer."
        )
    for enum in enums:
        size = sum(map(len, enum))
        if len(enum) > LONG_ENUM and size > MAX_LONG_ENUM_CHARACTERS:
            message = (
                f"has {len(enum)} names with {size:,} characters in all; more than {LONG_ENUM} "
                f"names may have {MAX_LONG_ENUM_CHARACTERS:,}. Shorten the names."
            )
            raise _too_large(source, "too_long", message)


def _too_large(field: Field | None, code: str, message: str) -> InvalidInput:
    name = field.name if field else ""
    label = field.label if field else "The answer"
    return InvalidInput([FieldError(name, code, f'"{label}" {message}')])

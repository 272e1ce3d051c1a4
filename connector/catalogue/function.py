"""The strict function a model must call to answer: the action's values as one closed JSON Schema.

It is built for each request, because the caller's own categories become its enum and the caller's own fields its properties.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.catalogue.action import Action
from connector.catalogue.fields import TYPES, Field, Return
from connector.errors import FieldError, FormcallError, InvalidInput

Json = dict[str, Any]

# what providers accept in one strict function; older models still hold to the lower figures of depth and properties
MAX_PROPERTIES = 100
MAX_DEPTH = 5
MAX_ENUM_VALUES = 1_000
LONG_ENUM = 250
MAX_LONG_ENUM_CHARACTERS = 15_000


def answer_function(action: Action, form: Mapping[str, Any]) -> tuple[str, str, Json]:
    """(name, description, parameters) of the function whose call is the answer to ``form``.

    A record that is the only thing asked is the function's own argument list: the model fills the caller's fields directly.
    ``InvalidInput`` when the caller's words make a schema that no provider takes.
    """
    asked = action.asked(form)
    lone = lone_record(asked)
    parameters = _strict(lone, form) if lone else _closed(asked, form)
    _refuse_too_large(parameters, action, asked)
    return action.id, "", parameters


def lone_record(asked: Mapping[str, Return]) -> Return | None:
    """The record that is all the model is asked for, if so."""
    entries = list(asked.values())
    return entries[0] if len(entries) == 1 and entries[0].type == "record" else None


def drawn_again(asked: Mapping[str, Return]) -> set[str]:
    """The values drawn from choices that an earlier value already lists: the caller's words are sent (and paid) once, and a
    second value is held against them when it comes back."""
    listed: set[str] = set()
    again = set()
    for name, entry in asked.items():
        if entry.choices_from in listed:
            again.add(name)
        elif entry.choices_from:
            listed.add(entry.choices_from)
    return again


def _closed(asked: Mapping[str, Return], form: Mapping[str, Any]) -> Json:
    properties: Json = {}
    again = drawn_again(asked)
    for name, entry in asked.items():
        schema = _without_enum(_strict(entry, form)) if name in again else _strict(entry, form)
        properties[name] = {**schema, "description": entry.help} if entry.help else schema
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _strict(entry: Return, form: Mapping[str, Any]) -> Json:
    build = TYPES[entry.type].strict
    if build is None:
        raise FormcallError("internal", f"{entry.type} has no place in a function")
    return build(entry, form)


def _without_enum(schema: Json) -> Json:
    found = {key: value for key, value in schema.items() if key != "enum"}
    return {**found, "items": _without_enum(found["items"])} if "items" in found else found


def _objects(schema: Json, depth: int = 1) -> Iterator[tuple[Json, int]]:
    """Every schema inside ``schema`` with its depth."""
    yield schema, depth
    for child in schema.get("properties", {}).values():
        yield from _objects(child, depth + 1)
    if "items" in schema:
        yield from _objects(schema["items"], depth + 1)


def _refuse_too_large(parameters: Json, action: Action, asked: Mapping[str, Return]) -> None:
    name = next((entry.shape_from or entry.choices_from for entry in asked.values() if entry.shape_from or entry.choices_from), "")
    source = action.fields.get(name)
    found = list(_objects(parameters))
    if sum(len(schema.get("properties", {})) for schema, _ in found) > MAX_PROPERTIES:
        raise _too_large(source, "too_many", f"makes more than {MAX_PROPERTIES} values to fill in (a money field makes two); use fewer.")
    if max(depth for _, depth in found) > MAX_DEPTH + 1:
        raise _too_large(source, "too_many", f"is nested deeper than {MAX_DEPTH} levels.")
    enums = [[word for word in schema["enum"] if word is not None] for schema, _ in found if "enum" in schema]
    if sum(map(len, enums)) > MAX_ENUM_VALUES:
        raise _too_large(source, "too_many", f"lists more than {MAX_ENUM_VALUES:,} choices in all; use fewer.")
    for enum in enums:
        size = sum(map(len, enum))
        if len(enum) > LONG_ENUM and size > MAX_LONG_ENUM_CHARACTERS:
            words = f"has {len(enum)} names with {size:,} characters in all"
            rule = f"more than {LONG_ENUM} names may have {MAX_LONG_ENUM_CHARACTERS:,}"
            raise _too_large(source, "too_long", f"{words}; {rule}. Shorten the names.")


def _too_large(field: Field | None, code: str, words: str) -> InvalidInput:
    return InvalidInput([FieldError(field.name if field else "", code, f'"{field.label if field else "The answer"}" {words}')])

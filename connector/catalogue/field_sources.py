"""Fields as other tools define them: a JSON Schema, attributes, an example of the answer.

Each becomes a list of entries ``{"name", "type", "hint", "choices", "fields"}``, which
``user_field_parser.py`` reads. What has no flat form is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connector.catalogue.values import InvalidValue, is_absent, is_number, quoted
from connector.json_types import Json

_SCHEMA_KEYS = ("schema", "json_schema", "jsonSchema", "parameters", "input_schema", "inputSchema")
_FORMATS = {"date": "date", "date-time": "datetime", "time": "time", "email": "email"}
_FORMATS |= dict.fromkeys(("uri", "url", "uri-reference", "iri"), "url")
_TYPES = {"string": "text", "number": "number", "integer": "integer", "boolean": "boolean"}
_FORMS = (
    ("date", re.compile(r"\d{4}-\d\d-\d\d")),
    ("datetime", re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?")),
    ("time", re.compile(r"\d\d:\d\d")),
    ("email", re.compile(r"[^\s@]++@[^\s@.]++(?:\.[^\s@.]++)+")),
    ("url", re.compile(r"https?://\S+")),
)
_MAX_DEPTH = 8
_EXAMPLE_LENGTH = 60
_MIN_CHOICES = 2


# --- JSON Schema ----------------------------------------------------------------------------------


def find_schema(value: Any) -> Json | None:
    """The schema of the object that ``value`` describes, or None when it is no JSON Schema."""
    for _ in range(3):  # {"type": "json_schema", "json_schema": {"schema": {...}}}
        key = next((key for key in _SCHEMA_KEYS if isinstance(_get(value, key), dict)), "")
        if not key or "properties" in value:
            break
        value = value[key]
    if _get(value, "type") == "array" and isinstance(_get(value, "items"), dict):
        value = {"$defs": value.get("$defs"), **value["items"]}
    properties = _get(value, "properties")
    is_schema = isinstance(properties, dict) and all(
        isinstance(one, dict) for one in properties.values()
    )
    if properties == {} and _get(value, "type") == "object":
        raise InvalidValue("too_few", "is a JSON Schema without properties; give it at least one.")
    return value if is_schema and properties else None


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def schema_entries(schema: Json, root: Json | None = None) -> list[Json]:
    """One entry for each property of the object ``schema``."""
    root = root or schema
    return [
        {"name": name, **_property_entry(name, _resolve(one, root), root)}
        for name, one in schema["properties"].items()
    ]


def _resolve(schema: Json, root: Json) -> Json:
    """``schema`` without references, alternatives of null, and lists of types."""
    for _ in range(_MAX_DEPTH):
        target = schema.get("$ref")
        options = next(
            (schema[key] for key in ("anyOf", "oneOf", "allOf") if is_list(schema.get(key))), None
        )
        if isinstance(target, str) and target.startswith("#/"):
            rest = {key: one for key, one in schema.items() if key != "$ref"}
            schema = {**_lookup(root, target), **rest}
        elif options is not None:
            others = [one for one in options if isinstance(one, dict) and one.get("type") != "null"]
            if len(others) != 1:
                break
            rest = {
                key: one for key, one in schema.items() if key not in {"anyOf", "oneOf", "allOf"}
            }
            schema = {**others[0], **rest}
        else:
            break
    if is_list(schema.get("type")):
        kinds = [kind for kind in schema["type"] if kind != "null"]
        schema = {**schema, "type": kinds[0] if len(kinds) == 1 else kinds}
    return schema


def is_list(value: Any) -> bool:
    return isinstance(value, list)


def _lookup(root: Json, target: str) -> Json:
    value: Any = root
    for part in target[2:].split("/"):
        value = _get(value, part)
    return value if isinstance(value, dict) else {}


def _property_entry(name: str, schema: Json, root: Json) -> Json:
    hint = schema.get("description") or ""
    kind = schema.get("type")
    if isinstance(enum := schema.get("enum"), list) and kind in ("string", None):
        choices = [choice for choice in enum if choice is not None]
        if len(choices) >= _MIN_CHOICES:
            return {"type": "choice", "choices": choices, "hint": hint}
    if kind == "array":
        items = _resolve(schema.get("items") or {}, root)
        if isinstance(items.get("properties"), dict):
            return {"type": "rows", "fields": schema_entries(items, root), "hint": hint}
        if items.get("type", "string") in _TYPES:
            return {"type": "list", "hint": hint}
    if isinstance(kind, str) and kind in _TYPES:
        form = _FORMATS.get(str(schema.get("format") or "")) if kind == "string" else None
        return {"type": form or _TYPES[kind], "hint": hint}
    if kind is None and "properties" not in schema:
        return {"type": "text", "hint": hint}
    raise _no_flat_form(name, schema)


def _no_flat_form(name: str, value: Any) -> InvalidValue:
    return InvalidValue(
        "bad_line",
        f"{quoted(name)} has no flat form: {quoted(value)}. Give each of its values a field of its "
        "own, or make it rows: `items rows(item text, price money)`.",
    )


# --- an example of the answer ---------------------------------------------------------------------


def is_example(value: Mapping[str, Any]) -> bool:
    """Whether an object is an example, such as ``{"number": "A-1", "total": 12.5}``.

    Texts alone could be types or hints, so an example has a number, a boolean or a list too.
    """
    return any(isinstance(one, bool | int | float | list) for one in value.values())


def example_entries(example: Mapping[str, Any]) -> list[Json]:
    """One entry for each value of an example, with the type of the value."""
    return [{"name": name, **_example_entry(name, value)} for name, value in example.items()]


def _example_entry(name: str, value: Any) -> Json:
    if isinstance(value, bool):
        return {"type": "boolean"}
    if is_number(value):
        return {"type": "number"}
    if value is None:
        return {"type": "text"}
    if isinstance(value, str):
        return _text_entry(value)
    if isinstance(value, list):
        rows = [row for row in value if isinstance(row, dict)]
        if rows and len(rows) == len(value):
            merged = {key: cell for row in reversed(rows) for key, cell in row.items()}
            return {"type": "rows", "fields": example_entries(merged)}
        if not rows and not any(isinstance(one, list) for one in value):
            return {"type": "list"}
    raise _no_flat_form(name, value)


def _text_entry(value: str) -> Json:
    text = " ".join(value.split())
    kind = next((kind for kind, form in _FORMS if form.fullmatch(text)), "text")
    is_shown = kind == "text" and text and len(text) <= _EXAMPLE_LENGTH
    return {"type": kind, "hint": f"such as {text}" if is_shown else ""}


# --- attributes -----------------------------------------------------------------------------------

_NAME_KEYS = ("name", "field", "key", "label", "title")
_HINT_KEYS = ("hint", "description", "help", "instructions", "prompt", "label", "title")
_CHOICE_KEYS = ("choices", "options", "enum", "values")
_ROW_KEYS = ("fields", "columns")
# what tools keep beside a field; a value that the text does not give is always null here
_WITHOUT_MEANING = frozenset(
    ["required", "nullable", "optional", "id", "order", "position", "example", "examples"]
)
_OBJECT_KEYS = frozenset(
    {"type", *_NAME_KEYS, *_HINT_KEYS, *_CHOICE_KEYS, *_ROW_KEYS, *_WITHOUT_MEANING}
)


def is_attributes(value: Mapping[str, Any]) -> bool:
    """Whether an object defines one field: it has a name, and only keys that a field has."""
    return any(key in value for key in _NAME_KEYS) and set(value) <= _OBJECT_KEYS


def attribute_entry(value: Mapping[str, Any]) -> Json | None:
    """The entry of such an object; None when it has no name or other keys."""
    name = next((key for key in _NAME_KEYS if not is_absent(value.get(key))), "")
    if not name or not is_attributes(value):
        return None
    rest = {key: one for key, one in value.items() if key != name}
    return {
        "name": value[name],
        "type": _first(rest, ("type",)),
        "hint": _first(rest, _HINT_KEYS),
        "choices": _first(rest, _CHOICE_KEYS),
        "fields": _first(rest, _ROW_KEYS),
    }


def _first(value: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    given: Iterator[Any] = (value[key] for key in keys if not is_absent(value.get(key)))
    return next(given, None)

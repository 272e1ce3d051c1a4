"""The flat answer of an action: its values, companion keys for no-code tools, and schemas.

A list of strings has a joined companion ``<name>_text``; a record is given as an object, as JSON
text and as two parallel lists; a number called ``confidence`` always has a ``confidence_kind``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from connector.catalogue.action import Action
from connector.catalogue.derived_rules import DERIVED_RULES
from connector.catalogue.fields import TYPES, ReturnField, choice_names
from connector.json_types import Json

CONFIDENCE_KINDS = ("none", "reported", "similarity", "agreement", "evidence")
_NAME_RULES = {"absent", "tools_used"}  # rules that give short names, joined by commas
_CONFIDENCE_SOURCE = (
    "Where the number comes from: reported by the model, agreement of repeated calls, similarity, "
    "or none."
)


def flat_values(
    action: Action,
    values: Mapping[str, Any],
    *,
    confidence_kind: str,
    form: Mapping[str, Any] | None = None,
) -> Json:
    """The action's own keys of the answer: always the same keys, in the action's order.

    ``form``: the values of the form, with the caller's own choices and fields.
    """
    answer: Json = {}
    for name, entry in action.returns.items():
        value = values[name]
        answer[name] = value
        if is_string_list(entry):
            answer[f"{name}_text"] = join_list(entry, value, form)
        if entry.type == "record":
            if value and form:
                value = _with_row_companions(value, entry.shape_fields(form))
            record = value or {}
            answer[name] = value
            answer[f"{name}_json"] = json.dumps(value, ensure_ascii=False)
            answer["names"] = list(record)
            answer["values"] = list(record.values())
        if name == "confidence":
            answer["confidence_kind"] = "none" if value is None else confidence_kind
    return answer


def flat_schemas(action: Action) -> dict[str, Json]:
    """The published schema of each of those keys, in OpenAPI 3.0 form (``nullable``)."""
    schemas: dict[str, Json] = {}
    for name, entry in action.returns.items():
        schemas[name] = _with_description(_schema(entry), entry.help)
        if is_string_list(entry):
            schemas[f"{name}_text"] = {"type": "string", "description": f"{name} as one text."}
        if entry.type == "record":
            schemas.update(_record_companions(name))
        if name == "confidence":
            schemas["confidence_kind"] = {
                "type": "string",
                "enum": list(CONFIDENCE_KINDS),
                "description": _CONFIDENCE_SOURCE,
            }
    return schemas


def _with_row_companions(record: Json, fields: Sequence[Json]) -> Json:
    """``record`` with its rows also as text, ``items_text`` and ``items_json``.

    A field of the caller's own with such a name keeps it.
    """
    names = {field["name"] for field in fields}
    flat: Json = {}
    for field in fields:
        name = field["name"]
        flat[name] = record[name]
        if field["fields"]:
            rows = record[name] or []
            texts = {
                f"{name}_text": "\n".join(map(_row_text, rows)),
                f"{name}_json": json.dumps(rows, ensure_ascii=False),
            }
            flat.update({key: text for key, text in texts.items() if key not in names})
    return flat


def _record_companions(name: str) -> dict[str, Json]:
    return {
        f"{name}_json": {"type": "string", "description": f"{name} as JSON text."},
        "names": {
            "type": "array",
            "items": {"type": "string"},
            "description": f"The names in {name}.",
        },
        "values": {
            "type": "array",
            "items": {"nullable": True},
            "description": f"The values in {name}, in the order of names.",
        },
    }


def companion_keys(entry: ReturnField) -> tuple[str, ...]:
    """The keys added beside this value of the answer; no other value may use them."""
    keys: tuple[str, ...] = ()
    if is_string_list(entry):
        keys += (f"{entry.name}_text",)
    if entry.type == "record":
        keys += (f"{entry.name}_json", "names", "values")
    if entry.name == "confidence":
        keys += ("confidence_kind",)
    return keys


def is_string_list(entry: ReturnField) -> bool:
    """Whether the value is a list of strings, which has a joined companion."""
    if entry.type != "list" or entry.shape_from:
        return False
    return not (entry.fill and DERIVED_RULES[entry.fill[0]].item_schema)


def join_list(entry: ReturnField, value: Any, form: Mapping[str, Any] | None = None) -> str:
    """A list as one text: names separated by commas, sentences and objects by line breaks.

    Names are one a line too where one of the caller's choices in ``form`` has a comma, so that the
    text can be divided again.
    """
    if entry.shape:
        return "\n".join(_row_text(row) for row in value or ())
    is_names = bool(
        entry.choices or entry.choices_from or (entry.fill and entry.fill[0] in _NAME_RULES)
    )
    if is_names and entry.choices_from and form:
        is_names = not any("," in name for name in choice_names(entry, form))
    return (", " if is_names else "\n").join(str(item) for item in value or ())


def _row_text(row: Mapping[str, Any]) -> str:
    return ", ".join(text for text in map(_as_text, row.values()) if text)


def result_text(action: Action, values: Mapping[str, Any], form: Mapping[str, Any]) -> str:
    """The one string to show: the first value of the answer, in readable form.

    Of values that depend on the form, it is the first that is requested from the model.
    """
    entries = action.returns.values()
    entry = next(one for one in entries if one.when is None or one.is_requested(form))
    value = values[entry.name]
    if entry.type == "record":
        return "\n".join(f"{name}:{_after_name(item)}" for name, item in (value or {}).items())
    if entry.shape_from:
        return "\n".join(", ".join(map(_as_text, row.values())) for row in value)
    return join_list(entry, value, form) if entry.type == "list" else _as_text(value)


def _after_name(value: Any) -> str:
    """A value of a record, as it follows its name; rows are a line each."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "".join(f"\n- {_row_text(row)}" for row in value)
    return f" {_as_text(value)}"


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _schema(entry: ReturnField) -> Json:
    if entry.fill and (item_schema := DERIVED_RULES[entry.fill[0]].item_schema):
        return {"type": "array", "items": item_schema}
    build = TYPES[entry.type].answer_schema
    if build is None:  # the action reader accepts only types that an answer can have
        raise TypeError(entry.type)
    schema = build(entry)
    # the first entry of an empty list is null
    is_first = entry.fill is not None and entry.fill[0] == "first"
    return {**schema, "nullable": True} if is_first else schema


def _with_description(schema: Json, description: str) -> Json:
    return {**schema, "description": description} if description else schema

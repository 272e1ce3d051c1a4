"""The answer of an action, flat: its own values, the twins that no-code tools need, and what they look like when published.

A list of words has a joined twin ``<name>_text``; a record comes as an object, as JSON text and as two parallel lists; a number
called ``confidence`` never comes without ``confidence_kind``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connector.catalogue.action import Action
from connector.catalogue.fields import TYPES, Return
from connector.catalogue.fills import FILLS

Json = dict[str, Any]

CONFIDENCE_KINDS = ("none", "reported", "similarity", "agreement", "evidence")
_NAMES_RULES = {"absent", "tools_used"}  # rules that give names, which read best in one line


def flat_values(action: Action, values: Mapping[str, Any], *, confidence_kind: str) -> Json:
    """Every key of the answer that belongs to ``action``, in its order, always the same ones."""
    found: Json = {}
    for name, entry in action.returns.items():
        value = values[name]
        found[name] = value
        if is_word_list(entry):
            found[f"{name}_text"] = joined(entry, value)
        if entry.type == "record":
            found[f"{name}_json"] = json.dumps(value, ensure_ascii=False)
            found["names"], found["values"] = list(value or {}), list((value or {}).values())
        if name == "confidence":
            found["confidence_kind"] = "none" if value is None else confidence_kind
    return found


def flat_schemas(action: Action) -> dict[str, Json]:
    """The published schema of each of those keys, in OpenAPI 3.0 form (``nullable``)."""
    found: dict[str, Json] = {}
    for name, entry in action.returns.items():
        found[name] = _described(_schema(entry), entry.help)
        if is_word_list(entry):
            found[f"{name}_text"] = {"type": "string", "description": f"{name} as one text."}
        if entry.type == "record":
            found[f"{name}_json"] = {"type": "string", "description": f"{name} as JSON text."}
            found["names"] = {"type": "array", "items": {"type": "string"}, "description": f"The names in {name}."}
            found["values"] = {"type": "array", "items": {"nullable": True}, "description": f"The values in {name}, in the order of names."}
        if name == "confidence":
            found["confidence_kind"] = {
                "type": "string",
                "enum": list(CONFIDENCE_KINDS),
                "description": "Where the number comes from: reported by the model, agreement of repeated calls, similarity, or none.",
            }
    return found


def twins(entry: Return) -> tuple[str, ...]:
    """The keys that come along with a value of the answer, which no other value may have."""
    of_list = (f"{entry.name}_text",) if is_word_list(entry) else ()
    of_record = (f"{entry.name}_json", "names", "values") if entry.type == "record" else ()
    return (*of_list, *of_record, *(("confidence_kind",) if entry.name == "confidence" else ()))


def is_word_list(entry: Return) -> bool:
    """Whether the value is a list of plain words, which has a joined twin."""
    return entry.type == "list" and not entry.shape_from and not (entry.fill and FILLS[entry.fill[0]].items)


def joined(entry: Return, value: Any) -> str:
    """A list as one text: names with commas, sentences and entries a line each."""
    if entry.shape:
        return "\n".join(", ".join(filter(None, map(_plain, row.values()))) for row in value or ())
    names = bool(entry.choices or entry.choices_from or (entry.fill and entry.fill[0] in _NAMES_RULES))
    return (", " if names else "\n").join(str(one) for one in value or ())


def result_text(action: Action, values: Mapping[str, Any], asked: Mapping[str, Return]) -> str:
    """The one string to show: the first value that the model was asked for, as a person would read it."""
    entry = next(iter(asked.values()))
    value = values[entry.name]
    if entry.type == "record":
        return "\n".join(f"{name}: {_plain(one)}" for name, one in (value or {}).items())
    if entry.shape_from:
        return "\n".join(", ".join(_plain(one) for one in row.values()) for row in value)
    return joined(entry, value) if entry.type == "list" else _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _schema(entry: Return) -> Json:
    if entry.fill and (items := FILLS[entry.fill[0]].items):
        return {"type": "array", "items": items}
    build = TYPES[entry.type].answer
    if build is None:  # the reader lets only types through that have a place in an answer
        raise TypeError(entry.type)
    schema = build(entry)
    # a record filled from an empty list is null, and so is a choice
    return {**schema, "nullable": True} if entry.fill and entry.fill[0] == "first" else schema


def _described(schema: Json, words: str) -> Json:
    return {**schema, "description": words} if words else schema

"""How long the answer of an action usually is, in tokens, as it follows from its return values.

The figures are those of a model's arguments for the strict function: the name of each value, its
quotation marks and the value. They set the room that a call gets and the price that a dry run
expects; the bounds on money do not depend on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connector.catalogue.action import Action
from connector.catalogue.fields import ReturnField, choice_names
from connector.catalogue.requirements import source_fields
from connector.json_types import Json

_NAME = 6  # the name of a value and the punctuation around it
_CHARACTERS = 3  # of a name in a token, or fewer
_PLAIN = 4  # a number, a date, a boolean
_TEXT = 30  # a sentence
_LONG_TEXT = 300  # a few paragraphs
_ENTRIES = 8  # of a list of texts
_CHOSEN = 3  # of a list of choices
_ROWS = 5  # of a list of records
_FIELD_TEXT = 15  # a text that a caller's field copies from the source
_TEXTS = ("text", "longtext")
_SOURCE_SHARE = 16  # a caller's fields copy a sixteenth of a long source, and its rows all of it


def usual_answer_tokens(action: Action, form: Mapping[str, Any], source_tokens: int) -> int:
    """The tokens of a usual answer to ``form``, whose prompt has about ``source_tokens``."""
    requested = action.requested(form)
    usual = sum(_NAME + _value_tokens(entry, form, source_tokens) for entry in requested.values())
    return max(usual, source_tokens) if source_fields(action.returns) else usual


def _value_tokens(entry: ReturnField, form: Mapping[str, Any], source_tokens: int) -> int:
    if entry.has_shape:
        return _shape_tokens(entry, form, source_tokens)
    if entry.choices or entry.choices_from:
        chosen = _CHOSEN if entry.type == "list" else 1
        return chosen * _longest(choice_names(entry, form))
    if entry.type == "list":
        return _ENTRIES * _TEXT
    return {"text": _TEXT, "longtext": _LONG_TEXT}.get(entry.type, _PLAIN)


def _shape_tokens(entry: ReturnField, form: Mapping[str, Any], source_tokens: int) -> int:
    fields = entry.shape_fields(form)
    record = _record_tokens(fields)
    if entry.type == "list":
        rows = _ROWS * record
        return (
            max(rows, source_tokens) if entry.shape_from else rows + source_tokens // _SOURCE_SHARE
        )
    if any(field.get("fields") for field in fields):
        return max(record, source_tokens)
    copies = any(field["type"] in {"text", "list"} for field in fields)
    return record + (source_tokens // _SOURCE_SHARE if copies else 0)


def _record_tokens(fields: Iterable[Json]) -> int:
    return sum(_NAME + _field_tokens(field) for field in fields)


def _field_tokens(field: Json) -> int:
    if field.get("fields"):
        return _ROWS * _record_tokens(field["fields"])
    if field.get("choices"):
        return _longest(field["choices"])
    if field["type"] == "list":
        return _ENTRIES * _FIELD_TEXT
    return _FIELD_TEXT if field["type"] in _TEXTS else 2 * _PLAIN


def _longest(names: Iterable[Any]) -> int:
    return 1 + max(map(len, map(str, names)), default=0) // _CHARACTERS

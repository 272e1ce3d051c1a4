"""Rows of an answer that belong to entries of the form, such as aspects: one for each, in order.

A model may leave an entry out, repeat it, or add one of its own. What it left out is empty, so that
a workflow finds a row for everything that it asked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.catalogue.fields import Field, ReturnField
from connector.catalogue.user_fields import LIST_TYPES
from connector.catalogue.values import match_choice
from connector.json_types import Json


def entry_names(
    fields: Mapping[str, Field], form: Mapping[str, Any], names: Sequence[str]
) -> list[str]:
    """The entries of those form fields, each once.

    Where all of the fields are empty, they are the choices of the first that has its own.
    """
    given = [_name(entry) for name in names for entry in form.get(name) or ()]
    if not given:
        choices = (fields[name].choices for name in names)
        given = [choice.value for choice in next(filter(None, choices), ())]
    return list(dict.fromkeys(given))


def _name(entry: Any) -> str:
    return str(entry["name"] if isinstance(entry, Mapping) else entry)


def rows_for_each(entry: ReturnField, rows: Sequence[Json], names: Sequence[str]) -> list[Json]:
    """A row for each of ``names``, named by the first field of its shape.

    Of several rows for one name it is the first with the most values. Rows without a known name
    count by their place if there are as many as names.
    """
    key = entry.shape[0]["name"]
    known = [match_choice(str(row[key] or ""), names) for row in rows]
    if not any(known) and len(rows) == len(names):
        known = list(names)
    found: dict[str, Json] = {}
    for name, row in zip(known, rows, strict=True):
        if name and _fullness(row) > _fullness(found.get(name, {})):
            found[name] = row
    empty: Json = {one["name"]: [] if one["type"] in LIST_TYPES else None for one in entry.shape}
    return [{**empty, **found.get(name, {}), key: name} for name in names]


def _fullness(row: Json) -> int:
    return sum(value not in (None, []) for value in row.values())


# --- the word for a score -------------------------------------------------------------------------

NEUTRAL_BELOW, VERY_FROM = 0.25, 0.75


def polarity(score: float | None, scale: str) -> str:
    """positive, neutral or negative, with ``scale`` five also very so; unsure without a score."""
    if score is None:
        return "unsure"
    if abs(score) < NEUTRAL_BELOW:
        return "neutral"
    word = "positive" if score > 0 else "negative"
    return f"very_{word}" if scale == "five" and abs(score) >= VERY_FROM else word

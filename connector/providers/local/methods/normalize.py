"""Values of a column in one form; those that can be read in two ways are named, not guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from connector.errors import FieldError, InvalidInput
from connector.providers.local.text.normal_forms import READERS, Context, ValueReading, spelling_key

MAX_VALUES = 20_000
_LENGTH = 1_000  # characters of a value
_DIVIDER = " | "
_NONE = "?"  # in a list beside the lines


def answer(values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """``rows``, and what is counted and named of them."""
    lines = str(values["values"]).replace("\r\n", "\n").strip("\n").split("\n")
    kind = str(values.get("kind") or "date")
    _check(kind, values, lines)
    context = Context(
        order=str(values.get("order") or "unclear"),
        region=str(values.get("region") or ""),
        allowed=_spellings(values.get("allowed") or ()),
    )

    @cache
    def read(text: str) -> ValueReading:
        if not text:
            return ValueReading()
        if len(text) > _LENGTH:
            return ValueReading((), "This is too long for one value.")
        return READERS[kind](text, context)

    rows = [_row(line.strip(), read(line.strip())) for line in lines]
    named = [row for row in rows if row["original"]]
    return {
        "rows": rows,
        "values_out": [row["value"] or _NONE for row in rows],
        "count": sum(row["value"] is not None for row in rows),
        "ambiguous": [f"{row['original']}: {row['readings']}" for row in rows if row["ambiguous"]],
        "unreadable": [
            row["original"] for row in named if row["value"] is None and not row["ambiguous"]
        ],
    }, ()


def _check(kind: str, values: Mapping[str, Any], lines: Sequence[str]) -> None:
    if kind == "list" and not values.get("allowed"):
        detail = (
            '"My own list" is needed for this kind: the names that a value may have, one a line.'
        )
        raise InvalidInput([FieldError("allowed", "missing", detail)])
    if len(lines) > MAX_VALUES:
        detail = f'"Values" takes at most {MAX_VALUES:,} lines; there are {len(lines):,}.'
        raise InvalidInput([FieldError("values", "too_many", detail)])


def _spellings(options: Sequence[Mapping[str, str]]) -> dict[str, str]:
    spellings: dict[str, str] = {}
    for option in options:
        for spelling in (option["name"], *(option.get("description") or "").split(",")):
            if key := spelling_key(spelling):
                spellings.setdefault(key, option["name"])
    return spellings


def _row(original: str, reading: ValueReading) -> dict[str, Any]:
    value = reading.readings[0] if len(reading.readings) == 1 else None
    return {
        "original": original,
        "value": value,
        "changed": value is not None and value != original,
        "ambiguous": len(reading.readings) > 1,
        "readings": _DIVIDER.join(reading.readings) if len(reading.readings) > 1 else None,
        "note": reading.note or None,
    }

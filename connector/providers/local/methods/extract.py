"""Typed values from a text: first what the text itself labels, then typed candidates whose surroundings name the field.

Every value is read from the text, never made up; a field without a sure value stays null.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from . import evidence, people, rows
from .keyvalue import Pair, pairs, without_quoted
from .labels import Wanted, concepts, likeness, wanted
from .typed import Source, amount_currency, read

READ = 60_000  # characters from the beginning; TAIL more are read from the end
TAIL = 20_000
NAMES = 0.5  # likeness from which a label names a field
SURE = 0.12  # lead over another label with a different value
LESS_SURE = 0.05  # what a value under its label, not beside it, costs
ABOUT_MAIL = frozenset({"sender", "recipient", "subject", "email", "=sent", "=received", "=written", "=mail", "=message"})
EMPTY = object()  # the text has the field's label, and nothing beside it


def extract(values: Mapping[str, Any], many: bool = False) -> dict[str, Any]:
    """A value for each of ``values["fields"]`` by its key; with ``many``, ``{"rows": [...]}``, one for each thing found."""
    fields = [wanted(field) for field in values.get("fields") or ()]
    text = cut(str(values.get("text") or ""))
    if not text.strip():
        return {"rows": []} if many else {field.key: [] if field.kind == "list" else None for field in fields}
    if many and values.get("many_rows", True):
        found = rows.rows(text, fields)
        if found:
            return {"rows": found}
    one = fill(text, fields)
    return {"rows": [one] if any(value not in (None, []) for value in one.values()) else []} if many else one


def fill(text: str, fields: Sequence[Wanted]) -> dict[str, Any]:
    """One value, or null, for each field."""
    source = Source(without_quoted(text))
    labelled = [(pair, concepts(pair.label)) for pair in pairs(source.text)]
    result: dict[str, Any] = {}
    for field in fields:
        if field.kind == "currency":
            continue
        value = _labelled(field, labelled, source)
        if value is None:
            value = _unlabelled(field, source)
        result[field.key] = None if value is EMPTY else value
    return _complete(result, fields, source)


def _unlabelled(field: Wanted, source: Source) -> Any:
    if field.kind == "text":
        return people.text_value(field, source)
    if field.kind in {"boolean", "choice"}:
        return evidence.statement(field, source)
    if field.kind == "list":
        return evidence.listed(field, source)
    return evidence.nearest(field, source)


def _labelled(field: Wanted, labelled: Sequence[tuple[Pair, frozenset[str]]], source: Source) -> Any:
    """The value of the label that names the field best; None when another label names another value as well."""
    scored = []
    for pair, seen in labelled:
        if pair.start < source.headers and not field.all & ABOUT_MAIL:
            continue
        score = likeness(field, seen)
        if score < NAMES:
            continue
        value = read(field, pair.value, source, pair) if pair.how != "empty" else EMPTY
        if value is not None:
            scored.append((score - LESS_SURE * (pair.how == "below"), -pair.start, value))
    if not scored:
        return None
    best, *others = sorted(scored, key=lambda row: (-row[0], -row[1]))
    rivals = [row for row in others if best[0] - row[0] < SURE and row[2] != best[2] and row[2] is not EMPTY]
    return None if rivals else best[2]


def _complete(result: dict[str, Any], fields: Sequence[Wanted], source: Source) -> dict[str, Any]:
    """Every key: currencies beside their amounts, and [] for a list that was not found."""
    for field in fields:
        if field.kind == "currency":
            amount = result.get(field.amount_key(fields))
            result[field.key] = None if amount is None else amount_currency(amount, source)
        elif field.kind == "list" and result.get(field.key) is None:
            result[field.key] = []
    return result


def cut(text: str) -> str:
    """The beginning and the end of a long text, with plain line ends."""
    kept = text if len(text) <= READ + TAIL else f"{text[:READ]}\n{text[-TAIL:]}"
    return re.sub(r"\r\n?", "\n", kept)

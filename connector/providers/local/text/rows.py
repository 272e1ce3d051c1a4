# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Extraction of several records: rows of a table, repeated labels, or items of a list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from connector.providers.local.text.label_matching import (
    FieldQuery,
    are_related,
    concepts,
    label_similarity,
)
from connector.providers.local.text.labelled_pairs import Table, find_pairs, find_tables
from connector.providers.local.text.money import NUMBER_WORDS
from connector.providers.local.text.page_tables import DocumentTable, is_total_row
from connector.providers.local.text.sentences import word_set
from connector.providers.local.text.typed_values import SourceText, amount_currency, read_value

MAX_ROWS = 5_000  # rows of one answer
TITLE_WORDS = word_set(
    "description item items article artikel product produkt bezeichnung beschreibung designation "
    "désignation qty quantity menge anzahl quantité quantite qté price preis einzel einzelpreis "
    "prix amount betrag montant total gesamt summe part no pos code unit date datum name sku ref "
    "rate hours stunden cost line nr size weight gewicht value status email phone city country "
    "room from to"
)
_ITEM = re.compile(r"\s{0,12}(?:[-*•‣–+]|\d{1,3}[.)])\s+(\S.{0,300})$")
_COUNT = re.compile(r"(\d{1,6})\s?(?:x\s|×\s?|\*\s?)?\s?|([^\W\d_]{2,10})\s")


def extract_rows(
    text: str,
    fields: Sequence[FieldQuery],
    country: str = "",
    tables: Sequence[DocumentTable] = (),
) -> list[dict[str, Any]]:
    """One record for each thing in the text; empty if nothing in it is repeated.

    ``tables`` are those of the document that the text is from.
    """
    source = SourceText(text, country)
    best: list[dict[str, Any]] = []
    known = [Table(one.titles, tuple(one.rows)) for one in tables]
    for table in [*known, *find_tables(text, TITLE_WORDS)]:
        records = _from_table(table, fields, source)
        if _count_values(records) > _count_values(best):
            best = records
    return (best or _blocks(text, fields, source) or _items(text, fields, source))[:MAX_ROWS]


def match_columns(table: Table, fields: Sequence[FieldQuery]) -> dict[str, int]:
    """{field key: column index}, best matches first; each column is used once."""
    scored = sorted(
        (-_title_score(field, title), index, field.key)
        for field in fields
        if field.kind != "currency"
        for index, title in enumerate(table.titles)
    )
    chosen: dict[str, int] = {}
    for score, index, key in scored:
        if score <= -0.45 and key not in chosen and index not in chosen.values():
            chosen[key] = index
    return chosen


def _title_score(field: FieldQuery, title: str) -> float:
    title_concepts = concepts(title)
    is_total = bool(title_concepts) and title_concepts <= {"total", "amount"}
    if field.kind in {"money", "number"} and is_total and field.name & {"amount", "total"}:
        return 0.7
    if field.kind == "text" and title_concepts == {"name"} and "description" in field.all:
        return 0.6
    return label_similarity(field, title_concepts)


def _from_table(
    table: Table, fields: Sequence[FieldQuery], source: SourceText
) -> list[dict[str, Any]]:
    columns = match_columns(table, fields)
    if not columns:
        return []
    result = []
    for row in table.rows:
        if is_total_row(row):
            continue
        record = {
            field.key: _cell(field, row[columns[field.key]], source)
            if field.key in columns
            else None
            for field in fields
        }
        if any(value is not None for value in record.values()):
            result.append(_complete(record, fields, source))
    return result


def _cell(field: FieldQuery, cell: str, source: SourceText) -> Any:
    if not cell:
        return None
    if field.kind == "text":
        return cell
    value = read_value(field, cell, source)
    if value is None and field.kind == "number":
        return read_value(replace(field, kind="money"), cell, source)  # "EUR 4.50"
    return value


def _blocks(text: str, fields: Sequence[FieldQuery], source: SourceText) -> list[dict[str, Any]]:
    """Records that repeat the same labels."""
    result: list[dict[str, Any]] = []
    current: dict[str, Any] = {}
    for pair in find_pairs(text):
        label_concepts = concepts(pair.label)
        scored = [
            (label_similarity(field, label_concepts), field)
            for field in fields
            if field.kind != "currency"
        ]
        score, field = max(scored, key=lambda row: row[0], default=(0.0, None))
        if field is None or score < 0.5:
            continue
        if field.key in current:
            result.append(current)
            current = {}
        current[field.key] = read_value(field, pair.value, source)
    result.append(current)
    if len(result) < 2 or len(result[0]) < min(2, len(fields)):
        return []
    return [_complete(record, fields, source) for record in result]


def _items(text: str, fields: Sequence[FieldQuery], source: SourceText) -> list[dict[str, Any]]:
    """List items with an optional count: "- 3 boxes of envelopes"."""
    count = next(
        (
            field
            for field in fields
            if field.kind in {"integer", "number"}
            and field.all & {"quantity", "number", "amount", "people"}
        ),
        None,
    )
    thing = next((field for field in fields if field.kind == "text"), None)
    if thing is None:
        return []
    result = []
    for line in text.split("\n"):
        item = _ITEM.match(line)
        if item:
            result.append(_complete(_item(item[1].strip(), thing, count), fields, source))
    return result if len(result) > 1 else []


def _item(text: str, thing: FieldQuery, count: FieldQuery | None) -> dict[str, Any]:
    match = _COUNT.match(text) if count else None
    number = (int(match[1]) if match[1] else NUMBER_WORDS.get(match[2].lower())) if match else None
    if count is None or number is None or match is None:
        return {thing.key: text}
    return {thing.key: text[match.end() :].strip(), count.key: number}


def _complete(
    record: dict[str, Any], fields: Sequence[FieldQuery], source: SourceText
) -> dict[str, Any]:
    for field in fields:
        if field.kind == "currency":
            amount = record.get(field.amount_key(fields))
            record[field.key] = None if amount is None else amount_currency(amount, source)
    return {
        field.key: record.get(field.key, [] if field.kind == "list" else None) for field in fields
    }


def counted_quantity(field: FieldQuery, source: SourceText) -> Any:
    """The quantity in the only table row that names the thing of the field."""
    things = [concept for concept in field.specific if concept[:1] == "="]
    quantities = set()
    for table in find_tables(source.text, TITLE_WORDS):
        quantity_column = next(
            (index for index, title in enumerate(table.titles) if "quantity" in concepts(title)),
            None,
        )
        if quantity_column is None or not things:
            continue
        for row in table.rows:
            row_concepts = [
                concept
                for index, cell in enumerate(row)
                if index != quantity_column
                for concept in concepts(cell)
            ]
            if all(_is_named(thing, row_concepts) for thing in things):
                quantities.add(_cell(field, row[quantity_column], source))
    return quantities.pop() if len(quantities) == 1 else None


def _is_named(thing: str, row_concepts: Iterable[str]) -> bool:
    return any(
        are_related(thing, concept) or _is_compound(thing, concept) for concept in row_concepts
    )


def _is_compound(thing: str, word: str) -> bool:
    """Whether ``thing`` starts with ``word``: "Montagestunden" counts a row "Montage"."""
    return word[:1] == "=" and len(word) > 5 and thing.startswith(word)


def _count_values(records: list[dict[str, Any]]) -> int:
    return sum(value is not None for record in records for value in record.values())

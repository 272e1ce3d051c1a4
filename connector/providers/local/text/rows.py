# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Many rows: the lines of a table, repeated blocks of labels, or the items of a list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .amounts import WORDS
from .keyvalue import Table, pairs, tables
from .labels import Wanted, akin, concepts, likeness
from .sentences import word_set
from .typed import Source, amount_currency, read

MOST = 500  # rows of one answer
TITLES = word_set(
    "description item items article artikel product produkt bezeichnung beschreibung designation désignation qty quantity "
    "menge anzahl quantité quantite qté price preis einzel einzelpreis prix amount betrag montant total gesamt summe part "
    "no pos code unit date datum name sku ref rate hours stunden cost line nr size weight gewicht value status email "
    "phone city country room from to"
)
_TOTAL = frozenset({"total", "subtotal", "tax", "net", "gross", "balance", "discount"})
_ITEM = re.compile(r"\s{0,12}(?:[-*•‣–+]|\d{1,3}[.)])\s+(\S.{0,300})$")
_COUNT = re.compile(r"(\d{1,6})\s?(?:x\s|×\s?|\*\s?)?\s?|([^\W\d_]{2,10})\s")


def rows(text: str, fields: Sequence[Wanted]) -> list[dict[str, Any]]:
    """A list with one filled record for each thing found; empty when the text shows no repetition."""
    source = Source(text)
    best: list[dict[str, Any]] = []
    for table in tables(text, TITLES):
        found = _from_table(table, fields, source)
        if _filled(found) > _filled(best):
            best = found
    return (best or _blocks(text, fields, source) or _items(text, fields, source))[:MOST]


def columns(table: Table, fields: Sequence[Wanted]) -> dict[str, int]:
    """Which column holds which field, by the likeness of titles and names; each column is used once."""
    scored = sorted(
        (
            (-_title_score(field, title), place, field.key)
            for field in fields if field.kind != "currency"
            for place, title in enumerate(table.titles)
        ),
    )  # fmt: skip
    chosen: dict[str, int] = {}
    for score, place, key in scored:
        if score <= -0.45 and key not in chosen and place not in chosen.values():
            chosen[key] = place
    return chosen


def _title_score(field: Wanted, title: str) -> float:
    seen = concepts(title)
    if field.kind == "money" and seen and seen <= {"total", "amount"} and field.name & {"amount", "total"}:
        return 0.7
    if field.kind == "text" and seen == {"name"} and "description" in field.all:
        return 0.6
    return likeness(field, seen)


def _from_table(table: Table, fields: Sequence[Wanted], source: Source) -> list[dict[str, Any]]:
    chosen = columns(table, fields)
    if not chosen:
        return []
    result = []
    for row in table.rows:
        if concepts(row[0][:48]) & _TOTAL and sum(bool(cell) for cell in row) <= max(2, len(row) // 2):
            continue
        record = {field.key: _cell(field, row[chosen[field.key]], source) if field.key in chosen else None for field in fields}
        if any(value is not None for value in record.values()):
            result.append(_finish(record, fields, source))
    return result


def _cell(field: Wanted, cell: str, source: Source) -> Any:
    if not cell:
        return None
    if field.kind == "text":
        return cell
    return read(field, cell, source)


def _blocks(text: str, fields: Sequence[Wanted], source: Source) -> list[dict[str, Any]]:
    """Records written as the same labels again and again."""
    result: list[dict[str, Any]] = []
    current: dict[str, Any] = {}
    for pair in pairs(text):
        seen = concepts(pair.label)
        scored = [(likeness(field, seen), field) for field in fields if field.kind != "currency"]
        score, field = max(scored, key=lambda row: row[0], default=(0.0, None))
        if field is None or score < 0.5:
            continue
        if field.key in current:
            result.append(current)
            current = {}
        current[field.key] = read(field, pair.value, source)
    result.append(current)
    if len(result) < 2 or len(result[0]) < min(2, len(fields)):
        return []
    return [_finish(record, fields, source) for record in result]


def _items(text: str, fields: Sequence[Wanted], source: Source) -> list[dict[str, Any]]:
    """List items such as "3 boxes of envelopes": a count and a thing."""
    count = next(
        (field for field in fields if field.kind in {"integer", "number"} and field.all & {"quantity", "number", "amount", "people"}),
        None,
    )
    thing = next((field for field in fields if field.kind == "text"), None)
    if thing is None:
        return []
    result = []
    for line in text.split("\n"):
        item = _ITEM.match(line)
        if item:
            result.append(_finish(_item(item[1].strip(), thing, count), fields, source))
    return result if len(result) > 1 else []


def _item(words: str, thing: Wanted, count: Wanted | None) -> dict[str, Any]:
    found = _COUNT.match(words) if count else None
    number = (int(found[1]) if found[1] else WORDS.get(found[2].lower())) if found else None
    if count is None or number is None or found is None:
        return {thing.key: words}
    return {thing.key: words[found.end() :].strip(), count.key: number}


def _finish(record: dict[str, Any], fields: Sequence[Wanted], source: Source) -> dict[str, Any]:
    for field in fields:
        if field.kind == "currency":
            amount = record.get(field.amount_key(fields))
            record[field.key] = None if amount is None else amount_currency(amount, source)
    return {field.key: record.get(field.key, [] if field.kind == "list" else None) for field in fields}


def counted(field: Wanted, source: Source) -> Any:
    """The quantity of the one line of a table that names the field's thing."""
    things = [concept for concept in field.telling if concept[:1] == "="]
    found = set()
    for table in tables(source.text, TITLES):
        amount = next((place for place, title in enumerate(table.titles) if "quantity" in concepts(title)), None)
        if amount is None or not things:
            continue
        for row in table.rows:
            named = [concept for place, cell in enumerate(row) if place != amount for concept in concepts(cell)]
            if all(any(akin(thing, one) or _compound(thing, one) for one in named) for thing in things):
                found.add(_cell(field, row[amount], source))
    return found.pop() if len(found) == 1 else None


def _compound(thing: str, word: str) -> bool:
    """ "Montagestunden" counts a line "Montage"."""
    return word[:1] == "=" and len(word) > 5 and thing.startswith(word)


def _filled(found: list[dict[str, Any]]) -> int:
    return sum(value is not None for record in found for value in record.values())

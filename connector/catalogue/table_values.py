"""Tables in answers: rows of cells as objects and as CSV, and their sums compared with the source.

A row comes from a model as one text, its cells divided by ``CELL_DIVIDER``, so that empty cells
keep their places.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from connector.json_types import Json

CELL_DIVIDER = "|"
MAX_COLUMNS = 200
_MONEY = re.compile(
    r"(?<![\d.,])(?P<sign>[-\u2212(]?)(?P<whole>\d{1,12}|\d{1,3}(?:[.,'\u2019 \u00a0]\d{3}){1,4})"
    r"[.,](?P<cents>\d{2})(?![\d.,]*\d)"
)
_NOT_DIGITS = re.compile(r"\D+")
_TOTAL = re.compile(
    r"\b(?:sub-?totals?|totals?|totale|sum|summe|gesamt\w{0,20}|zwischensumme|netto\w{0,20}|"
    r"sous-total|importe|balance)\b",
    re.IGNORECASE,
)
_AMOUNT_NAME = re.compile(
    r"amount|total|sum|betrag|gesamt|montant|importe|line|price|preis|prix|debit|credit",
    re.IGNORECASE,
)
_QUANTITY_NAME = re.compile(r"qty|quantit|count|units|menge|anzahl|hours|stunden", re.IGNORECASE)


def column_names(titles: str) -> list[str]:
    """The titles in a text, divided by ``|``; each is different, and none is empty."""
    names: list[str] = []
    for number, title in enumerate(_cells(titles), 1):
        name = base = title or f"column {number}"
        count = 1
        while name in names:
            count += 1
            name = f"{base} {count}"
        names.append(name)
    return names


def table_rows(titles: str, lines: Sequence[Json]) -> list[Json]:
    """An object for each line, {title: cell}; a missing cell is empty, and so is its value."""
    names = column_names(titles)
    rows = (_fit(_cells(line["cells"]), len(names)) for line in lines)
    return [dict(zip(names, cells, strict=True)) for cells in rows]


def table_csv(titles: str, lines: Sequence[Json]) -> str:
    """The table as CSV with its titles in the first line; "" without titles."""
    names = column_names(titles)
    if not names:
        return ""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(_fit(_cells(line["cells"]), len(names)) for line in lines)
    return out.getvalue()


def cells_of_row(row: Json) -> list[Any]:
    """The values of a row: those of its fields, or its cells if it is a line of them."""
    return list(_cells(row["cells"])) if "cells" in row else list(row.values())


def _cells(line: str | None) -> list[str]:
    if not line:
        return []
    return [cell.strip() for cell in line.split(CELL_DIVIDER)[:MAX_COLUMNS]]


def _fit(cells: list[str], count: int) -> list[str]:
    """``cells`` in that number: the last one has the rest, missing ones are empty."""
    if len(cells) > count:
        cells = [*cells[: count - 1], " ".join(cells[count - 1 :])]
    return cells + [""] * (count - len(cells))


# --- sums -----------------------------------------------------------------------------------------


def totals_match(rows: Sequence[Mapping[str, Any]], text: str) -> bool | None:
    """Whether a column of amounts adds up to a total that ``text`` states.

    None when the text states no total, or no column can be its parts.
    """
    stated = set(_stated_totals(text))
    if not stated or not rows:
        return None
    sums = dict(_column_sums(rows))
    if any(total in stated for total in sums.values()):
        return True
    return False if any(_AMOUNT_NAME.search(name) for name in sums) else None


def _stated_totals(text: str) -> Iterator[Decimal]:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        label = _TOTAL.search(line)
        if not label:
            continue
        amounts = list(_amounts(line[label.end() :]))
        if not amounts and number + 1 < len(lines) and len(line.strip()) == len(label[0]):
            amounts = list(_amounts(lines[number + 1]))
        yield from amounts


def _amounts(text: str) -> Iterator[Decimal]:
    for match in _MONEY.finditer(text):
        amount = Decimal(f"{_NOT_DIGITS.sub('', match['whole'])}.{match['cents']}")
        yield -amount if match["sign"] else amount


def _column_sums(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Decimal]]:
    """(name, sum) of each column of amounts, and of quantities times such a column."""
    names = list(rows[0])
    columns = {name: _numbers(row.get(name) for row in rows) for name in names}
    quantities = [name for name in names if _QUANTITY_NAME.search(name)]
    for name, amounts in columns.items():
        if amounts is None or name in quantities:
            continue
        yield name, sum(amounts, Decimal(0))
        for quantity in quantities:
            counts = columns[quantity]
            if counts is not None:
                products = (a * b for a, b in zip(amounts, counts, strict=True))
                yield f"{name} {quantity}", sum(products, Decimal(0)).quantize(Decimal("0.01"))


def _numbers(values: Iterable[Any]) -> list[Decimal] | None:
    """The values as numbers, 0 for an empty one; None if one is no number, or all are empty."""
    numbers: list[Decimal] = []
    has_value = False
    for value in values:
        number = _number(value)
        if number is None:
            return None
        has_value = has_value or value not in (None, "")
        numbers.append(number)
    return numbers if has_value else None


def _number(value: Any) -> Decimal | None:
    if value in (None, ""):
        return Decimal(0)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value))
    if not isinstance(value, str):
        return None
    if value.strip().isdecimal() and len(value) < 12:  # noqa: PLR2004
        return Decimal(value.strip())
    amounts = list(_amounts(value))
    return amounts[0] if len(amounts) == 1 else None

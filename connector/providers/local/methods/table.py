"""One table of a document: all of its columns, or those that are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.catalogue.files import Files
from connector.catalogue.table_values import CELL_DIVIDER
from connector.providers.local.text.label_matching import concepts, field_query, label_similarity
from connector.providers.local.text.page_tables import (
    DocumentTable,
    find_document_tables,
    is_total_row,
)
from connector.providers.local.text.rows import TITLE_WORDS

MAX_LINES = 5_000
_MIN_SIMILARITY = 0.45


def table(values: Mapping[str, Any]) -> dict[str, Any]:
    """``titles`` and ``lines`` of the table with most cells that are asked for."""
    files = next((value for value in values.values() if isinstance(value, Files)), Files(()))
    wanted = [str(title) for title in values.get("columns") or ()]
    best: tuple[int, DocumentTable, list[int | None]] | None = None
    for one in find_document_tables(files, TITLE_WORDS):
        columns = _choose_columns(one, wanted or one.titles)
        size = sum(column is not None for column in columns) * len(one.rows)
        if size and (best is None or size > best[0]):
            best = (size, one, columns)
    if best is None:
        return {"titles": CELL_DIVIDER.join(wanted), "lines": []}
    _, chosen, columns = best
    titles = wanted or [_cell(title) for title in chosen.titles]
    lines = [
        {"cells": CELL_DIVIDER.join(cells), "page": page}
        for row, page in zip(chosen.rows, chosen.pages, strict=True)
        if not is_total_row(row) and any(cells := _select(row, columns))
    ]
    return {"titles": CELL_DIVIDER.join(map(_cell, titles)), "lines": lines[:MAX_LINES]}


def _choose_columns(one: DocumentTable, wanted: Sequence[str]) -> list[int | None]:
    """The column for each wanted title: the one of that name, else the most similar one."""
    folded = [title.casefold().strip() for title in one.titles]
    columns: list[int | None] = []
    for title in wanted:
        name = title.casefold().strip()
        columns.append(folded.index(name) if name in folded else None)
    for number, title in enumerate(wanted):
        if columns[number] is None:
            columns[number] = _most_similar(title, one.titles, taken=columns)
    return columns


def _most_similar(wanted: str, titles: Sequence[str], *, taken: Sequence[int | None]) -> int | None:
    query = field_query({"key": wanted, "name": wanted, "type": "text", "hint": "", "of": ""})
    scored = [
        (label_similarity(query, concepts(title)), -index)
        for index, title in enumerate(titles)
        if index not in taken
    ]
    score, index = max(scored, default=(0.0, 0))
    return -index if score >= _MIN_SIMILARITY else None


def _select(row: Sequence[str], columns: Sequence[int | None]) -> list[str]:
    return ["" if column is None else _cell(row[column]) for column in columns]


def _cell(text: str) -> str:
    """``text`` without the sign that divides cells."""
    return " ".join(text.replace(CELL_DIVIDER, "/").split())

"""Tables of documents: those of each page, put together where one continues on the next page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from connector.catalogue.files import Files, Page
from connector.catalogue.page_content import PageTable
from connector.providers.local.text.label_matching import concepts
from connector.providers.local.text.labelled_pairs import find_tables

_TOTAL = frozenset({"total", "subtotal", "tax", "net", "gross", "balance", "discount"})
_TITLE_LENGTH = 48  # characters of the longest label
_MIN_COLUMNS = 2


@dataclass
class DocumentTable:
    """A table with its titles; ``pages`` has the page number of each row."""

    titles: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)


def find_document_tables(files: Files, title_words: frozenset[str]) -> list[DocumentTable]:
    """The tables of all pages, in their order."""
    tables: list[DocumentTable] = []
    for page in files.pages:
        for titles, rows in _page_tables(page, title_words):
            table = tables[-1] if tables else None
            if table is None or not _continues(table, titles, rows):
                table = DocumentTable(titles or ())
                tables.append(table)
                if not titles:
                    table.titles = tuple(f"column {number + 1}" for number in range(len(rows[0])))
            table.rows += rows
            table.pages += [page.number] * len(rows)
    return [table for table in tables if table.rows]


def _page_tables(
    page: Page, title_words: frozenset[str]
) -> Iterator[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    """(titles, rows) of each table; no titles for one without a line of them."""
    for one in page.tables:
        titles, rows = _divide(one, title_words)
        if rows and len(rows[0]) >= _MIN_COLUMNS:
            yield titles, rows
    if not page.tables:
        for table in find_tables(page.text, title_words):
            yield table.titles, list(table.rows)


def _divide(
    table: PageTable, title_words: frozenset[str]
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    count = table.header_rows
    if not count:
        # a table may begin below a line that spans it; its titles are then among the next lines
        count = next(
            (
                number + 1
                for number, row in enumerate(table.rows[:3])
                if _are_titles(row, title_words)
            ),
            0,
        )
    if not count:
        return (), list(table.rows)
    heads = table.rows[:count]
    start = 0 if table.header_rows else count - 1
    titles = tuple(
        " ".join(cell for cell in dict.fromkeys(column) if cell)
        for column in zip(*heads[start:], strict=True)
    )
    return titles, list(table.rows[count:])


def _are_titles(row: Sequence[str], title_words: frozenset[str]) -> bool:
    filled = [cell for cell in row if cell]
    if len(filled) < max(_MIN_COLUMNS, len(row) // 2):
        return False
    if any(char.isdigit() for cell in filled for char in cell):
        return False
    known = sum(
        any(word.strip(".:()").lower() in title_words for word in cell.split()) for cell in filled
    )
    return known >= _MIN_COLUMNS and all(len(cell) <= _TITLE_LENGTH for cell in filled)


def _continues(
    table: DocumentTable, titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]
) -> bool:
    if titles:
        return titles == table.titles
    return len(rows[0]) == len(table.titles)


def is_total_row(row: Sequence[str]) -> bool:
    """Whether the row has a sum: its first text is the label of one, beside few other cells."""
    filled = [cell for cell in row if cell]
    if not filled:
        return True
    return bool(concepts(filled[0][:_TITLE_LENGTH]) & _TOTAL) and len(filled) <= max(
        2, len(row) // 2
    )

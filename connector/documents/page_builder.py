"""Builds the text of a page block by block, and records where its tables are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connector.catalogue.page_content import (
    BLOCK_SEPARATOR,
    PageTable,
    Span,
    cell_text,
    row_text,
)


class PageBuilder:
    """The text and the tables of one page, in reading order. Blocks without text are left out."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self.tables: list[PageTable] = []

    @property
    def text(self) -> str:
        """The blocks, with an empty line between them."""
        return "".join(self._pieces)

    def add_text(self, text: str) -> Span:
        """Add a paragraph or heading, with its line breaks; where it stands in the text."""
        return self._add(text.strip("\n").rstrip())

    def add_table(self, rows: Iterable[Sequence[str]], *, header_rows: int = 0) -> None:
        """Add a table. Rows may differ in length; cells may have line breaks.

        A row that is entirely empty is left out, and so is a column.
        """
        kept = [[cell_text(cell) for cell in row] for row in rows]
        headers = sum(any(row) for row in kept[:header_rows])
        kept = [row for row in kept if any(row)]
        width = max(map(len, kept), default=0)
        filled = [
            any(row[index : index + 1] != [""] for row in kept if index < len(row))
            for index in range(width)
        ]
        cells = tuple(
            tuple(
                cell for cell, is_used in zip(_padded(row, width), filled, strict=True) if is_used
            )
            for row in kept
        )
        if cells:
            start, end = self._add("\n".join(map(row_text, cells)))
            self.tables.append(PageTable(cells, start, end, headers))

    def _add(self, block: str) -> Span:
        if not block:
            return self._length, self._length
        if self._length:
            self._append(BLOCK_SEPARATOR)
        start = self._length
        self._append(block)
        return start, self._length

    def _append(self, piece: str) -> None:
        self._pieces.append(piece)
        self._length += len(piece)


def _padded(row: list[str], width: int) -> list[str]:
    return row + [""] * (width - len(row))

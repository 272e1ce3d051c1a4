"""What a page of a document contains, in the same terms for every kind of file.

A page is one text. Its blocks (paragraphs, headings, tables) are separated by an empty line; a
paragraph's lines stand as on the page. A row of a table is one line with ``CELL_SEPARATOR`` between
its cells, wherever the table comes from: ruled or unruled in a PDF, DOCX, HTML, a spreadsheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# white space, so a quote that has a blank in its place is still found; one token at most
CELL_SEPARATOR = "\t"
BLOCK_SEPARATOR = "\n\n"

# what a page lacks that OCR had no time for
NO_TIME = "a scan that there was no time to read"

Span = tuple[int, int]  # a part of a page's text: characters from 0, the end not included


@dataclass(frozen=True)
class PageTable:
    """A table on a page.

    ``rows``         its rows from the top, each with the same number of cells; a cell has no line
                     break and no tab, an empty one is ""
    ``start``        where its first row begins in the page's text
    ``end``          where its last row ends there
    ``header_rows``  how many of the rows are titles of the columns: 0 or more

    Row ``i`` is line ``i`` of ``text[start:end]``, as ``row_text`` writes it.
    """

    rows: tuple[tuple[str, ...], ...]
    start: int
    end: int
    header_rows: int = 0


def row_text(cells: Sequence[str]) -> str:
    """A row as a line of a page's text; without the separators of empty cells at its end."""
    return CELL_SEPARATOR.join(cells).rstrip()


def cell_text(text: str) -> str:
    """The text of a cell on one line, without tabs."""
    return " ".join(text.split())

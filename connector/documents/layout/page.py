"""A page's text from its words: columns, tables and paragraphs in reading order."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from connector.catalogue.page_content import CELL_SEPARATOR
from connector.documents.layout.columns import read_by_columns
from connector.documents.layout.hyphens import join_divided_words
from connector.documents.layout.rows import Row, find_rows, find_runs, is_bullet, split_at_lines
from connector.documents.layout.table_rows import read_table
from connector.documents.layout.tables import find_tables
from connector.documents.layout.words import Ruling, Word
from connector.documents.page_builder import PageBuilder

_COLUMN_BREAK = 1.6  # of a line's height: a gap that is kept in a line of text
_PARAGRAPH_GAP = 0.35  # of a line's height, more than between the other lines
_OTHER_SIZE = 1.25  # a heading's height, compared with the text below


def layout_page(
    words: Sequence[Word], rulings: Sequence[Ruling] = (), builder: PageBuilder | None = None
) -> PageBuilder:
    """The text and the tables of a page; ``words`` in the order of the file, or of OCR.

    All words are read in one direction, from left to right in their coordinates. What they give is
    added to ``builder``.
    """
    builder = builder or PageBuilder()
    verticals = [line for line in rulings if line.left == line.right]
    runs = find_runs(words)
    if verticals:
        runs = split_at_lines(runs, verticals)
    for part in read_by_columns(runs, rulings):
        _add_part(builder, find_rows(part, verticals), rulings, verticals)
    return builder


def _add_part(
    builder: PageBuilder,
    rows: Sequence[Row],
    rulings: Sequence[Ruling],
    verticals: Sequence[Ruling],
) -> None:
    start = 0
    for table in find_tables(rows, verticals):
        _add_paragraphs(builder, rows[start : table.first])
        cells, header_rows = read_table(rows[table.first : table.last + 1], table.gutters, rulings)
        builder.add_table(cells, header_rows=header_rows)
        start = table.last + 1
    _add_paragraphs(builder, rows[start:])


def _add_paragraphs(builder: PageBuilder, rows: Sequence[Row]) -> None:
    usual = _usual_pitch(rows)
    paragraph: list[str] = []
    for index, row in enumerate(rows):
        if index and _begins_paragraph(rows[index - 1], row, usual):
            _add_lines(builder, paragraph)
            paragraph = []
        paragraph.append(_line(row))
    _add_lines(builder, paragraph)


def _add_lines(builder: PageBuilder, lines: Sequence[str]) -> None:
    builder.add_text("\n".join(join_divided_words(lines)))


def _usual_pitch(rows: Sequence[Row]) -> float:
    """The usual distance from the top of a line to the next one; 0 for less than two lines."""
    pitches = sorted(after.top - before.top for before, after in itertools.pairwise(rows))
    return pitches[len(pitches) // 2] if pitches else 0.0


def _begins_paragraph(above: Row, row: Row, usual: float) -> bool:
    sizes = sorted((above.height, row.height))
    if sizes[1] > _OTHER_SIZE * sizes[0]:
        return True
    return row.top - above.top > usual + _PARAGRAPH_GAP * row.height


def _line(row: Row) -> str:
    """The row as a line of text, with its wide gaps as column breaks."""
    pieces = [row.runs[0].text]
    for run, (start, end) in zip(row.runs[1:], row.gaps, strict=True):
        is_wide = end - start >= _COLUMN_BREAK * row.height and not is_bullet(pieces[-1])
        pieces += [CELL_SEPARATOR if is_wide else " ", run.text]
    return "".join(pieces)

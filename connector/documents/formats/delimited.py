"""CSV and TSV: one page with a table, where the rows are one; else the text as it stands."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from connector.documents.formats.charset_detection import decode_file
from connector.documents.formats.flow import MAX_CELLS
from connector.documents.formats.plain_text import decode_text_file
from connector.documents.job import DecodedPage, DecodeJob
from connector.documents.page_builder import PageBuilder

_DELIMITERS = ",;\t|"


def decode_delimited(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """The rows as a table, if one delimiter gives most of them as many cells as the first has."""
    decoded = decode_file(content, job.charset)
    rows = _rows(decoded.text)
    if not rows:
        yield from decode_text_file(job, content)
        return
    builder = PageBuilder()
    builder.add_table(rows, header_rows=int(_is_header(rows[0])))
    warnings = (decoded.warning,) if decoded.warning else ()
    for number in job.select_pages(1):
        yield DecodedPage(number, builder.text, tables=tuple(builder.tables), warnings=warnings)


def _rows(text: str) -> list[list[str]]:
    """The rows; none where no delimiter, or more than one, reads all of them as a table."""
    first, _, rest = text.partition("\n")
    declared = first.strip().lower().removeprefix("sep=")
    if first.strip() != declared and len(declared) == 1 and declared in _DELIMITERS:
        return _read(rest, declared)
    tables = [table for delimiter in _DELIMITERS if (table := _read(text, delimiter))]
    widest = max((len(table[0]) for table in tables), default=0)
    best = [table for table in tables if len(table[0]) == widest]
    return best[0] if len(best) == 1 else []


def _read(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    cells = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if not any(cell.strip() for cell in row):
                continue
            cells += len(row)
            rows.append(row)
            if cells > MAX_CELLS or len(row) > len(rows[0]):
                return []
    except csv.Error:  # an open quotation mark, or a cell of more than 131,072 characters
        return []
    if len(rows) <= 1 or len(rows[0]) == 1:
        return []
    full = sum(len(row) == len(rows[0]) for row in rows)
    return rows if 2 * full > len(rows) else []


def _is_header(row: list[str]) -> bool:
    """Whether it names the columns: it is full, and has no numbers."""
    return all(cell.strip() and not cell.strip()[0].isdigit() for cell in row)

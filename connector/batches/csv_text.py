"""CSV as spreadsheets write it: finding the separator, reading the cells."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator

_SEPARATORS = (",", ";", "\t")
# the separator is detected from so many records at the beginning of the text
_SAMPLE_RECORDS = 20
_SAMPLE_CHARACTERS = 65_536
_LINE = re.compile(r"[^\r\n]*+(?:\r\n|\r|\n)|[^\r\n]++")
# separators in one record, also those inside quotation marks: a cell takes a hundred bytes
MAX_SEPARATORS = 50_000
# the line with which a file tells a spreadsheet its separator; it is not a part of the table
_DECLARED_SEPARATOR = re.compile(r'\s*"?sep=([^\w"\r\n])"?[,;\t ]*(?:\r\n?|\n|\Z)', re.IGNORECASE)


class CsvError(ValueError):
    """A text that is not CSV near the line ``line``, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class RecordTooWide(CsvError):
    """A record of more than ``MAX_SEPARATORS`` cells, or with that many separators in its text."""


def read_csv(text: str) -> Iterator[list[str]]:
    """The cells of each record; empty records are skipped.

    ``CsvError`` for broken quotation, ``RecordTooWide`` before a record takes too much memory.
    """
    declared = _DECLARED_SEPARATOR.match(text)
    if declared:
        return _read_cells(text[declared.end() :], declared[1], first_line=2)
    return _read_cells(text, _detect_separator(text))


def _read_cells(
    text: str, separator: str, *, strict: bool = True, first_line: int = 1
) -> Iterator[list[str]]:
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    lines = _Lines(text, separator)
    reader = csv.reader(lines, delimiter=separator, strict=strict)
    try:
        for cells in reader:
            lines.start_record()
            if any(cell.strip() for cell in cells):
                yield cells
    except _TooManySeparators:
        raise RecordTooWide(reader.line_num + first_line) from None
    except csv.Error:
        raise CsvError(reader.line_num + first_line - 1) from None


class _TooManySeparators(Exception):
    pass


class _Lines:
    """The lines of a text with their ends, as long as the record that they belong to is bounded."""

    def __init__(self, text: str, separator: str) -> None:
        self._lines = _LINE.finditer(text)
        self._separator = separator
        self._separators = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)[0]
        self._separators += line.count(self._separator)
        if self._separators > MAX_SEPARATORS:
            raise _TooManySeparators
        return line

    def start_record(self) -> None:
        """The lines until now were a complete record."""
        self._separators = 0


def _detect_separator(text: str) -> str:
    """The separator that divides the header and gives all records the same number of cells."""
    return max(_SEPARATORS, key=lambda separator: _separator_score(text, separator))


def _separator_score(text: str, separator: str) -> tuple[bool, float, int]:
    """(whether it divides the header, the share of records as wide as it, the header's width)."""
    lines = _read_cells(text[:_SAMPLE_CHARACTERS], separator, strict=False)
    sample = list(itertools.islice(lines, _SAMPLE_RECORDS))
    if 1 < len(sample) < _SAMPLE_RECORDS and len(text) > _SAMPLE_CHARACTERS:
        sample.pop()  # the last record is cut off
    width = len(sample[0]) if sample else 0
    same_width = sum(len(cells) == width for cells in sample)
    return width > 1, same_width / max(1, len(sample)), width

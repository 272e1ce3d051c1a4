"""The rows of a batch as they come: a CSV file, or a list of objects."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from connector.catalogue.values import clean, is_absent, shown
from connector.errors import FieldError, InvalidInput

Json = dict[str, Any]

MOST_ROWS = 10_000
MOST_COLUMNS = 500
_LONGEST_NAME = 200
_SEPARATORS = (",", ";", "\t")
_LOOKED_AT = 20  # records from which the separator is told
_LOOKED_AT_CHARACTERS = 65_536
_NOT_UTF8 = 'The file is not text in UTF-8. Save it as "CSV UTF-8", or export it in that encoding.'


@dataclass(frozen=True)
class Sheet:
    """Rows with their columns. ``faults`` says by the row's number, from 1, what is wrong with one that cannot be used."""

    columns: tuple[str, ...]
    rows: list[Json]
    faults: dict[int, str] = field(default_factory=dict)


def read_sheet(value: Any) -> Sheet:
    """The rows in ``value``: a list of objects, or a text (or bytes) with that as JSON, or with a CSV; ``InvalidInput`` if neither."""
    if isinstance(value, bytes):
        value = _decoded(value)
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return _read_csv(value)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise _wrong("wrong_type", "are not JSON. Check quotes and commas, or send them as CSV.") from None
    if not isinstance(value, list):
        raise _wrong("wrong_type", "are a list of objects such as [{...}, {...}], or a CSV.")
    sheet = _of_objects(value)
    return _checked(sheet, len(sheet.rows))


# --- objects -----------------------------------------------------------------------------------------------------------


def _of_objects(entries: list[Any]) -> Sheet:
    faults = {number: f"takes an object, not {shown(row)}." for number, row in enumerate(entries, 1) if not isinstance(row, dict)}
    rows = [{clean(name): value for name, value in row.items()} if isinstance(row, dict) else {} for row in entries]
    return Sheet(tuple(dict.fromkeys(name for row in rows for name in row)), rows, faults)


# --- CSV ---------------------------------------------------------------------------------------------------------------


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _wrong("wrong_type", f"cannot be read. {_NOT_UTF8}") from None


def _read_csv(text: str) -> Sheet:
    text = clean(text.removeprefix("\ufeff"))
    records = _records(text, _separator(text))
    header = [name.strip() for name in next(records, [])]
    _check_header(header)
    rows: list[Json] = []
    faults, count = {}, 0
    for count, cells in enumerate(records, 1):
        if fault := _too_wide(cells, len(header)):
            faults[count] = fault
        if count <= MOST_ROWS:  # the rest is only counted
            rows.append(dict(itertools.zip_longest(header, cells[: len(header)], fillvalue="")))
    return _checked(Sheet(tuple(header), rows, faults), count)


def _too_wide(cells: list[str], width: int) -> str:
    extra = [(number, cell) for number, cell in enumerate(cells, 1) if number > width and cell.strip()]
    if not extra:
        return ""
    number, cell = extra[0]
    return f"has {shown(cell)} in cell {number}, but there are {width} columns. Put cells that hold the separator into quotation marks."


def _records(text: str, separator: str, *, strict: bool = True) -> Iterator[list[str]]:
    """The lines of a CSV as cells; empty ones are left out."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    try:
        yield from (cells for cells in reader if any(cell.strip() for cell in cells))
    except csv.Error:
        words = "A quotation mark opens a cell and must close it; inside the cell it is written twice."
        raise _wrong("bad_line", f"cannot be read as CSV near line {reader.line_num}. {words}") from None


def _separator(text: str) -> str:
    """What stands between cells: what divides the line of names, and all lines alike."""
    return max(_SEPARATORS, key=lambda separator: _fit(text, separator))


def _fit(text: str, separator: str) -> tuple[bool, float, int]:
    found = list(itertools.islice(_records(text[:_LOOKED_AT_CHARACTERS], separator, strict=False), _LOOKED_AT))
    if 1 < len(found) < _LOOKED_AT and len(text) > _LOOKED_AT_CHARACTERS:
        found.pop()  # it is cut off
    width = len(found[0]) if found else 0
    return width > 1, sum(len(cells) == width for cells in found) / max(1, len(found)), width


def _check_header(header: list[str]) -> None:
    if not header:
        raise _wrong("missing", "are empty. A CSV has a line of column names, then a line for each row.")
    if nameless := [number for number, name in enumerate(header, 1) if not name]:
        raise _wrong("missing", f"have no name for column {nameless[0]}. Name it in the first line, or take the column out.")
    name, times = Counter(header).most_common(1)[0]
    if times > 1:
        raise _wrong("duplicate", f"have {times} columns called {shown(name)}. Give each column a name of its own.")


# --- both --------------------------------------------------------------------------------------------------------------


def _checked(sheet: Sheet, count: int) -> Sheet:
    if not count:
        raise _wrong("missing", "are empty; give at least one.")
    if count > MOST_ROWS:
        raise _wrong("too_many", f"may be {MOST_ROWS:,} in one batch; there are {count:,}. Split them.")
    if len(sheet.columns) > MOST_COLUMNS:
        raise _wrong("too_many", f"may have {MOST_COLUMNS} columns; there are {len(sheet.columns):,}.")
    if wrong := [name for name in sheet.columns if is_absent(name) or len(name) > _LONGEST_NAME]:
        raise _wrong("bad_line", f"have a column whose name is empty or has more than {_LONGEST_NAME} characters: {shown(wrong[0])}.")
    return sheet


def _wrong(code: str, words: str) -> InvalidInput:
    return InvalidInput([FieldError("rows", code, f'"rows" {words}')])

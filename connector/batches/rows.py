"""Reading the rows of a batch request: a table (CSV, a spreadsheet), or a list of objects."""

from __future__ import annotations

import codecs
import itertools
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from connector.batches.csv_text import MAX_SEPARATORS, CsvError, RecordTooWide, read_csv
from connector.catalogue.values import InvalidValue, clean, is_absent, quoted
from connector.charsets import CharsetError, decode
from connector.documents.reading import read_sheet
from connector.errors import FieldError, InvalidInput
from connector.json_bounds import JsonTooLarge, bounded_loads
from connector.json_types import Json

MOST_ROWS = 10_000
MOST_COLUMNS = 500
_MAX_LINES = 500_000  # of a CSV or of JSON lines; one row may have several
_MAX_NAME_LENGTH = 200
_SPREADSHEET_SECONDS = 60.0
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # XLSX, XLSB and ODS; XLS
# the encodings that a byte order mark declares; UTF-32 first, since UTF-16's is a part of its mark
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_UTF8 = (
    'The file is not text in UTF-8. Save it as "CSV UTF-8", or give the name of its encoding, such '
    'as windows-1252, in "charset".'
)


@dataclass(frozen=True)
class Rows:
    """Rows as {column: value}. ``errors`` is {row number, from 1: why the row is invalid}."""

    columns: tuple[str, ...]
    records: list[Json]
    errors: dict[int, str] = field(default_factory=dict)


def read_rows(value: Any, *, sheet: str = "", charset: str = "") -> Rows:
    """Read rows from a list of objects, or from a CSV, JSON or JSON lines as text or as bytes.

    Bytes may also be a spreadsheet, of which the first sheet or ``sheet`` is read; else they are
    text in ``charset``, by default UTF-8. Their byte order mark comes before it. Raises
    ``InvalidInput`` for anything else.
    """
    is_file = isinstance(value, bytes)
    is_spreadsheet = is_file and value.startswith(_SPREADSHEETS)
    if sheet and not is_spreadsheet:
        raise _unused("sheet", "Sheet", "spreadsheets (XLSX, XLS, ODS)")
    if charset and not is_file:
        raise _unused("charset", "Charset", "files")
    if is_spreadsheet:
        rows = _read_spreadsheet(value, sheet)
    elif is_file:
        rows = _read_text(_decode(value, charset))
    else:
        rows = _read_text(value) if isinstance(value, str) else _from_list(value)
    _check_limits(rows, len(rows.records))
    return rows


def _unused(name: str, label: str, purpose: str) -> InvalidInput:
    message = f'"{label}" is for {purpose}, which these rows are not. Leave it empty.'
    return InvalidInput([FieldError(name, "not_allowed", message)])


def _decode(data: bytes, charset: str) -> str:
    mark = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "")
    try:
        return data.decode(mark) if mark else decode(data, charset)
    except CharsetError as error:
        if charset:
            raise _invalid("wrong_charset", f"{error}") from None
        raise _invalid("wrong_type", f"cannot be read. {_NOT_UTF8}") from None
    except UnicodeDecodeError:
        raise _invalid("wrong_type", f"cannot be read. {_NOT_UTF8}") from None


def _read_text(text: str) -> Rows:
    text = clean(text.removeprefix("\ufeff"))
    start = text.lstrip()[:1]
    if start == "[":
        return _from_list(_parse(text))
    lines = text.count("\n") + text.count("\r")
    if lines > _MAX_LINES:
        raise _invalid(
            "too_many", f"may have {_MAX_LINES:,} lines; there are {lines:,}. Split them."
        )
    if start == "{":
        return _from_objects(_read_json_lines(text))
    try:
        if lines > MOST_ROWS:  # they are counted before they take memory
            _check_count(sum(1 for _ in read_csv(text)) - 1)
        return _from_table(read_csv(text))
    except RecordTooWide as error:
        raise _invalid(
            "too_many",
            f"have more than {MAX_SEPARATORS:,} separators in one row, near line {error.line}. A "
            f"row may have {MOST_COLUMNS} cells; send texts that are so long as JSON.",
        ) from None
    except CsvError as error:
        raise _invalid(
            "bad_line",
            f"cannot be read as CSV near line {error.line}. A quotation mark opens a cell "
            "and must close it; inside the cell it is written twice.",
        ) from None


def _parse(text: str) -> Any:
    try:
        return bounded_loads(text)
    except JsonTooLarge as error:
        raise _invalid("too_many", f"cannot be read: their JSON {error}. Split them.") from None
    except (ValueError, RecursionError):
        raise _invalid(
            "wrong_type", "are not JSON. Check quotes and commas, or send them as CSV."
        ) from None


# --- objects --------------------------------------------------------------------------------------


def _from_list(value: Any) -> Rows:
    if not isinstance(value, list):
        raise _invalid("wrong_type", "are a list of objects such as [{...}, {...}], or a CSV.")
    return _from_objects(value)


def _read_json_lines(text: str) -> Iterator[Any]:
    """The values of JSON lines: an object on each line, as in the results of a batch."""
    for number, match in enumerate(re.finditer(r"[^\n]*+(?:\n|\Z)", text), 1):
        if not (line := match[0].strip()):
            continue
        try:
            yield bounded_loads(line)
        except JsonTooLarge as error:
            raise _invalid("too_many", f"cannot be read: line {number} {error}.") from None
        except (ValueError, RecursionError):
            raise _invalid(
                "bad_line",
                f"are not JSON lines: line {number} is not one complete JSON object. Write each "
                "row on a line of its own, or all rows as a list [{...}, {...}].",
            ) from None


def _from_objects(items: Iterable[Any]) -> Rows:
    records: list[Json] = []
    errors: dict[int, str] = {}
    columns: dict[str, None] = {}
    count = 0
    for count, item in enumerate(items, 1):
        if count > MOST_ROWS:  # further rows are only counted, for the error
            continue
        if isinstance(item, dict):
            record = {clean(name): value for name, value in item.items()}
            columns.update(dict.fromkeys(record))
            _check_columns(len(columns))
        else:
            record = {}
            errors[count] = f"takes an object, not {quoted(item)}."
        records.append(record)
    rows = Rows(tuple(columns), records, errors)
    _check_limits(rows, count)
    return rows


# --- tables ---------------------------------------------------------------------------------------


def _read_spreadsheet(content: bytes, sheet: str) -> Rows:
    deadline = time.monotonic() + _SPREADSHEET_SECONDS
    try:
        lines = (
            [clean(cell) for cell in line] for line in read_sheet(content, sheet, deadline=deadline)
        )
        return _from_table(line for line in lines if any(cell.strip() for cell in line))
    except InvalidValue as error:
        name = "sheet" if error.code == "no_such_sheet" else "rows"
        raise InvalidInput([FieldError(name, error.code, f'"rows" {error.message}')]) from None


def _from_table(lines: Iterator[list[str]]) -> Rows:
    """The rows of a table whose first line has the names of the columns."""
    first = [name.strip() for name in next(lines, [])]
    header = _without_empty_end(first)
    _check_columns(len(header))
    _check_header(header)
    records: list[Json] = []
    errors: dict[int, str] = {}
    count = 0
    for count, cells in enumerate(lines, 1):
        if problem := _extra_cell_problem(cells, len(header), len(first)):
            errors[count] = problem
        if count <= MOST_ROWS:  # further rows are only counted, for the error
            records.append(dict(itertools.zip_longest(header, cells[: len(header)], fillvalue="")))
    rows = Rows(tuple(header), records, errors)
    _check_limits(rows, count)
    return rows


def _without_empty_end(names: list[str]) -> list[str]:
    """The names without the empty ones at the end, which spreadsheets leave behind."""
    width = max((number for number, name in enumerate(names, 1) if name), default=0)
    return names[:width]


def _extra_cell_problem(cells: list[str], width: int, first_width: int) -> str:
    """What is wrong with a cell beyond the ``width`` columns that have a name, if there is one."""
    extra = [
        (number, cell) for number, cell in enumerate(cells, 1) if number > width and cell.strip()
    ]
    if not extra:
        return ""
    number, cell = extra[0]
    if number <= first_width:
        return (
            f"has {quoted(cell)} in column {number}, which has no name in the first line. Name "
            "the column, or empty it."
        )
    return (
        f"has {quoted(cell)} in cell {number}, but there are {width} columns. Put cells that "
        "contain the separator into quotation marks."
    )


def _check_header(header: list[str]) -> None:
    if not header:
        raise _invalid(
            "missing", "are empty. A CSV has a line of column names, then a line for each row."
        )
    if unnamed := [number for number, name in enumerate(header, 1) if not name]:
        raise _invalid(
            "missing",
            f"have no name for column {unnamed[0]}. Name it in the first line, or remove the "
            "column.",
        )
    name, count = Counter(header).most_common(1)[0]
    if count > 1:
        raise _invalid(
            "duplicate",
            f"have {count} columns called {quoted(name)}. Give each column a unique name.",
        )


# --- both -----------------------------------------------------------------------------------------


def _check_count(count: int) -> None:
    if count > MOST_ROWS:
        raise _invalid(
            "too_many", f"may be {MOST_ROWS:,} in one batch; there are {count:,}. Split them."
        )


def _check_columns(count: int) -> None:
    if count > MOST_COLUMNS:
        raise _invalid("too_many", f"may have {MOST_COLUMNS} columns; there are {count:,}.")


def _check_limits(rows: Rows, count: int) -> None:
    if not count:
        raise _invalid("missing", "are empty; give at least one.")
    _check_count(count)
    _check_columns(len(rows.columns))
    if invalid := [
        name for name in rows.columns if is_absent(name) or len(name) > _MAX_NAME_LENGTH
    ]:
        raise _invalid(
            "bad_line",
            f"have a column whose name is empty or has more than {_MAX_NAME_LENGTH} characters: "
            f"{quoted(invalid[0])}.",
        )


def _invalid(code: str, message: str) -> InvalidInput:
    return InvalidInput([FieldError("rows", code, f'"rows" {message}')])
